// SPDX-License-Identifier: Apache-2.0
// What POST /api/chat and /api/generate ask for, in Ollama's names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/conversation.h"
#include "server/model_host.h"
#include "server/routing.h"

namespace hearth {

enum class OllamaKind { kChat, kGenerate };

struct OllamaRequest {
  OllamaKind kind = OllamaKind::kChat;
  std::shared_ptr<ServedModel> model;
  std::string model_name;       // with its adapters
  std::vector<TokenId> prompt;  // empty: the model is only to be loaded, or let go
  GenerateOptions options;
  AnswerReader reader{std::nullopt, Reasoning::kNone};
  int32_t dropped_turns = 0;  // of a chat, for lack of room
  bool is_streamed = true;
  bool shows_thoughts = true;
  bool has_logprobs = false;
  RoutedChat routed;                        // of a chat
  std::optional<double> keep_alive_s = {};  // below 0: for good
  double load_ms = 0;                       // that getting the model took
};

// Errors: kUsage (what is wrong with the body: named), those of ModelHost::get() and
// make_chat_prompt().
Result<OllamaRequest> read_ollama_request(ModelHost& models, const std::string& body,
                                          OllamaKind kind);

}  // namespace hearth
