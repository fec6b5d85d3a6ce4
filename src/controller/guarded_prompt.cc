// SPDX-License-Identifier: Apache-2.0
#include "controller/guarded_prompt.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "route/request_features.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

std::string counts_text(std::span<const int64_t> counts) {
  std::string text;
  for (const KindInfo& info : entity_kinds()) {
    const int64_t count = counts[static_cast<std::size_t>(info.kind)];
    if (count > 0) text += concat(text.empty() ? "" : ",", info.name, "=", count);
  }
  return text;
}

}  // namespace

GuardedPrompt::GuardedPrompt(std::span<const PromptMessage> messages) : messages_(messages) {
  for (const PromptMessage& message : messages) {
    sensitivity_ = std::max(sensitivity_, guard_.sensitivity(message.text.text()));
    if (message.role == "user" && message.text.trust() == Trust::kUser)
      question_ = message.text.text();
  }
  task_ = classify_task(question_);
}

std::string GuardedPrompt::user_text() const {
  std::string text;
  for (const PromptMessage& message : messages_) {
    if (message.text.trust() == Trust::kUser) text += concat(message.text.text(), "\n");
  }
  return text;
}

Result<std::string> GuardedPrompt::redacted(std::string_view text, std::span<int64_t> counts) {
  HEARTH_ASSIGN(RedactedText redacted, pseudonyms_->redact(guard_, text));
  if (redacted.sensitivity == Sensitivity::kSecret)
    return Error(ErrorCode::kRefused, "message: holds a secret; it is not sent, redacted or not");
  for (const Redacted& one : redacted.entities) ++counts[static_cast<std::size_t>(one.entity.kind)];
  return std::move(redacted.text);
}

Result<OutgoingBody> GuardedPrompt::body_for(const RemoteTarget& target, Redaction redaction,
                                             const BodyOptions& options) {
  if (sensitivity_ > target.accepts) {
    return Error(ErrorCode::kRefused,
                 concat("message: is ", sensitivity_name(sensitivity_), ", more than ", target.name,
                        " accepts; it is not sent"));
  }
  std::vector<int64_t> counts(entity_kinds().size());
  if (redaction == Redaction::kOn && !pseudonyms_) {
    HEARTH_ASSIGN(pseudonyms_, Pseudonyms::create());
  }
  Json messages = Json::array();
  for (const PromptMessage& message : messages_) {
    std::string text = message.text.text();
    if (redaction == Redaction::kOn) {
      HEARTH_ASSIGN(text, redacted(message.text.text(), counts));
    }
    messages.push_back({{"role", message.role}, {"content", std::move(text)}});
  }
  Json body = {{"model", target.model},
               {"messages", std::move(messages)},
               {"max_tokens", options.answer_tokens_max},
               {"stream", true},
               {"stream_options", {{"include_usage", true}}}};
  if (options.temperature) body["temperature"] = *options.temperature;
  HEARTH_ASSIGN(auto bytes,
                declassify(guard_, body.dump(-1, ' ', false, Json::error_handler_t::replace),
                           target.accepts));
  return OutgoingBody{std::move(bytes), counts_text(counts)};
}

}  // namespace hearth
