// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/utf8.h"
#include "text/tokenizer.h"

namespace hearth {

std::string StreamDecoder::push(TokenId id) {
  pending_ += tokenizer_->bytes_after(previous_, id, special_);
  previous_ = id;
  const std::size_t waiting = incomplete_utf8_suffix(pending_);
  std::string rest = pending_.substr(pending_.size() - waiting);
  pending_.resize(pending_.size() - waiting);
  std::string text = sanitize_utf8(pending_);
  pending_ = std::move(rest);
  return text;
}

std::string StreamDecoder::finish() { return sanitize_utf8(std::exchange(pending_, {})); }

}  // namespace hearth
