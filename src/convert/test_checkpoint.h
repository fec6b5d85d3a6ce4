// SPDX-License-Identifier: Apache-2.0
// For tests: writes checkpoints as Hugging Face keeps them, small ones with random weights.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"

namespace hearth {

// A folder in the making: change its members, then write().
struct TestCheckpoint {
  using Object = nlohmann::ordered_json;
  struct Tensor {
    std::string dtype;
    std::vector<uint64_t> shape;
    std::string bytes;
  };

  Object config, tokenizer;
  std::map<std::string, Object> files;  // further JSON files, by name; a '/' makes a folder
  std::map<std::string, Tensor> tensors;

  void add_f32(const std::string& name, std::vector<uint64_t> shape,
               const std::vector<float>& values) {
    std::string bytes(values.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    tensors[name] = {"F32", std::move(shape), std::move(bytes)};
  }
  // Values from -scale to scale.
  void add_random(const std::string& name, std::vector<uint64_t> shape, float scale = 0.5f) {
    uint64_t count = 1;
    for (const uint64_t dimension : shape) count *= dimension;
    std::vector<float> values(count);
    for (float& value : values) value = scale * (static_cast<float>(random() >> 8) * 0x1p-23f - 1);
    add_f32(name, std::move(shape), values);
  }

  // `begin` to `end` of the tensors, by name, as a safetensors file.
  std::string safetensors(std::size_t begin, std::size_t end) const {
    Object header = Object::object();
    std::string data;
    std::size_t index = 0;
    for (const auto& [name, tensor] : tensors) {
      if (index++ < begin || index > end) continue;
      header[name] = {{"dtype", tensor.dtype},
                      {"shape", tensor.shape},
                      {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
      data += tensor.bytes;
    }
    const std::string text = header.dump();
    const uint64_t length = text.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + data;
  }

  static void write_file(const std::filesystem::path& path, const std::string& content) {
    std::filesystem::create_directories(path.parent_path());
    HEARTH_CHECK(bool(std::ofstream(path, std::ios::binary) << content));
  }

  void write_settings(const std::filesystem::path& folder) const {
    write_file(folder / "config.json", config.dump());
    if (!tokenizer.is_null()) write_file(folder / "tokenizer.json", tokenizer.dump());
    for (const auto& [name, content] : files) write_file(folder / name, content.dump());
  }
  void write(const std::filesystem::path& folder) const {
    write_settings(folder);
    write_file(folder / "model.safetensors", safetensors(0, tensors.size()));
  }

  std::mt19937 random{5};
};

// A BERT of two layers with a vocabulary of letters; embeds nonsense.
inline TestCheckpoint test_bert() {
  constexpr uint64_t kWidth = 64, kInner = 96, kContext = 24;
  TestCheckpoint bert;
  TestCheckpoint::Object vocabulary;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    vocabulary[token] = vocabulary.size();
  }
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    vocabulary[std::string(1, letter)] = vocabulary.size();
    vocabulary["##" + std::string(1, letter)] = vocabulary.size();
  }
  for (const char* word : {"hello", "world", "##ing", "!", "."})
    vocabulary[word] = vocabulary.size();
  const uint64_t rows = vocabulary.size();
  bert.config = {{"model_type", "bert"},     {"hidden_act", "gelu"},
                 {"num_hidden_layers", 2},   {"max_position_embeddings", kContext},
                 {"hidden_size", kWidth},    {"intermediate_size", kInner},
                 {"num_attention_heads", 4}, {"layer_norm_eps", 1e-12},
                 {"type_vocab_size", 2},     {"vocab_size", rows}};
  bert.tokenizer = {
      {"normalizer", {{"type", "BertNormalizer"}, {"clean_text", true}, {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"model",
       {{"type", "WordPiece"},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", vocabulary}}}};
  bert.add_random("embeddings.word_embeddings.weight", {rows, kWidth});
  bert.add_random("embeddings.position_embeddings.weight", {kContext, kWidth});
  bert.add_random("embeddings.token_type_embeddings.weight", {2, kWidth});
  const auto add_norm = [&](const std::string& name) {
    bert.add_f32(name + ".weight", {kWidth}, std::vector<float>(kWidth, 1.0f));
    bert.add_random(name + ".bias", {kWidth});
  };
  const auto add_dense = [&](const std::string& name, uint64_t outputs, uint64_t inputs) {
    bert.add_random(name + ".weight", {outputs, inputs}, 0.2f);
    bert.add_random(name + ".bias", {outputs});
  };
  add_norm("embeddings.LayerNorm");
  for (int layer = 0; layer < 2; ++layer) {
    const std::string prefix = "encoder.layer." + std::to_string(layer) + ".";
    for (const char* part : {"query", "key", "value"}) {
      add_dense(prefix + "attention.self." + part, kWidth, kWidth);
    }
    add_dense(prefix + "attention.output.dense", kWidth, kWidth);
    add_norm(prefix + "attention.output.LayerNorm");
    add_dense(prefix + "intermediate.dense", kInner, kWidth);
    add_dense(prefix + "output.dense", kWidth, kInner);
    add_norm(prefix + "output.LayerNorm");
  }
  bert.add_random("pooler.dense.weight", {kWidth, kWidth});
  bert.tensors["embeddings.position_ids"] = {"I64", {1, 1}, std::string(8, '\0')};
  return bert;
}

}  // namespace hearth
