// SPDX-License-Identifier: Apache-2.0
// What POST /v1/chat/completions and /v1/completions ask for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/conversation.h"
#include "server/model_host.h"
#include "server/routing.h"

namespace hearth {

enum class OpenAiKind { kChat, kText };

struct OpenAiRequest {
  OpenAiKind kind = OpenAiKind::kChat;
  std::shared_ptr<ServedModel> model;
  std::string model_name;                     // with its adapters, as the request has it
  std::vector<std::vector<TokenId>> prompts;  // one of a chat
  GenerateOptions options;
  AnswerReader reader{std::nullopt, Reasoning::kNone};  // for each answer a copy
  int32_t choices = 1;                                  // of each prompt
  int32_t dropped_turns = 0;                            // of a chat, for lack of room
  bool is_streamed = false;
  bool has_usage = false;  // in a stream
  bool has_logprobs = false;
  RoutedChat routed;  // of a chat

  std::size_t answers() const { return prompts.size() * static_cast<std::size_t>(choices); }
};

// `default_model`: what a request means that names none. Errors: kUsage (what is wrong with the
// body: named), those of ModelHost::get() and make_chat_prompt().
Result<OpenAiRequest> read_openai_request(ModelHost& models, const std::string& default_model,
                                          const std::string& body, OpenAiKind kind);

}  // namespace hearth
