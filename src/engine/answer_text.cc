// SPDX-License-Identifier: Apache-2.0
#include "engine/answer_text.h"

#include <algorithm>
#include <utility>

namespace hearth {
namespace {

// How many bytes at the end of `text` are the beginning of `stop`, short of all of it.
std::size_t started_bytes(std::string_view text, std::string_view stop) {
  for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (text.ends_with(stop.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

std::string_view StopFilter::push(std::string_view piece) {
  forget_shown();
  if (stopped_) return {};
  held_ += piece;
  // The first stop string to be complete ends the text, which makes the result the same for any
  // division into pieces.
  std::size_t begin = std::string::npos;
  std::size_t end = std::string::npos;
  std::size_t started = 0;
  for (const std::string& stop : stops_) {
    started = std::max(started, started_bytes(held_, stop));
    const std::size_t found = held_.find(stop);
    if (found == std::string::npos) continue;
    const std::size_t found_end = found + stop.size();
    if (found_end > end || (found_end == end && found > begin)) continue;
    begin = found;
    end = found_end;
  }
  if (end != std::string::npos) {
    stopped_ = true;
    held_.resize(begin);
    return show(begin);
  }
  return show(held_.size() - started);
}

std::string_view StopFilter::finish() {
  forget_shown();
  return show(held_.size());
}

std::string_view StopFilter::show(std::size_t bytes) {
  shown_ = bytes;
  return std::string_view(held_).substr(0, bytes);
}

void StopFilter::forget_shown() { held_.erase(0, std::exchange(shown_, 0)); }

bool AnswerText::push(TokenId id) {
  show(filter_.push(decoder_.push(id)));
  return filter_.stopped();
}

std::string AnswerText::finish() {
  show(filter_.push(decoder_.finish()));
  show(filter_.finish());
  return std::move(text_);
}

void AnswerText::show(std::string_view piece) {
  if (piece.empty()) return;
  text_ += piece;
  sink_(piece);
}

}  // namespace hearth
