// SPDX-License-Identifier: Apache-2.0
// Conversion of decoder models: llama's order of rows, vocabularies of byte-level BPE, and what is
// refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/test_folder.h"
#include "convert/convert.h"
#include "convert/test_checkpoint.h"
#include "format/gguf.h"
#include "tensor/dequantize.h"
#include "text/bpe_alphabet.h"
#include "text/tokenizer.h"

namespace hearth {
namespace {

using Object = TestCheckpoint::Object;

constexpr uint64_t kWidth = 32, kHeads = 4, kKvHeads = 2, kHeadSize = 8, kInner = 64;

// A matrix whose every value is the number of its row.
std::vector<float> row_numbers(uint64_t rows, uint64_t columns) {
  std::vector<float> values;
  for (uint64_t row = 0; row < rows; ++row) values.insert(values.end(), columns, float(row));
  return values;
}

// The bytes, one merge, two added tokens; the pre-tokenizer of SmolLM.
Object byte_level_tokenizer() {
  Object vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    std::string spelled;
    append_alphabet_spelling(spelled, {&character, 1});
    vocabulary[spelled] = vocabulary.size();
  }
  vocabulary["ab"] = vocabulary.size();
  return {
      {"added_tokens", Object::array({{{"id", 257}, {"content", "<|end|>"}, {"special", true}},
                                      {{"id", 258}, {"content", "<tool>"}, {"special", false}}})},
      {"normalizer", nullptr},
      {"pre_tokenizer",
       {{"type", "Sequence"},
        {"pretokenizers", Object::array({{{"type", "Digits"}, {"individual_digits", true}},
                                         {{"type", "ByteLevel"}, {"add_prefix_space", false}}})}}},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", Object::array({"a b"})}}}};
}

TestCheckpoint test_decoder(const std::string& type) {
  constexpr uint64_t kRows = 264;  // some beyond the vocabulary
  TestCheckpoint decoder;
  decoder.config = {{"model_type", type},
                    {"hidden_act", "silu"},
                    {"num_hidden_layers", 1},
                    {"max_position_embeddings", 64},
                    {"hidden_size", kWidth},
                    {"intermediate_size", kInner},
                    {"num_attention_heads", kHeads},
                    {"num_key_value_heads", kKvHeads},
                    {"rms_norm_eps", 1e-5},
                    {"rope_theta", 5000.0},
                    {"tie_word_embeddings", true},
                    {"vocab_size", kRows}};
  decoder.tokenizer = byte_level_tokenizer();
  decoder.files["tokenizer_config.json"] = {{"eos_token", {{"content", "<|end|>"}}},
                                            {"chat_template", "{{ messages }}"}};
  decoder.add_random("model.embed_tokens.weight", {kRows, kWidth});
  decoder.add_random("lm_head.weight", {kRows, kWidth});
  const std::string layer = "model.layers.0.";
  for (const std::string name : {"model.norm", "model.layers.0.input_layernorm",
                                 "model.layers.0.post_attention_layernorm"}) {
    decoder.add_random(name + ".weight", {kWidth});
  }
  decoder.add_f32(layer + "self_attn.q_proj.weight", {kHeads * kHeadSize, kWidth},
                  row_numbers(kHeads * kHeadSize, kWidth));
  decoder.add_f32(layer + "self_attn.k_proj.weight", {kKvHeads * kHeadSize, kWidth},
                  row_numbers(kKvHeads * kHeadSize, kWidth));
  decoder.add_random(layer + "self_attn.v_proj.weight", {kKvHeads * kHeadSize, kWidth});
  decoder.add_random(layer + "self_attn.o_proj.weight", {kWidth, kHeads * kHeadSize});
  decoder.add_random(layer + "mlp.gate_proj.weight", {kInner, kWidth});
  decoder.add_random(layer + "mlp.up_proj.weight", {kInner, kWidth});
  decoder.add_random(layer + "mlp.down_proj.weight", {kWidth, kInner});
  return decoder;
}

class ConvertDecoderTest : public testing::Test {
 protected:
  Result<GgufFile> convert(const TestCheckpoint& checkpoint) {
    const TestFolder folder;
    checkpoint.write(folder.path());
    HEARTH_ASSIGN(const Conversion conversion, Conversion::open(folder.path(), {.name = "test"}));
    content_.clear();
    HEARTH_TRY(conversion.write([&](std::span<const std::byte> piece) {
      content_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return Result<void>();
    }));
    return GgufFile::parse(std::as_bytes(std::span(content_)), "test.gguf");
  }

  void expect_refused(const TestCheckpoint& checkpoint, std::string_view fragment) {
    const auto gguf = convert(checkpoint);
    ASSERT_FALSE(gguf.ok()) << fragment;
    EXPECT_EQ(gguf.error().code(), ErrorCode::kUnsupported) << gguf.error().message();
    EXPECT_NE(gguf.error().message().find(fragment), std::string::npos) << gguf.error().message();
  }

  // Which row of the checkpoint each row of a tensor was.
  static std::vector<int> origins(const GgufFile& gguf, std::string_view name) {
    const GgufTensor* tensor = gguf.find_tensor(name);
    std::vector<int> rows;
    for (uint64_t row = 0; tensor != nullptr && row < tensor->row_count(); ++row) {
      float first = 0;
      dequantize(tensor->dtype, tensor->data.subspan(row * kWidth * sizeof(float), sizeof(float)),
                 {&first, 1});
      rows.push_back(static_cast<int>(first));
    }
    return rows;
  }

