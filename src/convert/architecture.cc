// SPDX-License-Identifier: Apache-2.0
#include "convert/architecture.h"

#include <array>
#include <string>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr auto kRequired = TensorPresence::kRequired;
constexpr auto kOptional = TensorPresence::kOptional;
constexpr auto kAsked = Precision2d::kAsked;

constexpr TensorRule kBertRules[] = {
    {"embeddings.word_embeddings.weight", "token_embd.weight"},
    {"embeddings.position_embeddings.weight", "position_embd.weight", kRequired, Precision2d::kF32},
    {"embeddings.token_type_embeddings.weight", "token_types.weight", kRequired, Precision2d::kF32},
    {"embeddings.LayerNorm.weight", "token_embd_norm.weight"},
    {"embeddings.LayerNorm.bias", "token_embd_norm.bias"},
    {"encoder.layer.#.attention.self.query.weight", "blk.#.attn_q.weight"},
    {"encoder.layer.#.attention.self.query.bias", "blk.#.attn_q.bias"},
    {"encoder.layer.#.attention.self.key.weight", "blk.#.attn_k.weight"},
    {"encoder.layer.#.attention.self.key.bias", "blk.#.attn_k.bias"},
    {"encoder.layer.#.attention.self.value.weight", "blk.#.attn_v.weight"},
    {"encoder.layer.#.attention.self.value.bias", "blk.#.attn_v.bias"},
    {"encoder.layer.#.attention.output.dense.weight", "blk.#.attn_output.weight"},
    {"encoder.layer.#.attention.output.dense.bias", "blk.#.attn_output.bias"},
    {"encoder.layer.#.attention.output.LayerNorm.weight", "blk.#.attn_output_norm.weight"},
    {"encoder.layer.#.attention.output.LayerNorm.bias", "blk.#.attn_output_norm.bias"},
    {"encoder.layer.#.intermediate.dense.weight", "blk.#.ffn_up.weight"},
    {"encoder.layer.#.intermediate.dense.bias", "blk.#.ffn_up.bias"},
    {"encoder.layer.#.output.dense.weight", "blk.#.ffn_down.weight"},
    {"encoder.layer.#.output.dense.bias", "blk.#.ffn_down.bias"},
    {"encoder.layer.#.output.LayerNorm.weight", "blk.#.layer_output_norm.weight"},
    {"encoder.layer.#.output.LayerNorm.bias", "blk.#.layer_output_norm.bias"},
};
// Position numbers, and heads for tasks that embeddings have no use for.
constexpr std::string_view kBertLeftOut[] = {"embeddings.position_ids", "pooler.", "cls."};

// What llama and its relatives share.
constexpr TensorRule kDecoderRules[] = {
    {"model.embed_tokens.weight", "token_embd.weight"},
    {"model.norm.weight", "output_norm.weight"},
    {"lm_head.weight", "output.weight", kOptional},
    {"model.layers.#.input_layernorm.weight", "blk.#.attn_norm.weight"},
    {"model.layers.#.self_attn.v_proj.weight", "blk.#.attn_v.weight"},
    {"model.layers.#.self_attn.o_proj.weight", "blk.#.attn_output.weight"},
    {"model.layers.#.post_attention_layernorm.weight", "blk.#.ffn_norm.weight"},
    {"model.layers.#.mlp.gate_proj.weight", "blk.#.ffn_gate.weight"},
    {"model.layers.#.mlp.up_proj.weight", "blk.#.ffn_up.weight"},
    {"model.layers.#.mlp.down_proj.weight", "blk.#.ffn_down.weight"},
};
constexpr TensorRule kLlamaRules[] = {
    {"model.layers.#.self_attn.q_proj.weight", "blk.#.attn_q.weight", kRequired, kAsked,
     RowOrder::kQueryPairs},
    {"model.layers.#.self_attn.k_proj.weight", "blk.#.attn_k.weight", kRequired, kAsked,
     RowOrder::kKeyPairs},
};
constexpr TensorRule kQwen2Rules[] = {
    {"model.layers.#.self_attn.q_proj.weight", "blk.#.attn_q.weight"},
    {"model.layers.#.self_attn.q_proj.bias", "blk.#.attn_q.bias"},
    {"model.layers.#.self_attn.k_proj.weight", "blk.#.attn_k.weight"},
    {"model.layers.#.self_attn.k_proj.bias", "blk.#.attn_k.bias"},
    {"model.layers.#.self_attn.v_proj.bias", "blk.#.attn_v.bias"},
};
constexpr TensorRule kQwen3Rules[] = {
    {"model.layers.#.self_attn.q_proj.weight", "blk.#.attn_q.weight"},
    {"model.layers.#.self_attn.q_norm.weight", "blk.#.attn_q_norm.weight"},
    {"model.layers.#.self_attn.k_proj.weight", "blk.#.attn_k.weight"},
    {"model.layers.#.self_attn.k_norm.weight", "blk.#.attn_k_norm.weight"},
};
// Some checkpoints keep the constants of rotary embedding.
constexpr std::string_view kDecoderLeftOut[] = {"model.rotary_emb."};

