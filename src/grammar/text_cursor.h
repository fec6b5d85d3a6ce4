// SPDX-License-Identifier: Apache-2.0
// A place in the text of a grammar or a regular expression, for their parsers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth {

inline constexpr int kGroupDepthMax = 100;    // of groups in groups
inline constexpr int32_t kRepeatMax = 10000;  // as in {1,10000}

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : text_(text) {}

 protected:
  bool next_is(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!next_is(what)) return false;
    at_ += what.size();
    return true;
  }
  // A decimal number; what is greater than kRepeatMax is kRepeatMax + 1. None: there are no digits.
  std::optional<int32_t> take_count() {
    int32_t count = 0;
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      count = std::min(count * 10 + (text_[at_] - '0'), kRepeatMax + 1);
    if (at_ == begin) return std::nullopt;
    return count;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace hearth
