// SPDX-License-Identifier: Apache-2.0
#include "server/adapter_set.h"

#include <algorithm>
#include <system_error>

#include "base/strings.h"

namespace hearth {

std::vector<AdapterFile> find_adapters(const std::filesystem::path& folder) {
  std::vector<AdapterFile> found;
  if (folder.empty()) return found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::filesystem::path& path = entry.path();
    std::error_code ignored;
    if (path.extension() == ".gguf") {
      found.push_back({path.stem().string(), path});
    } else if (std::filesystem::exists(path / "adapter_config.json", ignored)) {
      found.push_back({path.filename().string(), path});
    }
  }
  std::ranges::sort(found, {}, &AdapterFile::name);
  return found;
}

Result<std::shared_ptr<const Adapter>> AdapterSet::get(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = loaded_.find(name); known != loaded_.end()) return known->second;
  }
  return load(name);
}

Result<std::shared_ptr<const Adapter>> AdapterSet::load(const std::string& name) {
  const auto files = find_adapters(folder_);
  const auto file = std::ranges::find(files, name, &AdapterFile::name);
  if (file == files.end()) {
    return Error(ErrorCode::kNotFound,
                 concat("adapter: \"", printable(name),
                        "\" is not in the folder of --adapters; ask for one that GET /v1/models "
                        "lists"));
  }
  auto adapter = Adapter::load(adapter_paths(file->path), *model_);
  if (!adapter.ok())
    return std::move(adapter).error().with_context(concat("adapter ", printable(name)));
  const std::lock_guard lock(mutex_);
  loaded_[name] = *adapter;
  return adapter;
}

Result<std::shared_ptr<const Adapter>> AdapterSet::get(const AdapterPaths& paths) {
  const std::lock_guard lock(mutex_);
  std::weak_ptr<const Adapter>& known = of_models_[paths.weights];
  if (auto adapter = known.lock()) return adapter;
  HEARTH_ASSIGN(auto adapter, Adapter::load(paths, *model_));
  known = adapter;
  return adapter;
}

Result<void> AdapterSet::unload(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (loaded_.erase(name) > 0) return {};
  return Error(ErrorCode::kNotFound,
               concat("adapter: \"", printable(name), "\" is not loaded; there is nothing to do"));
}

uint64_t AdapterSet::bytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& [name, adapter] : loaded_) bytes += adapter->bytes();
  return bytes;
}

}  // namespace hearth