// The settings of config.json as metadata "<architecture>.<key>".
class Parameters {
 public:
  Parameters(const JsonFile& config, std::string_view architecture, GgufWriter& writer)
      : config_(config), architecture_(architecture), writer_(writer) {}

  Result<uint32_t> natural(std::string_view member, std::string_view key, uint32_t high) {
    HEARTH_ASSIGN(const uint32_t value, config_.natural(member, 1, high));
    writer_.add(name(key), value);
    return value;
  }
  // `fallback` is what an absent member means.
  Result<void> number(std::string_view member, std::string_view key, double fallback) {
    HEARTH_ASSIGN(const auto value, config_.number(member));
    writer_.add(name(key), static_cast<float>(value.value_or(fallback)));
    return {};
  }
  template <typename T>
  void add(std::string_view key, T value) {
    writer_.add(name(key), value);
  }

  // The member has this value where it is there at all.
  Result<void> only_text(std::string_view member, std::string_view wanted) const {
    HEARTH_ASSIGN(const auto value, config_.text(member));
    if (!value || *value == wanted) return {};
    return unsupported(member, concat("\"", printable(*value), "\""), concat("\"", wanted, "\""));
  }
  Result<void> only_flag(std::string_view member, bool wanted) const {
    HEARTH_ASSIGN(const auto value, config_.boolean(member));
    if (value.value_or(wanted) == wanted) return {};
    return unsupported(member, wanted ? "false" : "true", wanted ? "true" : "false");
  }
  Error unsupported(std::string_view member, std::string_view value,
                    std::string_view supported) const {
    return config_.error(
        ErrorCode::kUnsupported, member,
        concat("is ", value, ", which hearth cannot compute; supported: ", supported));
  }

 private:
  std::string name(std::string_view key) const { return concat(architecture_, ".", key); }

  const JsonFile& config_;
  std::string_view architecture_;
  GgufWriter& writer_;
};

constexpr uint32_t kLayersMax = 1024, kHeadsMax = 1024, kContextMax = 1u << 24,
                   kWidthMax = 1u << 19;

Result<void> add_bert(const JsonFile& config, GgufWriter& writer) {
  Parameters parameters(config, "bert", writer);
  HEARTH_TRY(parameters.only_text("hidden_act", "gelu"));
  HEARTH_TRY(parameters.only_text("position_embedding_type", "absolute"));
  HEARTH_TRY(parameters.only_flag("is_decoder", false));
  HEARTH_TRY(parameters.natural("num_hidden_layers", "block_count", kLayersMax));
  HEARTH_TRY(parameters.natural("max_position_embeddings", "context_length", kContextMax));
  HEARTH_TRY(parameters.natural("hidden_size", "embedding_length", kWidthMax));
  HEARTH_TRY(parameters.natural("intermediate_size", "feed_forward_length", kWidthMax));
  HEARTH_TRY(parameters.natural("num_attention_heads", "attention.head_count", kHeadsMax));
  HEARTH_TRY(parameters.number("layer_norm_eps", "attention.layer_norm_epsilon", 1e-12));
  parameters.add("attention.causal", false);
  HEARTH_ASSIGN(const uint32_t types, config.natural("type_vocab_size", 1, 64));
  writer.add("tokenizer.ggml.token_type_count", types);
  return {};
}

// The base of rotary embedding: a member of its own, or since transformers 5 inside
// rope_parameters. Scaling of any kind is refused.
Result<double> rope_base(const JsonFile& config, const Parameters& parameters) {
  HEARTH_ASSIGN(const auto own, config.number("rope_theta"));
  double base = own.value_or(10000.0);
  for (const std::string_view member : {"rope_scaling", "rope_parameters"}) {
    const Json* rope = config.find(member);
    if (rope == nullptr) continue;
    const auto text_of = [&](const char* key) {
      return rope->is_object() && rope->contains(key) && (*rope)[key].is_string()
                 ? (*rope)[key].get<std::string>()
                 : std::string();
    };
    const std::string type = text_of("rope_type").empty() ? text_of("type") : text_of("rope_type");
    if (type != "default") {
      return parameters.unsupported(member, concat("of type \"", printable(type), "\""),
                                    "\"default\"");
    }
    if (rope->contains("rope_theta") && (*rope)["rope_theta"].is_number()) {
      base = (*rope)["rope_theta"].get<double>();
    }
  }
  return base;
}

