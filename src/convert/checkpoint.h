// SPDX-License-Identifier: Apache-2.0
// A checkpoint as Hugging Face keeps it: a folder with config.json, weights in one
// model.safetensors or in shards with an index, and files about the tokenizer. Internal to the
// folder.
//
// Ownership: owns the mappings that its tensors point into. Threading: immutable after open().
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "convert/json_file.h"
#include "format/safetensors.h"

namespace hearth {

class Checkpoint {
 public:
  // `path` is the folder, or the .safetensors file in it. Errors: kNotFound (no such folder, or no
  // config.json or weights in it: named), kUnsupported (weights in another format: named),
  // kCorrupt (a file is malformed, a tensor is in two shards), those of MappedFile::open.
  static Result<Checkpoint> open(const std::filesystem::path& path);

  const JsonFile& config() const { return config_; }
  // Where a file of the folder is, or would be.
  std::filesystem::path file(std::string_view name) const { return folder_ / name; }

  // All tensors of all shards, by name.
  std::span<const SafetensorsTensor* const> tensors() const { return tensors_; }
  // nullptr where there is none.
  const SafetensorsTensor* find(std::string_view name) const;
  // Gives a tensor's pages back: they have been read.
  void drop(const SafetensorsTensor& tensor) const;

 private:
  struct Shard {
    MappedFile file;
    SafetensorsFile tensors;
  };

  Checkpoint(std::filesystem::path folder, JsonFile config)
      : folder_(std::move(folder)), config_(std::move(config)) {}

  Result<std::vector<std::string>> shard_names() const;
  Result<void> add_shard(const std::string& name);
  Result<void> sort_tensors();

  std::filesystem::path folder_;
  JsonFile config_;
  std::vector<std::unique_ptr<const Shard>> shards_;
  std::vector<const SafetensorsTensor*> tensors_;
};

}  // namespace hearth
