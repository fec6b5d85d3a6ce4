// SPDX-License-Identifier: Apache-2.0
// How models and adapters are named: in the store, by Ollama, and on command lines. Threading:
// pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth {

// Ollama says "name:latest" for what the store calls "name"; other tags are versions.
std::string store_name(std::string_view ollama_name);
// The same where adapters may stand behind a "+", whose colons are in front of their scales.
std::string requested_name(std::string_view ollama_name);
std::string ollama_name(std::string_view store_name);

// Whether that is a path of a file, and no name in the store.
bool is_model_path(std::string_view reference);

// "NAME:0.5" of an adapter: how much of it.
struct ScaledName {
  std::string_view name;
  float scale = 1.0f;
};
// Behind the last colon stands the scale; without one it is 1. None: what stands there is no
// number.
std::optional<ScaledName> split_scale(std::string_view text);

}  // namespace hearth
