// SPDX-License-Identifier: Apache-2.0
// The text of an answer, from tokens to what a reader may see: whole characters only, and nothing
// of a stop string.
//
// Ownership: borrows tokenizer, stop strings and sink for its life. Threading: a value of one
// thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "text/tokenizer.h"

namespace hearth {

// Finds the end of a text that comes in pieces. Text that could be the beginning of a stop string
// is held back.
class StopFilter {
 public:
  // No stop string is empty.
  explicit StopFilter(std::span<const std::string> stops) : stops_(stops) {
    held_.reserve(StreamDecoder::kPieceBytes);
  }

  // What of the text so far can be shown now. Once a stop string is complete, what stands before
  // it, then nothing more. Valid until the next call, as is what finish() returns.
  std::string_view push(std::string_view piece);
  // The text ends here: what was held back.
  std::string_view finish();
  bool stopped() const { return stopped_; }

 private:
  std::string_view show(std::size_t bytes);
  void forget_shown();

  std::span<const std::string> stops_;
  std::string held_;       // and in front of it what was shown last
  std::size_t shown_ = 0;  // bytes of that
  bool stopped_ = false;
};

class AnswerText {
 public:
  using Sink = FunctionRef<void(std::string_view)>;

  // The answer follows the token `previous`.
  AnswerText(const Tokenizer& tokenizer, TokenId previous, std::span<const std::string> stops,
             Sink sink)
      : decoder_(tokenizer, SpecialTokens::kAsText, previous), filter_(stops), sink_(sink) {}

  // Adds a token's text. Returns whether a stop string has ended the answer.
  bool push(TokenId id);
  // The answer ends here; hands out what was waiting and returns the whole text.
  std::string finish();

 private:
  void show(std::string_view piece);

  StreamDecoder decoder_;
  StopFilter filter_;
  Sink sink_;
  std::string text_;
};

}  // namespace hearth
