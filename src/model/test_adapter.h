// SPDX-License-Identifier: Apache-2.0
// For tests: PEFT folders of random adapters, and of what a test makes of them.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "base/test_folder.h"
#include "model/adapter.h"

namespace hearth {

struct TestTensor {
  int32_t rows;
  int32_t columns;
  std::vector<float> values;
};

// What a PEFT folder holds.
struct TestAdapter {
  std::map<std::string, TestTensor> tensors;
  std::string config;

  void write(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "adapter_config.json") << config;
    std::string header = "{";
    std::string data;
    for (const auto& [name, tensor] : tensors) {
      const std::size_t begin = data.size();
      data.append(reinterpret_cast<const char*>(tensor.values.data()),
                  tensor.values.size() * sizeof(float));
      header += concat(header.size() > 1 ? "," : "", "\"", name,
                       "\":{\"dtype\":\"F32\",\"shape\":[", tensor.rows, ",", tensor.columns,
                       "],\"data_offsets\":[", begin, ",", data.size(), "]}");
    }
    header += "}";
    const uint64_t length = header.size();
    std::ofstream file(folder / "adapter_model.safetensors", std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file << header << data;
  }

  Result<std::shared_ptr<const Adapter>> load(const Model& model) const {
    const TestFolder folder;
    write(folder.path());
    return Adapter::load(adapter_paths(folder.path()), model);
  }
};

// Of all linear modules of a decoder, with products of about the size of what they are added to.
inline TestAdapter random_adapter(const Model& model, int32_t rank, uint32_t seed) {
  constexpr std::pair<std::string_view, PanelMatrix LayerWeights::*> kModules[] = {
      {"self_attn.q_proj", &LayerWeights::query},
      {"self_attn.k_proj", &LayerWeights::key},
      {"self_attn.v_proj", &LayerWeights::value},
      {"self_attn.o_proj", &LayerWeights::attention_out},
      {"mlp.gate_proj", &LayerWeights::gate},
      {"mlp.up_proj", &LayerWeights::up},
      {"mlp.down_proj", &LayerWeights::down},
  };
  std::mt19937 random(seed);
  TestAdapter adapter;
  adapter.config = concat("{\"peft_type\": \"LORA\", \"r\": ", rank, ", \"lora_alpha\": ", rank,
                          ", \"bias\": \"none\"}");
  const auto draw = [&](int32_t rows, int32_t columns) {
    std::normal_distribution<float> normal(0.0f, 0.5f / std::sqrt(static_cast<float>(columns)));
    TestTensor tensor{rows, columns, {}};
    tensor.values.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    for (float& value : tensor.values) value = normal(random);
    return tensor;
  };
  int32_t index = 0;
  for (const LayerWeights& layer : model.weights().layers) {
    for (const auto& [name, weights] : kModules) {
      const std::string module = concat("base_model.model.model.layers.", index, ".", name);
      adapter.tensors[module + ".lora_A.weight"] = draw(rank, (layer.*weights).columns);
      adapter.tensors[module + ".lora_B.weight"] = draw((layer.*weights).rows, rank);
    }
    ++index;
  }
  return adapter;
}

}  // namespace hearth
