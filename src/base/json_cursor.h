// SPDX-License-Identifier: Apache-2.0
// A strict reader of the little JSON that the header of a binary format, a small file of settings
// or a message holds, pulled by a caller who knows what comes next. No tree, no recursion, and no
// JSON library below cli (docs/decisions/0001-dependencies.md). Source: RFC 8259.
//
// Ownership: borrows the text. Threading: a value; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

inline constexpr int kJsonDepthMax = 16;

class JsonCursor {
 public:
  // `source` is what errors call the file, `what` what they call the text in it; all are borrowed
  // for the cursor's life.
  JsonCursor(std::string_view text, std::string_view source,
             std::string_view what = "the JSON header")
      : text_(text), source_(source), what_(what) {}

  // Errors of all: kCorrupt (something else stands here: says where and what was expected).

  // Skips white space, then takes `wanted`, one of the structural characters.
  Result<void> expect(char wanted);
  // Takes `wanted` if it stands next, behind white space.
  bool accept(char wanted);
  // A string, unescaped. It is valid UTF-8, and of at most `bytes_max` bytes.
  Result<std::string> string(std::size_t bytes_max);
  // A number that is written as digits only and fits 64 bits.
  Result<uint64_t> natural();
  // Any number that a double holds: finite.
  Result<double> number();
  // true or false.
  Result<bool> boolean();
  // Takes null if it stands next.
  bool accept_null();
  // The first character of what stands next, '\0' at the end.
  char peek();
  // Takes any value, nested at most kJsonDepthMax deep. Says whether there is something to it: it
  // is neither null nor false, nor an empty string, array or object.
  Result<bool> skip_value();
  // Between the members of an object or the elements of an array, whose opening bracket was taken:
  // true where another one follows, false once `closing` was taken. `first` is true before the
  // first one and false afterwards.
  Result<bool> next(bool& first, char closing);
  // Nothing but white space may be left.
  Result<void> finish();

  // An error that says where in the text the cursor stands.
  Error error(std::string_view what) const;

 private:
  void skip_space();
  Result<void> append_escape(std::string& out);
  Result<uint32_t> hex4();
  bool accept_word(std::string_view word);
  Result<bool> skip_scalar();

  std::string_view text_;
  std::string_view source_;
  std::string_view what_;
  std::size_t at_ = 0;
};

}  // namespace hearth
