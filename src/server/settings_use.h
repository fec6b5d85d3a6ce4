// SPDX-License-Identifier: Apache-2.0
// What a model's settings mean for an answer. `hearth run` and `chat` use it as the server does.
//
// Threading: pure.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/engine.h"
#include "package/model_settings.h"

namespace hearth {

// How tokens are drawn; what `parameters` leave open stays.
void apply_sampling(const ModelParameters& parameters, SamplingOptions& sampling);
// That, the stops, and how many tokens an answer may have in a context of `context`; 0 is to its
// end.
void apply_parameters(const ModelParameters& parameters, int32_t context, GenerateOptions& options);

// In front of a conversation: the system text, unless it brings its own, and the example messages.
// `Message` has a role and a content.
template <typename Message>
std::vector<Message> with_settings(const ModelSettings& settings, std::vector<Message> messages) {
  const auto is_system = [](const Message& message) { return message.role == "system"; };
  const bool begins_with_system = !messages.empty() && is_system(messages.front());
  const bool has_system = std::any_of(messages.begin(), messages.end(), is_system);
  std::vector<Message> front;
  if (!has_system && !settings.system.empty()) front.push_back({"system", settings.system});
  for (const ExampleMessage& example : settings.messages)
    front.push_back({example.role, example.content});
  messages.insert(messages.begin() + (begins_with_system ? 1 : 0), front.begin(), front.end());
  return messages;
}

}  // namespace hearth
