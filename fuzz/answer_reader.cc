// SPDX-License-Identifier: Apache-2.0
// An answer of a model, taken apart: however it is cut into pieces, the same comes out. The first
// two bytes say which marks it may have and how long the pieces are.
#include "toolcalls/answer_reader.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace {

using hearth::AnswerPart;
using hearth::AnswerReader;

std::vector<AnswerPart> read(AnswerReader reader, std::string_view text, std::size_t piece) {
  std::vector<AnswerPart> joined;
  const auto take = [&](const std::vector<AnswerPart>& parts) {
    for (const AnswerPart& part : parts) {
      const bool goes_on = !joined.empty() && joined.back().kind == part.kind &&
                           part.kind != AnswerPart::Kind::kCall;
      if (goes_on) {
        joined.back().text += part.text;
      } else {
        joined.push_back(part);
      }
    }
  };
  for (std::size_t at = 0; at < text.size(); at += piece) take(reader.push(text.substr(at, piece)));
  take(reader.finish());
  return joined;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::optional<hearth::ToolSyntax> syntax;
  if (data[0] % 3 > 0) syntax.emplace();
  if (data[0] % 3 == 2) {
    syntax->open = syntax->separator = syntax->close = "";
    syntax->calls_max = 1;
  }
  const auto reasoning = static_cast<hearth::Reasoning>(data[0] / 3 % 3);
  const AnswerReader reader(syntax, reasoning);
  const std::size_t piece = std::size_t{1} + data[1] % 16;
  HEARTH_CHECK(read(reader, text, piece) == read(reader, text, text.size() + 1));
  return 0;
}
