// SPDX-License-Identifier: Apache-2.0
// Bytes that the guard has let go: the only kind that may be handed to who sends. Only declassify()
// makes one; a string does not become one, however it is spelt (tests/compile_fail).
//
// Threading: values.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "base/sensitivity.h"
#include "guard/guard.h"

namespace hearth {

template <typename Message>
class Declassified final {
 public:
  const Message& get() const& { return message_; }
  const Message& get() const&& = delete;  // it would outlive its owner

 private:
  friend Result<Declassified<std::string>> declassify(const Guard& guard, std::string bytes,
                                                      Sensitivity ceiling);
  explicit Declassified(Message message) : message_(std::move(message)) {}

  Message message_;
};

// Named here, so that nobody can specialise it into something that is easier to make.
extern template class Declassified<std::string>;

// Scans the final bytes once more. Secrets never pass, even under a ceiling of kSecret. Errors:
// kRefused (something in them is above `ceiling`: which kinds, without content).
Result<Declassified<std::string>> declassify(const Guard& guard, std::string bytes,
                                             Sensitivity ceiling);

}  // namespace hearth
