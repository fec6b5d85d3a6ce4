// SPDX-License-Identifier: Apache-2.0
// An answer of a model, taken apart: however it is cut into pieces, the same comes out. The first
// two bytes say which marks it may have and how long the pieces are.
#include "toolcalls/answer_reader.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "toolcalls/test_pieces.h"

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
  const hearth::AnswerReader reader(syntax, reasoning);
  const std::size_t piece = std::size_t{1} + data[1] % 16;
  HEARTH_CHECK(hearth::read_in_pieces(reader, text, piece) ==
               hearth::read_in_pieces(reader, text, text.size() + 1));
  return 0;
}
