// SPDX-License-Identifier: Apache-2.0
// For tests: a tiny llama with random weights and a byte-level vocabulary, written as a GGUF file.
// It answers nonsense, but the same nonsense each time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/test_folder.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "format/gguf_writer.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

namespace hearth {

struct TestModelOptions {
  uint32_t seed = 1;
  DType matrix_type = DType::kF32;  // of the layers' matrices: kF32 or kQ8_0
  int32_t context = 2048;
  int32_t padding_rows = 0;  // of embedding and head, beyond the vocabulary
  bool add_bos = false;
  // ChatML, as SmolLM2's but for the default system message.
  std::string chat_template =
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
      "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
};

inline constexpr int32_t kTestModelStart = 0;  // <|im_start|>, also BOS
inline constexpr int32_t kTestModelEnd = 1;    // <|im_end|>, EOS
inline constexpr int32_t kTestModelByte = 2;   // plus b: the token of byte b
inline constexpr int32_t kTestModelVocabulary = 2 + 256 + 6;

namespace test_model_internal {

// GPT-2's printable stand-ins for bytes: visible Latin-1 characters for themselves, the others from
// U+0100 on.
inline std::vector<std::string> byte_alphabet() {
  std::vector<std::string> alphabet;
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool visible =
        (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    append_utf8(alphabet.emplace_back(), visible ? byte : next++);
  }
  return alphabet;
}

inline void add_vocabulary(GgufWriter& writer, const TestModelOptions& options) {
  std::vector<std::string> tokens = {"<|im_start|>", "<|im_end|>"};
  std::vector<int32_t> types = {3, 3};
  for (std::string& letter : byte_alphabet()) tokens.push_back(std::move(letter));
  const std::vector<std::string> merges = {"t h", "th e", "h e", "l l", "he ll", "hell o"};
  for (const std::string_view merged : {"th", "the", "he", "ll", "hell", "hello"})
    tokens.emplace_back(merged);
  types.resize(tokens.size(), 1);
  HEARTH_CHECK(tokens.size() == static_cast<std::size_t>(kTestModelVocabulary));
  writer.add("tokenizer.ggml.model", std::string_view("gpt2"));
  writer.add("tokenizer.ggml.pre", std::string_view("smollm"));
  writer.add_array("tokenizer.ggml.tokens", tokens);
  writer.add_array("tokenizer.ggml.token_type", types);
  writer.add_array("tokenizer.ggml.merges", merges);
  writer.add("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(kTestModelStart));
  writer.add("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(kTestModelEnd));
  writer.add("tokenizer.ggml.add_bos_token", options.add_bos);
  if (!options.chat_template.empty())
    writer.add("tokenizer.chat_template", std::string_view(options.chat_template));
}

inline constexpr uint32_t kLayers = 2;
inline constexpr uint64_t kEmbedding = 64;
inline constexpr uint64_t kHeads = 2;
inline constexpr uint64_t kHeadSize = 32;
inline constexpr uint64_t kFeedForward = 96;

inline void add_config(GgufWriter& writer, const TestModelOptions& options) {
  writer.add("general.architecture", std::string_view("llama"));
  writer.add("general.name", std::string_view("test model"));
  writer.add("llama.block_count", kLayers);
  writer.add("llama.context_length", static_cast<uint32_t>(options.context));
  writer.add("llama.embedding_length", static_cast<uint32_t>(kEmbedding));
  writer.add("llama.feed_forward_length", static_cast<uint32_t>(kFeedForward));
  writer.add("llama.attention.head_count", static_cast<uint32_t>(kHeads));
  writer.add("llama.attention.head_count_kv", uint32_t{1});
  writer.add("llama.rope.dimension_count", static_cast<uint32_t>(kHeadSize));
  writer.add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
}

// Tensors with the bytes that they borrow from.
class TensorMaker {
 public:
  TensorMaker(GgufWriter& writer, uint32_t seed) : writer_(writer), random_(seed) {
    data_.reserve(64);
  }

  void add_norm(const std::string& name) {
    std::vector<float> values(kEmbedding);
    for (float& value : values) value = 1.0f + 0.1f * uniform();
    add(name, DType::kF32, {kEmbedding}, bytes_of(values));
  }

  std::vector<float> random_matrix(uint64_t columns, uint64_t rows, float scale) {
    std::vector<float> values(columns * rows);
    for (float& value : values) value = scale * uniform();
    return values;
  }

  void add_matrix(const std::string& name, DType type, uint64_t columns, uint64_t rows,
                  const std::vector<float>& values) {
    add(name, type, {columns, rows}, type == DType::kQ8_0 ? quantized(values) : bytes_of(values));
  }

  // Weights that keep the size of what they multiply.
  void add_random(const std::string& name, DType type, uint64_t columns, uint64_t rows) {
    const float scale = std::sqrt(3.0f / static_cast<float>(columns));
    add_matrix(name, type, columns, rows, random_matrix(columns, rows, scale));
  }

 private:
  // Not std::uniform_real_distribution: its numbers differ between libraries.
  float uniform() { return static_cast<float>(random_() >> 8) * 0x1p-23f - 1.0f; }

  static std::string bytes_of(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  }

  static std::string quantized(const std::vector<float>& values) {
    std::string bytes;
    for (std::size_t begin = 0; begin < values.size(); begin += 32) {
      float largest = 0.0f;
      for (std::size_t i = 0; i < 32; ++i)
        largest = std::max(largest, std::fabs(values[begin + i]));
      const uint16_t half = float_to_half(largest / 127.0f);
      bytes.append(reinterpret_cast<const char*>(&half), sizeof half);
      const float scale = half_to_float(half);
      for (std::size_t i = 0; i < 32; ++i) {
        const float code = scale > 0.0f ? std::nearbyint(values[begin + i] / scale) : 0.0f;
        bytes += static_cast<char>(static_cast<int8_t>(std::min(127.0f, std::max(-127.0f, code))));
      }
    }
    return bytes;
  }

  void add(const std::string& name, DType type, const std::vector<uint64_t>& shape,
           std::string bytes) {
    HEARTH_CHECK(data_.size() < data_.capacity());  // or earlier tensors' bytes would move
    data_.push_back(std::move(bytes));
    writer_.add_tensor(name, type, shape, std::as_bytes(std::span(data_.back())));
  }

  GgufWriter& writer_;
  std::mt19937 random_;
  std::vector<std::string> data_;
};

inline void add_tensors(TensorMaker& make, const TestModelOptions& options) {
  const uint64_t rows = static_cast<uint64_t>(kTestModelVocabulary + options.padding_rows);
  make.add_matrix("token_embd.weight", DType::kF32, kEmbedding, rows,
                  make.random_matrix(kEmbedding, rows, 1.0f));
  const DType type = options.matrix_type;
  for (uint32_t layer = 0; layer < kLayers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    make.add_norm(prefix + "attn_norm.weight");
    make.add_random(prefix + "attn_q.weight", type, kEmbedding, kHeads * kHeadSize);
    make.add_random(prefix + "attn_k.weight", type, kEmbedding, kHeadSize);
    make.add_random(prefix + "attn_v.weight", type, kEmbedding, kHeadSize);
    make.add_random(prefix + "attn_output.weight", type, kHeads * kHeadSize, kEmbedding);
    make.add_norm(prefix + "ffn_norm.weight");
    make.add_random(prefix + "ffn_gate.weight", type, kEmbedding, kFeedForward);
    make.add_random(prefix + "ffn_up.weight", type, kEmbedding, kFeedForward);
    make.add_random(prefix + "ffn_down.weight", type, kFeedForward, kEmbedding);
  }
  make.add_norm("output_norm.weight");
  const std::vector<float> head = make.random_matrix(kEmbedding, rows, 0.5f);
  make.add_matrix("output.weight", DType::kF32, kEmbedding, rows, head);
}

}  // namespace test_model_internal

// Writes the model to `path`.
inline void write_test_model(const std::filesystem::path& path,
                             const TestModelOptions& options = {}) {
  GgufWriter writer;
  test_model_internal::add_config(writer, options);
  test_model_internal::add_vocabulary(writer, options);
  test_model_internal::TensorMaker make(writer, options.seed);
  test_model_internal::add_tensors(make, options);
  const Result<void> written = writer.write(path);
  HEARTH_CHECK(written.ok());
}

// The model, loaded; one thread unless `engine_options` says otherwise.
inline std::unique_ptr<Engine> load_test_model(const TestModelOptions& options = {},
                                               const EngineOptions& engine_options = {
                                                   .threads = 1}) {
  const TestFolder folder;
  write_test_model(folder.path() / "model.gguf", options);
  EngineOptions exact = engine_options;
  exact.exact = true;
  Result<std::unique_ptr<Engine>> engine = Engine::load(folder.path() / "model.gguf", exact);
  if (!engine.ok()) std::fprintf(stderr, "test model: %s\n", engine.error().message().c_str());
  HEARTH_CHECK(engine.ok());
  return std::move(engine).value();
}

inline std::vector<TokenId> random_tokens(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> tokens;
  for (int i = 0; i < count; ++i)
    tokens.push_back(static_cast<TokenId>(random() % kTestModelVocabulary));
  return tokens;
}

// A token a byte, whatever the merges.
inline std::vector<TokenId> byte_tokens(std::string_view text) {
  std::vector<TokenId> ids;
  for (const char byte : text) ids.push_back(kTestModelByte + static_cast<unsigned char>(byte));
  return ids;
}

}  // namespace hearth