  std::string content_;
};

TEST_F(ConvertDecoderTest, LlamasQueriesAndKeysChangePlaces) {
  const auto gguf = convert(test_decoder("llama"));
  ASSERT_TRUE(gguf.ok()) << gguf.error().message();
  // Of each head of eight: pairs (0, 4), (1, 5), ... become neighbours.
  const auto keys = origins(*gguf, "blk.0.attn_k.weight");
  EXPECT_EQ(keys, (std::vector<int>{0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15}));
  const auto queries = origins(*gguf, "blk.0.attn_q.weight");
  ASSERT_EQ(queries.size(), 32u);
  EXPECT_TRUE(std::equal(keys.begin(), keys.end(), queries.begin()));
  EXPECT_EQ(queries[25], 28);
}

TEST_F(ConvertDecoderTest, OthersKeepTheirOrder) {
  TestCheckpoint decoder = test_decoder("qwen2");
  for (const std::string part : {"q", "k", "v"}) {
    const uint64_t rows = (part == "q" ? kHeads : kKvHeads) * kHeadSize;
    decoder.add_random("model.layers.0.self_attn." + part + "_proj.bias", {rows});
  }
  const auto gguf = convert(decoder);
  ASSERT_TRUE(gguf.ok()) << gguf.error().message();
  const auto keys = origins(*gguf, "blk.0.attn_k.weight");
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_NE(gguf->find_tensor("blk.0.attn_q.bias"), nullptr);
  // Without the biases it is no qwen2.
  EXPECT_EQ(convert(test_decoder("qwen2")).error().code(), ErrorCode::kCorrupt);
}

TEST_F(ConvertDecoderTest, SettingsAndTheTiedHead) {
  const auto gguf = convert(test_decoder("llama"));
  ASSERT_TRUE(gguf.ok()) << gguf.error().message();
  EXPECT_EQ(gguf->get_uint("llama.attention.head_count_kv").value(), 2u);
  EXPECT_EQ(gguf->get_uint("llama.rope.dimension_count").value(), 8u);
  EXPECT_EQ(gguf->get_float("llama.rope.freq_base").value(), 5000.0);
  EXPECT_EQ(gguf->find_tensor("output.weight"), nullptr);
  TestCheckpoint untied = test_decoder("llama");
  untied.config["tie_word_embeddings"] = false;
  untied.config.erase("rope_theta");
  untied.config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 7000.0}};
  const auto other = convert(untied);
  ASSERT_TRUE(other.ok()) << other.error().message();
  EXPECT_NE(other->find_tensor("output.weight"), nullptr);
  EXPECT_EQ(other->get_float("llama.rope.freq_base").value(), 7000.0);
}

TEST_F(ConvertDecoderTest, TheVocabularyTokenizes) {
  const auto gguf = convert(test_decoder("llama"));
  ASSERT_TRUE(gguf.ok()) << gguf.error().message();
  EXPECT_EQ(gguf->get_string("tokenizer.ggml.pre").value(), "smollm");
  EXPECT_EQ(gguf->get_string("tokenizer.chat_template").value(), "{{ messages }}");
  const auto tokenizer = Tokenizer::create(*gguf);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  EXPECT_EQ(tokenizer->vocab_size(), 264);
  EXPECT_EQ(tokenizer->eos(), 257);
  EXPECT_FALSE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->encode("ab<|end|><tool>", SpecialTokens::kParse),
            (std::vector<TokenId>{256, 257, 258}));
  EXPECT_EQ(tokenizer->encode("xab1", SpecialTokens::kAsText).size(), 3u);
  TestCheckpoint pairs = test_decoder("llama");
  pairs.tokenizer["model"]["merges"] = Object::array({Object::array({"a", "b"})});
  pairs.tokenizer["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", Object::array({{{"SpecialToken", Object{}}}, {{"Sequence", Object{}}}})}};
  pairs.files["tokenizer_config.json"]["bos_token"] = "<|end|>";
  const auto other = convert(pairs);
  ASSERT_TRUE(other.ok()) << other.error().message();
  const auto with_bos = Tokenizer::create(*other);
  ASSERT_TRUE(with_bos.ok()) << with_bos.error().message();
  EXPECT_TRUE(with_bos->add_bos());
  EXPECT_EQ(with_bos->encode("ab", SpecialTokens::kAsText), (std::vector<TokenId>{256}));
}

TEST_F(ConvertDecoderTest, RefusesByName) {
  const auto with = [](const char* key, const Object& value) {
    TestCheckpoint decoder = test_decoder("llama");
    decoder.config[key] = value;
    return decoder;
  };
  expect_refused(with("rope_scaling", {{"rope_type", "llama3"}}), "llama3");
  expect_refused(with("rope_scaling", {{"type", "linear"}}), "linear");
  expect_refused(with("hidden_act", "gelu"), "hidden_act");
  expect_refused(with("attention_bias", true), "attention_bias");
  expect_refused(with("use_sliding_window", true), "use_sliding_window");
  const auto with_tokenizer = [](const char* key, const Object& value) {
    TestCheckpoint decoder = test_decoder("llama");
    decoder.tokenizer[key] = value;
    return decoder;
  };
  expect_refused(with_tokenizer("pre_tokenizer", {{"type", "Metaspace"}}), "Metaspace");
  expect_refused(with_tokenizer("pre_tokenizer", nullptr), "pre_tokenizer is null");
  expect_refused(with_tokenizer("normalizer", {{"type", "Lowercase"}}), "Lowercase");
  TestCheckpoint decoder = test_decoder("llama");
  decoder.tokenizer["model"]["byte_fallback"] = true;
  expect_refused(decoder, "byte_fallback");
  decoder = test_decoder("llama");
  decoder.tokenizer["model"]["ignore_merges"] = true;
  expect_refused(decoder, "ignore_merges");
}

}  // namespace
}  // namespace hearth
