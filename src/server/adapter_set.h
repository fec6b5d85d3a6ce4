// SPDX-License-Identifier: Apache-2.0
// The LoRA adapters of a folder, for one model: loaded when they are asked for first, and swapped
// while answers that have begun go on with the one that they began with.
//
// Threading: any thread; load() blocks while it reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/adapter.h"

namespace hearth {

// An adapter that requests may name: a folder of PEFT's, or NAME.gguf.
struct AdapterFile {
  std::string name;
  std::filesystem::path path;
};

// What lies in `folder`, by name; nothing where it is empty or not there.
std::vector<AdapterFile> find_adapters(const std::filesystem::path& folder);

class AdapterSet {
 public:
  // `folder`: empty, there are none. Borrows the model.
  AdapterSet(std::filesystem::path folder, const Model& model)
      : folder_(std::move(folder)), model_(&model) {}

  // Errors: kNotFound (none of that name), those of Adapter::load().
  Result<std::shared_ptr<const Adapter>> get(const std::string& name);
  // Of these files, wherever they lie. Errors: those of Adapter::load().
  Result<std::shared_ptr<const Adapter>> get(const AdapterPaths& paths);
  // Reads it anew; from now on get() returns that one. Errors: as get(), and then nothing changed.
  Result<std::shared_ptr<const Adapter>> load(const std::string& name);
  // Lets it go; it is read again when it is asked for. Errors: kNotFound (it is not loaded).
  Result<void> unload(const std::string& name);
  // Of those that are loaded.
  uint64_t bytes() const;

 private:
  const std::filesystem::path folder_;
  const Model* model_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Adapter>> loaded_;  // by name
  // Of models' own files, by the path of the weights: models that share them share it.
  std::map<std::filesystem::path, std::weak_ptr<const Adapter>> of_models_;
};

}  // namespace hearth
