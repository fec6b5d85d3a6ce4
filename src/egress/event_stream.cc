// SPDX-License-Identifier: Apache-2.0
#include "egress/event_stream.h"

#include <algorithm>

namespace hearth {

EventStream::State EventStream::push(std::string_view bytes,
                                     FunctionRef<bool(std::string_view)> on_event) {
  while (!bytes.empty()) {
    if (after_return_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_return_ = false;
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + end > event_bytes_max_) return State::kTooLong;
    line_ += bytes.substr(0, end);
    if (end == bytes.size()) break;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (const State state = take_line(on_event); state != State::kGoesOn) return state;
    line_.clear();
  }
  return State::kGoesOn;
}

EventStream::State EventStream::take_line(FunctionRef<bool(std::string_view)> on_event) {
  std::string_view line = line_;
  if (is_first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  is_first_line_ = false;
  if (line.empty()) {
    if (!has_data_) return State::kGoesOn;
    data_.pop_back();  // the last line feed
    const bool goes_on = on_event(data_);
    data_.clear();
    has_data_ = false;
    return goes_on ? State::kGoesOn : State::kStopped;
  }
  const std::size_t colon = std::min(line.find(':'), line.size());
  if (line.substr(0, colon) != "data") return State::kGoesOn;
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (data_.size() + value.size() + 1 > event_bytes_max_) return State::kTooLong;
  data_ += value;
  data_ += '\n';
  has_data_ = true;
  return State::kGoesOn;
}

}  // namespace hearth
