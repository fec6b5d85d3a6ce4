// SPDX-License-Identifier: Apache-2.0
// Regular expressions of task and test files, searched in what a model said. ECMAScript grammar
// over bytes without back references, matched by following all alternatives at once, so that no
// answer can make a search take long: time is pattern times text.
//
// Threading: immutable; share freely.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

class Pattern {
 public:
  static constexpr std::size_t kBytesMax = 1000;

  // Errors: kUsage (longer than kBytesMax, not a regular expression, back references: says what).
  static Result<Pattern> compile(std::string_view expression);

  // Whether it fits somewhere in `text`; ^ and $ are the ends of the whole text.
  bool is_in(std::string_view text) const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace hearth
