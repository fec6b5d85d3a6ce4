// SPDX-License-Identifier: Apache-2.0
// The one way to report an error: Result<T> holds a value or an Error. hearth never throws; an
// exception of a library is caught where that library is called and becomes an Error. Values; no
// threading concerns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace hearth {

// What went wrong, in as many kinds as a caller can act on. base/status_codes.h maps each to an
// exit status and an HTTP status.
enum class ErrorCode {
  kInternal,      // a bug or a failure of the machine
  kUsage,         // the caller asked for something that makes no sense
  kNotFound,      // the named thing does not exist
  kCorrupt,       // input that is malformed
  kUnsupported,   // well-formed input that we cannot handle
  kRefused,       // policy or guard says no
  kUnavailable,   // a resource or an endpoint cannot be had now
  kDeadline,      // the time promised has passed
  kVerification,  // signature, hash or evaluation gate failed
  kCancelled,     // the user stopped it
};

// A code and one line for people: "what: why; what to do". Context added on the way up stands in
// front.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // "while doing X" seen from further out: the message becomes "context: message".
  Error with_context(std::string_view context) && {
    message_.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }

 private:
  ErrorCode code_;
  std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // The value. Calling these on an error is our bug, and stops the program.
  T& value() & {
    HEARTH_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    HEARTH_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    HEARTH_CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    HEARTH_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    HEARTH_CHECK(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

// For actions: success carries nothing.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    HEARTH_CHECK(!ok());
    return *error_;
  }
  Error&& error() && {
    HEARTH_CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

#define HEARTH_CONCAT_INNER(a, b) a##b
#define HEARTH_CONCAT(a, b) HEARTH_CONCAT_INNER(a, b)

// HEARTH_TRY(action()): return its error to our caller, else go on.
#define HEARTH_TRY(expression)                                    \
  do {                                                            \
    if (auto hearth_result_ = (expression); !hearth_result_.ok()) \
      return std::move(hearth_result_).error();                   \
  } while (false)

// HEARTH_ASSIGN(auto x, fallible()): x is its value, or its error is returned to our caller.
#define HEARTH_ASSIGN(declaration, expression) \
  HEARTH_ASSIGN_INNER(HEARTH_CONCAT(hearth_result_, __LINE__), declaration, expression)
#define HEARTH_ASSIGN_INNER(result, declaration, expression) \
  auto result = (expression);                                \
  if (!result.ok()) return std::move(result).error();        \
  declaration = std::move(result).value()

}  // namespace hearth
