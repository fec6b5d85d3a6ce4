// SPDX-License-Identifier: Apache-2.0
// Model files that are not what their architecture asks for are refused by name: a tensor missing,
// too many or misshapen, metadata absent, absurd or of a feature that is not built.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tiny_models.h"

namespace hearth {
namespace {

void expect_refused(const Error& error, ErrorCode code, const std::string& named) {
  EXPECT_EQ(error.code(), code) << error.message();
  EXPECT_NE(error.message().find(named), std::string::npos)
      << "\"" << error.message() << "\" does not name " << named;
}

struct Tensor {
  const char* model;
  const char* name;
};
constexpr Tensor kTensors[] = {
    {"llama", "token_embd.weight"},
    {"llama", "output_norm.weight"},
    {"llama", "blk.1.attn_norm.weight"},
    {"llama", "blk.1.attn_q.weight"},
    {"llama", "blk.1.ffn_gate.weight"},
    {"qwen2", "blk.0.attn_q.bias"},
    {"qwen2", "blk.0.attn_k.bias"},
    {"qwen2", "blk.0.attn_v.bias"},
    {"qwen2", "blk.0.ffn_gate.weight"},
    {"qwen3", "blk.2.attn_q_norm.weight"},
    {"qwen3", "blk.2.attn_k_norm.weight"},
    {"gemma3", "blk.3.post_attention_norm.weight"},
    {"gemma3", "blk.3.post_ffw_norm.weight"},
    {"gemma3", "blk.3.attn_k_norm.weight"},
    {"phi3", "blk.0.attn_qkv.weight"},
    {"phi3", "blk.0.ffn_up.weight"},
    {"phi3_longrope", "rope_factors_long.weight"},
    {"bert", "position_embd.weight"},
    {"bert", "token_types.weight"},
    {"bert", "token_embd_norm.bias"},
    {"bert", "blk.0.attn_output_norm.weight"},
    {"bert", "blk.0.layer_output_norm.bias"},
    {"bert", "blk.0.ffn_down.bias"},
};

// phi3 without its stacked tensors looks for the single ones.
std::string missing_name(const std::string& name) {
  return name == "blk.0.attn_qkv.weight" ? "blk.0.attn_q.weight" : name;
}

TEST(Hostile, AMissingTensorIsNamed) {
  for (const Tensor& tensor : kTensors) {
    expect_refused(error_of_spoilt(tensor.model, {.without_tensors = {tensor.name}}),
                   ErrorCode::kCorrupt, missing_name(tensor.name));
  }
}

TEST(Hostile, AMisshapenTensorIsNamedWithBothShapes) {
  const std::vector<float> values(7 * 32, 1.0f);
  for (const Tensor& tensor : kTensors) {
    const std::string name = tensor.name;
    const Edits edits = {.without_tensors = {name}, .add_tensors = [&](GgufWriter& writer) {
                           writer.add_tensor(name, DType::kF32, std::array<uint64_t, 2>{32, 7},
                                             std::as_bytes(std::span(values)));
                         }};
    const Error error = error_of_spoilt(tensor.model, edits);
    expect_refused(error, ErrorCode::kCorrupt, name);
    EXPECT_NE(error.message().find("[32, 7]"), std::string::npos) << error.message();
  }
}

TEST(Hostile, ATensorWithoutAPlaceIsNamed) {
  const std::vector<float> values(64, 1.0f);
  for (const char* name : {"blk.0.attn_q_norm.weight", "blk.0.attn_sinks.weight", "cls.weight",
                           "blk.7.attn_norm.weight", "rope_factors_long.weight"}) {
    const Edits edits = {.add_tensors = [&](GgufWriter& writer) {
      writer.add_tensor(name, DType::kF32, std::array<uint64_t, 1>{64},
                        std::as_bytes(std::span(values)));
    }};
    expect_refused(error_of_spoilt("llama", edits), ErrorCode::kUnsupported, name);
  }
}

TEST(Hostile, RopeFactorsMustBePositive) {
  for (const float bad : {0.0f, -1.0f, 1e9f, std::nanf("")}) {
    const std::vector<float> factors = {1.0f, 1.0f, bad, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    const Edits edits = {
        .without_tensors = {"rope_freqs.weight"}, .add_tensors = [&](GgufWriter& writer) {
          writer.add_tensor("rope_freqs.weight", DType::kF32, std::array<uint64_t, 1>{8},
                            std::as_bytes(std::span(factors)));
        }};
    expect_refused(error_of_spoilt("llama_llama3", edits), ErrorCode::kCorrupt, "RoPE factors");
  }
}

template <typename Value>
Edits set_key(const std::string& key, Value value) {
  return {.without_keys = {key}, .add_keys = [=](GgufWriter& writer) { writer.add(key, value); }};
}

template <typename Value>
void expect_value_refused(const char* model, ErrorCode code, const std::string& key, Value value) {
  expect_refused(error_of_spoilt(model, set_key(key, value)), code, key);
}

TEST(Hostile, AbsurdMetadataIsNamed) {
  constexpr auto kCorrupt = ErrorCode::kCorrupt;
  for (const uint32_t layers : {0u, 1025u})
    expect_value_refused("llama", kCorrupt, "llama.block_count", layers);
  expect_value_refused("qwen3", kCorrupt, "qwen3.attention.key_length", uint32_t{513});
  expect_value_refused("llama", kCorrupt, "llama.attention.head_count_kv", uint32_t{5});
  for (const uint32_t values : {0u, 513u})
    expect_value_refused("llama", kCorrupt, "llama.rope.dimension_count", values);
  for (const uint32_t values : {7u, 18u}) {
    expect_refused(error_of_spoilt("llama", set_key("llama.rope.dimension_count", values)),
                   kCorrupt, "rope.dimension_count");
  }
  for (const float base : {0.0f, -1.0f, 1e13f})
    expect_value_refused("llama", kCorrupt, "llama.rope.freq_base", base);
  expect_value_refused("llama_linear", kCorrupt, "llama.rope.scaling.factor", -2.0f);
  expect_value_refused("llama_yarn", kCorrupt, "llama.rope.scaling.original_context_length",
                       uint32_t{0});
  expect_value_refused("llama_yarn", kCorrupt, "llama.rope.scaling.yarn_beta_fast", 0.0f);
  expect_value_refused("phi3_longrope", kCorrupt, "phi3.rope.scaling.attn_factor", 0.0f);
  expect_value_refused("gemma3", kCorrupt, "gemma3.attention.sliding_window", uint32_t{1} << 30);
  expect_value_refused("gemma3", kCorrupt, "gemma3.attention.sliding_window_pattern", uint32_t{1});
  expect_value_refused("gemma3", kCorrupt, "gemma3.rope.freq_base_swa", 0.0f);
  expect_value_refused("gemma3", kCorrupt, "gemma3.final_logit_softcapping", -1.0f);
  expect_value_refused("granite", kCorrupt, "granite.logit_scale", 0.0f);
  expect_value_refused("bert", kCorrupt, "bert.attention.layer_norm_epsilon", 2.0f);
  for (const char* key : {"bert.attention.layer_norm_epsilon", "bert.context_length",
                          "bert.embedding_length", "bert.feed_forward_length"}) {
    expect_refused(error_of_spoilt("bert", {.without_keys = {key}}), kCorrupt, key);
  }
}

TEST(Hostile, AFeatureThatIsNotBuiltIsNamed) {
  constexpr auto kUnsupported = ErrorCode::kUnsupported;
  expect_value_refused("llama", kUnsupported, "llama.expert_count", uint32_t{8});
  expect_value_refused("llama", kUnsupported, "llama.attention.max_alibi_bias", 8.0f);
  expect_value_refused("llama", kUnsupported, "llama.attention.clamp_kqv", 8.0f);
  expect_value_refused("llama", kUnsupported, "llama.residual_scale", 0.5f);
  expect_value_refused("llama", kUnsupported, "llama.attention.sliding_window", uint32_t{100});
  expect_value_refused("llama", kUnsupported, "llama.attention.causal", false);
  expect_value_refused("bert", kUnsupported, "bert.attention.causal", true);
  expect_value_refused("gemma3", kUnsupported, "gemma3.attn_logit_softcapping", 50.0f);
  expect_value_refused("llama", kUnsupported, "llama.use_parallel_residual", true);
  expect_value_refused("qwen2", kUnsupported, "qwen2.rope.dimension_sections", uint32_t{16});
  expect_value_refused("llama", kUnsupported, "llama.rope.scaling.type",
                       std::string_view("dynamic"));
  expect_value_refused("llama_yarn", kUnsupported, "llama.rope.scaling.yarn_log_multiplier", 0.1f);
  expect_value_refused("llama_yarn", kUnsupported, "llama.rope.scaling.yarn_ext_factor", 0.5f);
  expect_refused(
      error_of_spoilt("llama", set_key("general.architecture", std::string_view("mamba"))),
      kUnsupported, "\"mamba\"");
}

// Of kinds of scaling that need a tensor, or must not have one.
TEST(Hostile, ScalingWithoutItsFactorsIsNamed) {
  expect_refused(
      error_of_spoilt("llama", set_key("llama.rope.scaling.type", std::string_view("longrope"))),
      ErrorCode::kCorrupt, "rope_factors_short.weight");
  expect_refused(
      error_of_spoilt("llama_llama3", set_key("llama.rope.scaling.type", std::string_view("yarn"))),
      ErrorCode::kUnsupported, "llama.rope.scaling.type");
}

}  // namespace
}  // namespace hearth
