// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <array>
#include <cmath>

#include "base/strings.h"

namespace hearth {
namespace {

// What sets one llama-like architecture apart from another.
struct Architecture {
  std::string_view name;
  RopePairs rope_pairs;
};

constexpr std::array kArchitectures = {
    Architecture{"llama", RopePairs::kAdjacent},
};

constexpr int32_t kHeadSizeMax = 512;

Result<const Architecture*> find_architecture(const GgufFile& gguf) {
  HEARTH_ASSIGN(const auto name, gguf.get_string("general.architecture"));
  if (!name)
    return Error(ErrorCode::kCorrupt, "general.architecture: is absent; fetch the model again");
  std::string supported;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == *name) return &architecture;
    supported += supported.empty() ? "" : ", ";
    supported += architecture.name;
  }
  return Error(ErrorCode::kUnsupported, concat("architecture \"", printable(*name),
                                               "\": is not supported; supported: ", supported));
}

// Reads "<architecture>.<key>" entries within stated ranges.
class Reader {
 public:
  Reader(const GgufFile& gguf, std::string_view architecture)
      : gguf_(gguf), architecture_(architecture) {}

  Result<int32_t> integer(std::string_view key, int32_t low, int32_t high,
                          std::optional<int32_t> fallback = {}) const {
    const std::string name = concat(architecture_, ".", key);
    HEARTH_ASSIGN(const auto value, gguf_.get_uint(name));
    if (!value) {
      if (fallback) return *fallback;
      return Error(ErrorCode::kCorrupt, concat(name, ": is absent; fetch the model again"));
    }
    if (*value < static_cast<uint64_t>(low) || *value > static_cast<uint64_t>(high)) {
      return Error(ErrorCode::kCorrupt, concat(name, ": ", *value, " is outside ", low, " to ",
                                               high, "; fetch the model again"));
    }
    return static_cast<int32_t>(*value);
  }

  Result<float> number(std::string_view key, double low, double high,
                       std::optional<float> fallback = {}) const {
    const std::string name = concat(architecture_, ".", key);
    HEARTH_ASSIGN(const auto value, gguf_.get_float(name));
    if (!value) {
      if (fallback) return *fallback;
      return Error(ErrorCode::kCorrupt, concat(name, ": is absent; fetch the model again"));
    }
    if (!(*value >= low && *value <= high)) {
      return Error(ErrorCode::kCorrupt, concat(name, ": ", *value, " is outside ", low, " to ",
                                               high, "; fetch the model again"));
    }
    return static_cast<float>(*value);
  }

 private:
  const GgufFile& gguf_;
  std::string_view architecture_;
};

// Features of the family that would change the numbers and are not built yet.
Result<void> refuse_unsupported_features(const GgufFile& gguf, const std::string& architecture) {
  const std::string scaling = concat(architecture, ".rope.scaling.type");
  HEARTH_ASSIGN(const auto type, gguf.get_string(scaling));
  if (type && *type != "none") {
    return Error(ErrorCode::kUnsupported,
                 concat(scaling, ": \"", printable(*type), "\" is not supported; supported: none"));
  }
  if (gguf.find_tensor("rope_freqs.weight") != nullptr) {
    return Error(ErrorCode::kUnsupported,
                 "rope_freqs.weight: RoPE scaling is not supported; use a model without it");
  }
  const std::string experts = concat(architecture, ".expert_count");
  HEARTH_ASSIGN(const auto count, gguf.get_uint(experts));
  if (count.value_or(0) > 0) {
    return Error(ErrorCode::kUnsupported,
                 concat(experts, ": mixtures of experts are not supported; use a dense model"));
  }
  return {};
}

