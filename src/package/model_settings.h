// SPDX-License-Identifier: Apache-2.0
// What a model of the store says beside its weights: a system text, parameters, a chat template,
// example messages, a licence. They are what a request leaves open.
//
// Values; no threading concerns.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "package/model_parameters.h"

namespace hearth {

inline constexpr std::size_t kExampleMessagesMax = 1000;

// One of a conversation that stands in front of every one.
struct ExampleMessage {
  std::string role;  // user, assistant
  std::string content;

  bool operator==(const ExampleMessage&) const = default;
};

struct ModelSettings {
  std::string system;  // empty: none
  ModelParameters parameters;
  std::string chat_template;  // Jinja; empty: the model's own
  std::vector<ExampleMessage> messages;
  std::string licence;  // its text; empty: the manifest's

  bool empty() const { return *this == ModelSettings{}; }
  bool operator==(const ModelSettings&) const = default;
};

// Errors: kUnsupported (a template in Go, which Ollama's models have), kCorrupt (what
// ChatTemplate::parse() says).
Result<void> check_chat_template(std::string_view source);

// All that can be said without the model. Errors: kUsage (a text that is not UTF-8 or holds a NUL,
// a role, too many messages or stops: named) and those of check_chat_template().
Result<void> check_settings(const ModelSettings& settings);

// What a model's file says that its settings depend on.
struct SettingsHost {
  bool has_chat_template = false;
  uint64_t context = 0;  // tokens; 0: unknown
};
// Whether a model can follow its settings. Errors: kUsage (num_ctx beyond its context: both
// numbers; a system text or messages and no template to put them into).
Result<void> check_settings_fit(const ModelSettings& settings, const SettingsHost& host);

// What `own` says in front of what `base` says: texts, messages and stops replace those of the
// base, parameters one by one; licences add up.
ModelSettings overlay(const ModelSettings& base, const ModelSettings& own);

// The member "settings" of a manifest.
nlohmann::ordered_json settings_to_json(const ModelSettings& settings);
// Errors: kCorrupt (another type, a field that is not known, out of range: named).
Result<ModelSettings> settings_from_json(const nlohmann::ordered_json& document);

}  // namespace hearth
