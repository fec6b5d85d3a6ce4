// SPDX-License-Identifier: Apache-2.0
// Which files a LoRA adapter is made of. Threading: pure, but for looking at the disk.
#pragma once

#include <filesystem>

namespace hearth {

struct AdapterPaths {
  std::filesystem::path weights;      // a GGUF file, or PEFT's safetensors
  std::filesystem::path config = {};  // PEFT's; empty: the weights are a GGUF file

  bool operator==(const AdapterPaths&) const = default;
};

// Of what people name: a PEFT folder (adapter_config.json, adapter_model.safetensors), the
// .safetensors file in one, or a GGUF file. Whether they are there is not looked at.
AdapterPaths adapter_paths(const std::filesystem::path& path);

}  // namespace hearth
