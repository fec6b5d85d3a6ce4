// SPDX-License-Identifier: Apache-2.0
// Server-sent events out of bytes from an endpoint: untrusted, cut anywhere. Only `data` is of use
// here; comments and other fields are left out. Source: HTML Living Standard, section 9.2.
//
// Threading: one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/function_ref.h"

namespace hearth {

class EventStream {
 public:
  enum class State {
    kGoesOn,
    kStopped,  // the callee wanted no more
    kTooLong,  // an event, or a line, of more than `event_bytes_max`
  };

  explicit EventStream(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  // Calls `on_event` with the data of each event that is whole, which returns false to stop. Once
  // it is not kGoesOn, nothing more is to be pushed.
  State push(std::string_view bytes, FunctionRef<bool(std::string_view)> on_event);

  // What memory it holds: at most twice `event_bytes_max`.
  std::size_t held_bytes() const { return line_.size() + data_.size(); }

 private:
  State take_line(FunctionRef<bool(std::string_view)> on_event);

  std::size_t event_bytes_max_;
  std::string line_;  // that is not whole yet
  std::string data_;  // of the event that is not whole yet, with a line feed behind each line
  bool has_data_ = false;
  bool is_first_line_ = true;
  bool after_return_ = false;  // a line feed that comes next belongs to the line before
};

}  // namespace hearth
