// SPDX-License-Identifier: Apache-2.0
#include "format/adapter_paths.h"

#include <system_error>

namespace hearth {
namespace {

constexpr const char* kConfigName = "adapter_config.json";
constexpr const char* kWeightsName = "adapter_model.safetensors";

}  // namespace

AdapterPaths adapter_paths(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return {path / kWeightsName, path / kConfigName};
  if (path.extension() == ".safetensors") return {path, path.parent_path() / kConfigName};
  return {path};
}

}  // namespace hearth
