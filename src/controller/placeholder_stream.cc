// SPDX-License-Identifier: Apache-2.0
#include "controller/placeholder_stream.h"

#include <algorithm>

#include "guard/placeholder.h"

namespace hearth {
namespace {

// Where what may still become a placeholder begins; the end of the text where nothing may. An
// opening bracket before the last one is settled: it was closed, or never is.
std::size_t unsettled_from(std::string_view text) {
  const std::size_t open = text.rfind(kPlaceholderOpen);
  if (open != std::string_view::npos) {
    const std::string_view tail = text.substr(open);
    const bool may_close = tail.size() < kPlaceholderBytesMax &&
                           tail.find(kPlaceholderClose) == std::string_view::npos &&
                           tail.find('\n') == std::string_view::npos;
    if (may_close) return open;
  }
  for (std::size_t bytes = kPlaceholderOpen.size() - 1; bytes > 0; --bytes) {
    if (text.ends_with(kPlaceholderOpen.substr(0, bytes))) return text.size() - bytes;
  }
  return text.size();
}

}  // namespace

std::string PlaceholderStream::push(std::string_view piece) {
  waiting_ += piece;
  const std::size_t settled = unsettled_from(waiting_);
  std::string text = restore(std::string_view(waiting_).substr(0, settled));
  waiting_.erase(0, settled);
  return text;
}

std::string PlaceholderStream::finish() {
  std::string text = restore(waiting_);
  waiting_.clear();
  return text;
}

std::string PlaceholderStream::restore(std::string_view settled) {
  Restoration restored = pseudonyms_->restore(settled);
  for (std::string& one : restored.unknown) {
    const bool is_new = std::find(unknown_.begin(), unknown_.end(), one) == unknown_.end();
    if (is_new && unknown_.size() < kUnknownMax) unknown_.push_back(std::move(one));
  }
  return std::move(restored.text);
}

}  // namespace hearth
