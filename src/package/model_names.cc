// SPDX-License-Identifier: Apache-2.0
#include "package/model_names.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::string_view kLatest = ":latest";

}  // namespace

std::string store_name(std::string_view ollama_name) {
  if (ollama_name.ends_with(kLatest)) ollama_name.remove_suffix(kLatest.size());
  std::string name(ollama_name);
  std::ranges::replace(name, ':', '@');
  return name;
}

std::string requested_name(std::string_view ollama_name) {
  if (ollama_name.ends_with(kLatest)) ollama_name.remove_suffix(kLatest.size());
  const std::size_t end = std::min(ollama_name.find('+'), ollama_name.size());
  return concat(store_name(ollama_name.substr(0, end)), ollama_name.substr(end));
}

std::string ollama_name(std::string_view store_name) {
  std::string name(store_name);
  if (name.find('@') == std::string::npos) return concat(name, kLatest);
  std::ranges::replace(name, '@', ':');
  return name;
}

bool is_model_path(std::string_view reference) {
  return reference.find('/') != std::string_view::npos || reference.ends_with(".gguf");
}

std::optional<ScaledName> split_scale(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return ScaledName{text};
  ScaledName scaled{text.substr(0, colon)};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, scaled.scale);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return scaled;
}

}  // namespace hearth
