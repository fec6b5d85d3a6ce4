// SPDX-License-Identifier: Apache-2.0
#include "convert/checkpoint.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "base/strings.h"

namespace hearth {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWeights = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";
// What stands in a folder whose weights are in another format.
constexpr std::string_view kOtherWeights[] = {"pytorch_model.bin", "pytorch_model.bin.index.json",
                                              "tf_model.h5", "flax_model.msgpack", "model.onnx"};

std::string shown(const fs::path& path) { return printable(path.string(), 300); }

}  // namespace

Result<Checkpoint> Checkpoint::open(const fs::path& path) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  auto config = JsonFile::read((is_folder ? path : path.parent_path()) / "config.json");
  if (!config.ok()) {
    if (config.error().code() != ErrorCode::kNotFound) return std::move(config).error();
    return Error(ErrorCode::kNotFound,
                 concat(shown(path), ": there is no config.json ", is_folder ? "in" : "beside",
                        " it; name the folder of a Hugging Face checkpoint, or a .gguf file"));
  }
  Checkpoint checkpoint(is_folder ? path : path.parent_path(), std::move(config).value());
  std::vector<std::string> names = {path.filename().string()};
  if (is_folder) {
    HEARTH_ASSIGN(names, checkpoint.shard_names());
  }
  for (const std::string& name : names) HEARTH_TRY(checkpoint.add_shard(name));
  HEARTH_TRY(checkpoint.sort_tensors());
  return checkpoint;
}

// The files of the folder that hold the weights.
Result<std::vector<std::string>> Checkpoint::shard_names() const {
  std::error_code ignored;
  if (fs::exists(file(kWeights), ignored)) return std::vector{std::string(kWeights)};
  HEARTH_ASSIGN(const auto index, JsonFile::read_if_there(file(kIndex)));
  if (!index) {
    for (const std::string_view other : kOtherWeights) {
      if (!fs::exists(file(other), ignored)) continue;
      return Error(ErrorCode::kUnsupported,
                   concat(shown(folder_), ": its weights are in ", other, ", and hearth reads ",
                          kWeights, "; save it as that (safe_serialization)"));
    }
    return Error(ErrorCode::kNotFound, concat(shown(folder_), ": there is no ", kWeights,
                                              " in it; fetch the whole folder"));
  }
  const Json* map = index->find("weight_map");
  if (map == nullptr || !map->is_object()) {
    return index->error(ErrorCode::kCorrupt, "weight_map", "is no object; fetch the file again");
  }
  std::set<std::string> names;
  for (const auto& [tensor, shard] : map->items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : std::string();
    // The index may not lead out of its folder.
    if (name.empty() || name.find('/') != std::string::npos || name.starts_with('.')) {
      return index->error(ErrorCode::kCorrupt, "weight_map",
                          concat("names no file of the folder for tensor ", printable(tensor),
                                 "; fetch the file again"));
    }
    names.insert(name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<void> Checkpoint::add_shard(const std::string& name) {
  HEARTH_ASSIGN(MappedFile mapped, MappedFile::open(file(name)));
  auto shard = std::make_unique<Shard>(Shard{std::move(mapped), {}});
  HEARTH_ASSIGN(shard->tensors, SafetensorsFile::parse(shard->file.bytes(), name));
  shards_.push_back(std::move(shard));
  for (const SafetensorsTensor& tensor : shards_.back()->tensors.tensors()) {
    tensors_.push_back(&tensor);
  }
  return {};
}

Result<void> Checkpoint::sort_tensors() {
  std::sort(tensors_.begin(), tensors_.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  const auto twice =
      std::adjacent_find(tensors_.begin(), tensors_.end(),
                         [](const auto* a, const auto* b) { return a->name == b->name; });
  if (twice == tensors_.end()) return {};
  return Error(ErrorCode::kCorrupt, concat(shown(folder_), ": tensor ", printable((*twice)->name),
                                           " is in two files; fetch the folder again"));
}

const SafetensorsTensor* Checkpoint::find(std::string_view name) const {
  const auto at =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const auto* tensor, std::string_view key) { return tensor->name < key; });
  return at == tensors_.end() || (*at)->name != name ? nullptr : *at;
}

void Checkpoint::drop(const SafetensorsTensor& tensor) const {
  for (const auto& shard : shards_) {
    const auto bytes = shard->file.bytes();
    if (tensor.data.data() >= bytes.data() && tensor.data.data() < bytes.data() + bytes.size()) {
      return shard->file.drop(tensor.data);
    }
  }
}

}  // namespace hearth
