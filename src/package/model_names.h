// SPDX-License-Identifier: Apache-2.0
// How Ollama names models, and what the store calls them. Threading: pure.
#pragma once

#include <string>
#include <string_view>

namespace hearth {

// Ollama says "name:latest" for what the store calls "name"; other tags are versions.
std::string store_name(std::string_view ollama_name);
std::string ollama_name(std::string_view store_name);

}  // namespace hearth