Result<void> add_decoder(const JsonFile& config, GgufWriter& writer, std::string_view name) {
  Parameters parameters(config, name, writer);
  HEARTH_TRY(parameters.only_text("hidden_act", "silu"));
  HEARTH_TRY(parameters.only_flag("use_sliding_window", false));
  HEARTH_TRY(parameters.only_flag("mlp_bias", false));
  HEARTH_TRY(parameters.natural("num_hidden_layers", "block_count", kLayersMax));
  HEARTH_TRY(parameters.natural("max_position_embeddings", "context_length", kContextMax));
  HEARTH_ASSIGN(const uint32_t width,
                parameters.natural("hidden_size", "embedding_length", kWidthMax));
  HEARTH_TRY(parameters.natural("intermediate_size", "feed_forward_length", kWidthMax));
  HEARTH_ASSIGN(const uint32_t heads,
                parameters.natural("num_attention_heads", "attention.head_count", kHeadsMax));
  HEARTH_ASSIGN(const auto kv_heads, config.integer("num_key_value_heads"));
  if (kv_heads) {
    HEARTH_TRY(parameters.natural("num_key_value_heads", "attention.head_count_kv", kHeadsMax));
  }
  uint32_t head_size = width / heads;
  HEARTH_ASSIGN(const auto stated_size, config.integer("head_dim"));
  if (stated_size) {
    HEARTH_ASSIGN(head_size, parameters.natural("head_dim", "attention.key_length", kWidthMax));
    parameters.add("attention.value_length", head_size);
  }
  parameters.add("rope.dimension_count", head_size);
  HEARTH_ASSIGN(const double base, rope_base(config, parameters));
  parameters.add("rope.freq_base", static_cast<float>(base));
  HEARTH_TRY(parameters.number("rms_norm_eps", "attention.layer_norm_rms_epsilon", 1e-6));
  HEARTH_TRY(parameters.natural("vocab_size", "vocab_size", kContextMax));
  return {};
}

Result<void> add_llama(const JsonFile& config, GgufWriter& writer) {
  HEARTH_TRY(Parameters(config, "llama", writer).only_flag("attention_bias", false));
  return add_decoder(config, writer, "llama");
}
Result<void> add_qwen2(const JsonFile& config, GgufWriter& writer) {
  return add_decoder(config, writer, "qwen2");
}
Result<void> add_qwen3(const JsonFile& config, GgufWriter& writer) {
  HEARTH_TRY(Parameters(config, "qwen3", writer).only_flag("attention_bias", false));
  return add_decoder(config, writer, "qwen3");
}

constexpr std::array kMappings = {
    ModelMapping{"bert",
                 "bert",
                 "bert.",
                 kBertRules,
                 {},
                 kBertLeftOut,
                 VocabularyKind::kWordPiece,
                 add_bert},
    ModelMapping{"llama", "llama", "", kDecoderRules, kLlamaRules, kDecoderLeftOut,
                 VocabularyKind::kByteLevelBpe, add_llama},
    ModelMapping{"qwen2", "qwen2", "", kDecoderRules, kQwen2Rules, kDecoderLeftOut,
                 VocabularyKind::kByteLevelBpe, add_qwen2},
    ModelMapping{"qwen3", "qwen3", "", kDecoderRules, kQwen3Rules, kDecoderLeftOut,
                 VocabularyKind::kByteLevelBpe, add_qwen3},
};

}  // namespace

Result<const ModelMapping*> find_mapping(const JsonFile& config) {
  HEARTH_ASSIGN(const auto type, config.text("model_type"));
  if (!type) {
    return config.error(ErrorCode::kCorrupt, "model_type",
                        "is absent: this is no model's config.json; name a model's folder");
  }
  std::string supported;
  for (const ModelMapping& mapping : kMappings) {
    if (mapping.model_type == *type) return &mapping;
    supported += concat(supported.empty() ? "" : ", ", mapping.model_type);
  }
  return config.error(ErrorCode::kUnsupported, "model_type",
                      concat("is \"", printable(*type), "\", which hearth cannot import; ",
                             "supported: ", supported));
}

}  // namespace hearth
