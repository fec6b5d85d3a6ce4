// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/strings.h"
#include "kernels/kernels.h"
#include "model/config_reader.h"

namespace hearth {
namespace {

constexpr int32_t kContextMax = 1 << 24;
constexpr int32_t kGemma27bLayers = 62;

Error unsupported(const std::string& what, std::string_view why) {
  return Error(ErrorCode::kUnsupported, concat(what, ": ", why));
}

template <typename... Pieces>
Error corrupt(const Pieces&... pieces) {
  return Error(ErrorCode::kCorrupt, concat(pieces..., "; fetch the model again"));
}

Result<Architecture> read_architecture(const GgufFile& gguf) {
  HEARTH_ASSIGN(const auto name, gguf.get_string("general.architecture"));
  if (!name) return corrupt("general.architecture: is absent");
  if (const Architecture* found = find_architecture(*name)) return *found;
  return Error(ErrorCode::kUnsupported,
               concat("architecture \"", printable(*name),
                      "\": is not supported; supported: ", architecture_names()));
}

// Features that would change the numbers and are not built: a value other than the harmless one is
// refused.
struct Feature {
  std::string_view key;
  double harmless;
  std::string_view why;
};

constexpr std::array kFeatures = {
    Feature{"expert_count", 0, "mixtures of experts are not supported; use a dense model"},
    Feature{"attention.max_alibi_bias", 0, "ALiBi is not supported; use a model with RoPE"},
    Feature{"attention.clamp_kqv", 0, "clamped projections are not supported"},
    Feature{"attention.temperature_length", 0, "scaled attention temperature is not supported"},
    Feature{"attn_logit_softcapping", 0, "capped attention scores are not supported"},
    Feature{"rope.scaling.alpha", 0, "dynamic NTK scaling is not supported"},
    Feature{"rope.scaling.yarn_ext_factor", 1, "only 1 is supported"},
    Feature{"rope.scaling.yarn_log_multiplier", 0, "mscale_all_dim is not supported"},
};
// Those that a row of the table may allow.
constexpr std::array kGraniteScales = {
    Feature{"embedding_scale", 1, "this architecture has no such factor"},
    Feature{"residual_scale", 1, "this architecture has no such factor"},
    Feature{"logit_scale", 1, "this architecture has no such factor"},
};

// A number of any kind, or nothing.
std::optional<double> numeric(const GgufEntry* entry) {
  if (entry == nullptr) return {};
  if (const auto* x = std::get_if<uint64_t>(&entry->value)) return static_cast<double>(*x);
  if (const auto* x = std::get_if<int64_t>(&entry->value)) return static_cast<double>(*x);
  if (const auto* x = std::get_if<double>(&entry->value)) return *x;
  return {};
}

Result<void> refuse(const GgufFile& gguf, const ConfigReader& read,
                    std::span<const Feature> features) {
  for (const Feature& feature : features) {
    const std::string name = read.key_name(feature.key);
    if (numeric(gguf.find(name)).value_or(feature.harmless) != feature.harmless)
      return unsupported(name, feature.why);
  }
  return {};
}

Result<void> refuse_unsupported_features(const GgufFile& gguf, const ConfigReader& read,
                                         const Architecture& architecture) {
  HEARTH_TRY(refuse(gguf, read, kFeatures));
  if (architecture.granite_scales == InFile::kNever) HEARTH_TRY(refuse(gguf, read, kGraniteScales));
  const std::string causal = read.key_name("attention.causal");
  HEARTH_ASSIGN(const auto is_causal, gguf.get_bool(causal));
  if (is_causal && *is_causal != (architecture.visibility == Visibility::kCausal)) {
    return unsupported(causal, *is_causal ? "true is not supported for this architecture"
                                          : "false is not supported for this architecture");
  }
  const std::string parallel = read.key_name("use_parallel_residual");
  HEARTH_ASSIGN(const auto is_parallel, gguf.get_bool(parallel));
  if (is_parallel.value_or(false))
    return unsupported(parallel, "attention beside the MLP is not supported");
  if (read.has("rope.dimension_sections"))
    return unsupported(read.key_name("rope.dimension_sections"),
                       "positions in several dimensions are not supported");
  return {};
}

// "rope.scaling.type", or what the other keys and tensors make of its absence.
Result<RopeScaling> read_scaling(const GgufFile& gguf, const ConfigReader& read, float factor) {
  HEARTH_ASSIGN(const std::string_view type, read.text("rope.scaling.type"));
  const bool has_factors = gguf.find_tensor("rope_freqs.weight") != nullptr ||
                           gguf.find_tensor("rope_factors_short.weight") != nullptr;
  if (type == "yarn" && !has_factors) return RopeScaling::kYarn;
  if (type == "longrope") return RopeScaling::kFactors;
  if (type == "" || type == "none" || type == "linear") {
    if (has_factors) return RopeScaling::kFactors;
    return type != "none" && factor != 1.0f ? RopeScaling::kLinear : RopeScaling::kNone;
  }
  return unsupported(read.key_name("rope.scaling.type"),
                     concat("\"", printable(type),
                            "\" is not supported; supported: none, linear, yarn, longrope (",
                            "yarn without rope_freqs.weight)"));
}

Result<void> read_rope(const GgufFile& gguf, const ConfigReader& read, ModelConfig& config) {
  RopeConfig& rope = config.rope;
  rope.pairs = config.architecture.rope_pairs;
  if (config.architecture.positions == Positions::kLearned) return {};
  HEARTH_ASSIGN(rope.values,
                read.integer("rope.dimension_count", 2, kHeadSizeMax, config.head_size));
  if (rope.values > config.head_size || rope.values % 2 != 0) {
    return corrupt("rope.dimension_count: ", rope.values, " is odd or more than the head's ",
                   config.head_size);
  }
  HEARTH_ASSIGN(rope.base, read.number("rope.freq_base", 1.0, 1e12, 10000.0f));
  if (config.window > 0) {
    HEARTH_ASSIGN(rope.window_base, read.number("rope.freq_base_swa", 1.0, 1e12,
                                                config.architecture.window_rope_base));
  }
  HEARTH_ASSIGN(const float old_factor, read.number("rope.scale_linear", 0.0, 1e6, 0.0f));
  HEARTH_ASSIGN(rope.factor, read.number("rope.scaling.factor", 0.0, 1e6, old_factor));
  if (rope.factor == 0.0f) rope.factor = 1.0f;  // converters write 0 for "none"
  HEARTH_ASSIGN(rope.scaling, read_scaling(gguf, read, rope.factor));
  if (rope.scaling == RopeScaling::kNone) rope.factor = 1.0f;
  HEARTH_ASSIGN(rope.original_context, read.integer("rope.scaling.original_context_length", 1,
                                                    kContextMax, config.context_max));
  HEARTH_ASSIGN(rope.magnitude, read.number("rope.scaling.attn_factor", 1e-3, 1e3, 1.0f));
  if (rope.scaling == RopeScaling::kYarn) {
    const float usual = rope.factor > 1.0f ? 0.1f * std::log(rope.factor) + 1.0f : 1.0f;
    HEARTH_ASSIGN(const float yarn_magnitude,
                  read.number("rope.scaling.yarn_attn_factor", 1e-3, 1e3, usual));
    rope.magnitude *= yarn_magnitude;
    HEARTH_ASSIGN(rope.yarn_fast, read.number("rope.scaling.yarn_beta_fast", 1e-3, 1e6, 32.0f));
    HEARTH_ASSIGN(rope.yarn_slow, read.number("rope.scaling.yarn_beta_slow", 1e-3, 1e6, 1.0f));
  }
  return {};
}

Result<void> read_window(const ConfigReader& read, ModelConfig& config) {
  HEARTH_ASSIGN(const int32_t window, read.integer("attention.sliding_window", 0, kContextMax, 0));
  if (config.architecture.window_period == 0) {
    if (window == 0 || window >= config.context_max) return {};
    return unsupported(read.key_name("attention.sliding_window"),
                       "sliding windows are not supported for this architecture");
  }
  config.window = window;
  config.window_period = config.architecture.window_period;
  if (config.window_period != kEveryLayer) {
    HEARTH_ASSIGN(config.window_period,
                  read.integer("attention.sliding_window_pattern", 2, 1024, config.window_period));
  }
  return {};
}

Result<void> read_scales(const ConfigReader& read, ModelConfig& config) {
  float scale = 1.0f / std::sqrt(static_cast<float>(config.head_size));
  // GGUF has no key for Gemma's query_pre_attn_scalar. It is the head's size in all but the 27B.
  if (config.architecture.name == "gemma3" && config.layers == kGemma27bLayers)
    scale = 1.0f / std::sqrt(static_cast<float>(config.embedding / config.heads));
  HEARTH_ASSIGN(config.attention_scale, read.number("attention.scale", 1e-9, 1e6, scale));
  if (config.architecture.embedding_scaled)
    config.embedding_scale = std::sqrt(static_cast<float>(config.embedding));
  if (config.architecture.granite_scales != InFile::kNever) {
    HEARTH_ASSIGN(config.embedding_scale, read.number("embedding_scale", 1e-9, 1e9, 1.0f));
    HEARTH_ASSIGN(config.residual_scale, read.number("residual_scale", 1e-9, 1e9, 1.0f));
    HEARTH_ASSIGN(const float divisor, read.number("logit_scale", 1e-9, 1e9, 1.0f));
    config.logit_scale = 1.0f / divisor;
  }
  HEARTH_ASSIGN(config.logit_cap, read.number("final_logit_softcapping", 0.0, 1e9, 0.0f));
  const std::string_view epsilon = config.architecture.norm == Norm::kRms
                                       ? "attention.layer_norm_rms_epsilon"
                                       : "attention.layer_norm_epsilon";
  HEARTH_ASSIGN(config.norm_epsilon, read.number(epsilon, 0.0, 1.0));
  return {};
}

Result<void> read_geometry(const ConfigReader& read, ModelConfig& config) {
  HEARTH_ASSIGN(config.layers, read.integer("block_count", 1, 1024));
  HEARTH_ASSIGN(config.context_max, read.integer("context_length", 1, kContextMax));
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
  if (config.heads % config.kv_heads != 0) {
    return corrupt("attention.head_count: ", config.heads, " is no multiple of head_count_kv ",
                   config.kv_heads);
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

Result<void> read_vocabulary(const GgufFile& gguf, ModelConfig& config) {
  const GgufTensor* embedding = gguf.find_tensor("token_embd.weight");
  if (embedding == nullptr) return corrupt("token_embd.weight: the tensor is missing");
  if (embedding->shape[1] < 1 || embedding->shape[1] > (1u << 24))
    return corrupt("token_embd.weight: ", embedding->shape[1], " rows");
  config.vocabulary = static_cast<int32_t>(embedding->shape[1]);
  if (config.architecture.positions == Positions::kLearned) {
    const GgufTensor* types = gguf.find_tensor("token_types.weight");
    if (types == nullptr) return corrupt("token_types.weight: the tensor is missing");
    if (types->shape[1] < 1 || types->shape[1] > 1024)
      return corrupt("token_types.weight: ", types->shape[1], " rows");
    config.token_types = static_cast<int32_t>(types->shape[1]);
  }
  if (config.architecture.visibility == Visibility::kBidirectional) {
    config.head = Head::kNone;
  } else {
    config.head = gguf.find_tensor("output.weight") == nullptr ? Head::kTied : Head::kOwn;
  }
  return {};
}

}  // namespace

Result<ModelConfig> ModelConfig::read(const GgufFile& gguf) {
  ModelConfig config;
  HEARTH_ASSIGN(config.architecture, read_architecture(gguf));
  const ConfigReader reader(gguf, config.architecture.name);
  HEARTH_TRY(refuse_unsupported_features(gguf, reader, config.architecture));
  HEARTH_ASSIGN(const auto name, gguf.get_string("general.name"));
  config.name = std::string(name.value_or(config.architecture.name));
  HEARTH_TRY(read_geometry(reader, config));
  HEARTH_TRY(read_window(reader, config));
  HEARTH_TRY(read_rope(gguf, reader, config));
  HEARTH_TRY(read_scales(reader, config));
  HEARTH_TRY(read_vocabulary(gguf, config));
  return config;
}

}  // namespace hearth