Result<void> check_geometry(const ModelConfig& config) {
  const auto corrupt = [](const auto&... pieces) {
    return Error(ErrorCode::kCorrupt, concat(pieces..., "; fetch the model again"));
  };
  if (config.heads % config.kv_heads != 0) {
    return corrupt("attention.head_count: ", config.heads, " is no multiple of head_count_kv ",
                   config.kv_heads);
  }
  if (config.rope_values > config.head_size || config.rope_values % 2 != 0) {
    return corrupt("rope.dimension_count: ", config.rope_values, " is odd or more than the head's ",
                   config.head_size);
  }
  if (config.head_size % 16 != 0) {
    return Error(ErrorCode::kUnsupported, concat("head size: ", config.head_size,
                                                 " is not supported; supported: multiples of 16"));
  }
  const bool wide = config.embedding % 32 == 0 && config.feed_forward % 32 == 0 &&
                    config.heads * config.head_size % 32 == 0;
  if (!wide) {
    return Error(ErrorCode::kUnsupported,
                 concat("widths: embedding ", config.embedding, ", feed forward ",
                        config.feed_forward, ", attention ", config.heads * config.head_size,
                        " are not supported; supported: multiples of 32"));
  }
  return {};
}

}  // namespace

Result<ModelConfig> ModelConfig::read(const GgufFile& gguf) {
  HEARTH_ASSIGN(const Architecture* architecture, find_architecture(gguf));
  ModelConfig config;
  config.architecture = architecture->name;
  config.rope_pairs = architecture->rope_pairs;
  HEARTH_TRY(refuse_unsupported_features(gguf, config.architecture));
  HEARTH_ASSIGN(const auto name, gguf.get_string("general.name"));
  config.name = std::string(name.value_or(architecture->name));

  const Reader read(gguf, architecture->name);
  HEARTH_ASSIGN(config.layers, read.integer("block_count", 1, 1024));
  HEARTH_ASSIGN(config.context_max, read.integer("context_length", 1, 1 << 24));
  HEARTH_ASSIGN(config.embedding, read.integer("embedding_length", 1, 1 << 17));
  HEARTH_ASSIGN(config.feed_forward, read.integer("feed_forward_length", 1, 1 << 19));
  HEARTH_ASSIGN(config.heads, read.integer("attention.head_count", 1, 1024));
  HEARTH_ASSIGN(config.kv_heads,
                read.integer("attention.head_count_kv", 1, config.heads, config.heads));
  const int32_t even_share = std::max(1, config.embedding / config.heads);
  HEARTH_ASSIGN(config.head_size,
                read.integer("attention.key_length", 1, kHeadSizeMax, even_share));
  HEARTH_ASSIGN(const int32_t value_size,
                read.integer("attention.value_length", 1, kHeadSizeMax, config.head_size));
  if (value_size != config.head_size) {
    return Error(ErrorCode::kUnsupported,
                 concat("attention.value_length: ", value_size, " beside keys of ",
                        config.head_size, " is not supported; supported: equal sizes"));
  }
  HEARTH_ASSIGN(config.rope_values,
                read.integer("rope.dimension_count", 2, kHeadSizeMax, config.head_size));
  HEARTH_ASSIGN(config.rope_base, read.number("rope.freq_base", 1.0, 1e12, 10000.0f));
  HEARTH_ASSIGN(config.norm_epsilon, read.number("attention.layer_norm_rms_epsilon", 0.0, 1.0));
  HEARTH_TRY(check_geometry(config));

  const GgufTensor* embedding = gguf.find_tensor("token_embd.weight");
  if (embedding == nullptr)
    return Error(ErrorCode::kCorrupt,
                 "token_embd.weight: the tensor is missing; fetch the model again");
  if (embedding->shape[1] < 1 || embedding->shape[1] > (1u << 24)) {
    return Error(ErrorCode::kCorrupt, concat("token_embd.weight: ", embedding->shape[1],
                                             " rows; fetch the model again"));
  }
  config.vocabulary = static_cast<int32_t>(embedding->shape[1]);
  config.tied_head = gguf.find_tensor("output.weight") == nullptr;
  return config;
}

}  // namespace hearth
