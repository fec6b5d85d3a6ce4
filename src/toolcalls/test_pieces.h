// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzing: an answer that comes in pieces.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "toolcalls/answer_reader.h"

namespace hearth {

// What came of the answer, pieces of one kind joined.
inline std::vector<AnswerPart> read_in_pieces(AnswerReader reader, std::string_view text,
                                              std::size_t piece) {
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

}  // namespace hearth
