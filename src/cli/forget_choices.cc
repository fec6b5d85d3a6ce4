// SPDX-License-Identifier: Apache-2.0
#include "cli/forget_choices.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth {
namespace {

const std::vector<ForgetChoice>& choices() {
  using enum Forgettable;
  static const std::vector<ForgetChoice> kChoices = {
      {"all",
       "all chats, sessions, kept messages and telemetry",
       {kHistories, kSessions, kKeptMessages, kTelemetry}},
      {"histories", "what was typed in all chats", {kHistories}},
      {"sessions", "what servers kept of conversations (--sessions)", {kSessions}},
      {"kept", "the bytes of messages that left, where they were kept", {kKeptMessages}},
      {"telemetry", "counts and reports, and withdraws from telemetry", {kTelemetry}},
  };
  return kChoices;
}

}  // namespace

Result<const ForgetChoice*> find_forget_choice(std::string_view word) {
  std::string words;
  for (const ForgetChoice& choice : choices()) {
    if (choice.word == word) return &choice;
    words += concat(choice.word, ", ");
  }
  return Error(ErrorCode::kUsage,
               concat("forget: \"", printable(word), "\" is nothing that can be forgotten; give ",
                      words, "conversation ID or lost"));
}

nlohmann::ordered_json erased_json(const Erased& erased) {
  return {{"conversations", erased.conversations},
          {"session_keys", erased.session_keys},
          {"kept_days", erased.kept_days},
          {"telemetry_reports", erased.telemetry_reports}};
}

}  // namespace hearth
