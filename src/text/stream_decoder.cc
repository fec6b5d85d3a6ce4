// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "text/tokenizer.h"

namespace hearth {

std::string_view StreamDecoder::push(TokenId id) {
  pending_ += tokenizer_->bytes_after(previous_, id, special_);
  previous_ = id;
  return take(pending_.size() - incomplete_utf8_suffix(pending_));
}

std::string_view StreamDecoder::finish() { return take(pending_.size()); }

// The first `bytes` of what was waiting.
std::string_view StreamDecoder::take(std::size_t bytes) {
  text_.clear();
  append_sanitized_utf8(text_, std::string_view(pending_).substr(0, bytes));
  pending_.erase(0, bytes);
  return text_;
}

}  // namespace hearth
