// SPDX-License-Identifier: Apache-2.0
#include "toolcalls/answer_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kThoughtsBegin = "<think>";
constexpr std::string_view kThoughtsEnd = "</think>";
constexpr std::string_view kBlanks = " \t\r\n";

bool is_blank(char byte) { return kBlanks.find(byte) != std::string_view::npos; }

// How many bytes at the end of `text` may turn out to be the beginning of `marker`, with the white
// space in front of them.
std::size_t held_back(std::string_view text, std::string_view marker) {
  std::size_t held = std::min(text.size(), marker.size() - 1);
  while (!text.ends_with(marker.substr(0, held))) --held;
  while (held < text.size() && is_blank(text[text.size() - held - 1])) ++held;
  return held;
}

}  // namespace

AnswerReader::AnswerReader(std::optional<ToolSyntax> syntax, Reasoning reasoning)
    : syntax_(std::move(syntax)),
      marker_(syntax_ ? syntax_->marker() : ""),
      state_(reasoning == Reasoning::kHasBegun  ? State::kReasoning
             : reasoning == Reasoning::kMayCome ? State::kStart
                                                : State::kText) {}

std::vector<AnswerPart> AnswerReader::push(std::string_view piece) {
  waiting_ += piece;
  while (step(false)) {
  }
  return std::exchange(parts_, {});
}

std::vector<AnswerPart> AnswerReader::finish() {
  while (step(true)) {
  }
  return std::exchange(parts_, {});
}

void AnswerReader::add(AnswerPart::Kind kind, std::string_view text) {
  if (kind != AnswerPart::Kind::kCall && text.empty()) return;
  const bool goes_on =
      !parts_.empty() && parts_.back().kind == kind && kind != AnswerPart::Kind::kCall;
  if (goes_on) {
    parts_.back().text += text;
  } else {
    parts_.push_back({kind, std::string(text), std::max(calls_ - 1, 0)});
  }
}

// Takes what can be told of what waits. True: the state changed, and there may be more.
bool AnswerReader::step(bool is_over) {
  switch (state_) {
    case State::kStart:
      return step_start(is_over);
    case State::kReasoning:
      return take_before(kThoughtsEnd, AnswerPart::Kind::kReasoning, State::kReasoned, is_over);
    case State::kReasoned:
      waiting_.erase(0, std::min(waiting_.find_first_not_of(kBlanks), waiting_.size()));
      if (waiting_.empty()) return false;
      state_ = State::kText;
      return true;
    case State::kText:
      return step_text(is_over);
    case State::kHead:
      return step_head();
    case State::kArguments:
      return step_arguments();
    case State::kTail:
    case State::kBetween: {
      // Up to the brace that ends the object, or to the one that begins the next.
      const char brace = state_ == State::kTail ? '}' : '{';
      const std::size_t at = waiting_.find(brace);
      if (at == std::string::npos) return waiting_.clear(), false;
      waiting_.erase(0, state_ == State::kTail ? at + 1 : at);
      state_ = state_ == State::kTail ? State::kBetween : State::kHead;
      scanner_ = {};
      return true;
    }
  }
  return false;
}

bool AnswerReader::step_start(bool is_over) {
  const std::size_t at = std::min(waiting_.find_first_not_of(kBlanks), waiting_.size());
  const std::string_view text = std::string_view(waiting_).substr(at);
  if (text.starts_with(kThoughtsBegin)) {
    waiting_.erase(0, at + kThoughtsBegin.size());
    state_ = State::kReasoning;
    return true;
  }
  if (!is_over && kThoughtsBegin.starts_with(text)) return false;
  state_ = State::kText;
  return true;
}

bool AnswerReader::step_text(bool is_over) {
  if (!syntax_) {
    add(AnswerPart::Kind::kContent, std::exchange(waiting_, {}));
    return false;
  }
  if (syntax_->has_opening())
    return take_before(marker_, AnswerPart::Kind::kContent, State::kBetween, is_over);
  if (waiting_.starts_with(marker_)) {
    state_ = State::kBetween;
    return true;
  }
  if (!is_over && marker_.starts_with(waiting_)) return false;
  syntax_.reset();  // an answer that does not begin with a call has none
  return true;
}

// Hands out what stands before `marker` and goes on behind it; white space around it is no part of
// anything.
bool AnswerReader::take_before(std::string_view marker, AnswerPart::Kind kind, State then,
                               bool is_over) {
  if (is_at_beginning_) {
    if (kind == AnswerPart::Kind::kReasoning)
      waiting_.erase(0, std::min(waiting_.find_first_not_of(kBlanks), waiting_.size()));
    is_at_beginning_ = waiting_.empty();
  }
  const std::size_t at = waiting_.find(marker);
  if (at != std::string::npos) {
    const std::string_view before = std::string_view(waiting_).substr(0, at);
    add(kind, before.substr(0, before.find_last_not_of(kBlanks) + 1));
    waiting_.erase(0, at + marker.size());
    state_ = then;
    return true;
  }
  const std::size_t shown = waiting_.size() - (is_over ? 0 : held_back(waiting_, marker));
  add(kind, std::string_view(waiting_).substr(0, shown));
  waiting_.erase(0, shown);
  return false;
}

// A call's object up to its arguments, which stand behind the second colon.
bool AnswerReader::step_head() {
  int colons = 0;
  scanner_ = {};
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    scanner_.push(waiting_[i]);
    if (waiting_[i] != ':' || scanner_.depth() != 1 || scanner_.is_in_string()) continue;
    if (++colons < 2) continue;
    const Json head =
        Json::parse(concat(std::string_view(waiting_).substr(0, i + 1), "null}"), nullptr, false);
    ++calls_;
    add(AnswerPart::Kind::kCall, head.is_object() ? head.value(syntax_->name_key, "") : "");
    waiting_.erase(0, i + 1);
    scanner_ = {};
    state_ = State::kArguments;
    return true;
  }
  return false;
}

bool AnswerReader::step_arguments() {
  if (scanner_.depth() == 0)
    waiting_.erase(0, std::min(waiting_.find_first_not_of(kBlanks), waiting_.size()));
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    scanner_.push(waiting_[i]);
    if (scanner_.depth() > 0) continue;
    add(AnswerPart::Kind::kArguments, std::string_view(waiting_).substr(0, i + 1));
    waiting_.erase(0, i + 1);
    state_ = State::kTail;
    return true;
  }
  add(AnswerPart::Kind::kArguments, std::exchange(waiting_, {}));
  return false;
}

}  // namespace hearth
