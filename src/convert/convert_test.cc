// SPDX-License-Identifier: Apache-2.0
// Conversion of small checkpoints: names, orders, types; and what is refused, by name.
#include "convert/convert.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/test_folder.h"
#include "convert/test_checkpoint.h"
#include "format/gguf.h"
#include "tensor/dequantize.h"
#include "text/tokenizer.h"

namespace hearth {
namespace {

using Object = TestCheckpoint::Object;

// A converted checkpoint, in memory.
struct Converted {
  std::string content;
  GgufFile gguf;

  std::vector<float> values(std::string_view name) const {
    const GgufTensor* tensor = gguf.find_tensor(name);
    if (tensor == nullptr) return {};
    std::vector<float> out(tensor->row_values() * tensor->row_count());
    dequantize(tensor->dtype, tensor->data, out);
    return out;
  }
};

std::vector<float> floats_of(const TestCheckpoint& checkpoint, const std::string& name) {
  const std::string& bytes = checkpoint.tensors.at(name).bytes;
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

class ConvertTest : public testing::Test {
 protected:
  Result<std::string> bytes_of(const std::filesystem::path& path, std::optional<DType> type = {}) {
    HEARTH_ASSIGN(const Conversion conversion,
                  Conversion::open(path, {.name = "test", .matrix_type = type}));
    std::string content;
    HEARTH_TRY(conversion.write([&](std::span<const std::byte> piece) {
      content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return Result<void>();
    }));
    EXPECT_EQ(content.size(), conversion.byte_count());
    return content;
  }

  void convert(const TestCheckpoint& checkpoint, Converted& converted,
               std::optional<DType> type = {}) {
    checkpoint.write(folder_.path());
    auto content = bytes_of(folder_.path(), type);
    ASSERT_TRUE(content.ok()) << content.error().message();
    converted.content = std::move(content).value();
    auto gguf = GgufFile::parse(std::as_bytes(std::span(converted.content)), "test.gguf");
    ASSERT_TRUE(gguf.ok()) << gguf.error().message();
    converted.gguf = std::move(gguf).value();
  }

  void expect_refused(const TestCheckpoint& checkpoint, ErrorCode code, std::string_view fragment,
                      std::optional<DType> type = {}) {
    const TestFolder folder;
    checkpoint.write(folder.path());
    const auto content = bytes_of(folder.path(), type);
    ASSERT_FALSE(content.ok()) << fragment;
    EXPECT_EQ(content.error().code(), code) << content.error().message();
    const std::string& message = content.error().message();
    EXPECT_NE(message.find(fragment), std::string::npos) << message << "\nlacks: " << fragment;
    EXPECT_NE(message.find("; "), std::string::npos) << message;
  }

  TestFolder folder_;
};

TEST_F(ConvertTest, BertKeepsItsNumbersUnderGgufsNames) {
  const TestCheckpoint bert = test_bert();
  Converted converted;
  convert(bert, converted);
  const GgufFile& gguf = converted.gguf;
  EXPECT_EQ(gguf.get_string("general.architecture").value(), "bert");
  EXPECT_EQ(gguf.get_string("general.name").value(), "test");
  EXPECT_EQ(gguf.get_uint("bert.block_count").value(), 2u);
  EXPECT_EQ(gguf.get_uint("bert.context_length").value(), 24u);
  EXPECT_EQ(gguf.get_uint("bert.feed_forward_length").value(), 96u);
  EXPECT_EQ(gguf.get_uint("bert.attention.head_count").value(), 4u);
  EXPECT_EQ(gguf.get_bool("bert.attention.causal").value(), false);
  EXPECT_EQ(gguf.get_uint("tokenizer.ggml.token_type_count").value(), 2u);
  EXPECT_EQ(gguf.find("bert.pooling_type"), nullptr);
  EXPECT_EQ(gguf.tensors().size(), 5u + 2u * 16u);
  const GgufTensor* up = gguf.find_tensor("blk.1.ffn_up.weight");
  ASSERT_NE(up, nullptr);
  EXPECT_EQ(up->shape, (std::array<uint64_t, 4>{64, 96, 1, 1}));
  EXPECT_EQ(converted.values("blk.1.ffn_up.weight"),
            floats_of(bert, "encoder.layer.1.intermediate.dense.weight"));
  EXPECT_EQ(converted.values("blk.0.layer_output_norm.bias"),
            floats_of(bert, "encoder.layer.0.output.LayerNorm.bias"));
  EXPECT_EQ(gguf.find_tensor("pooler.dense.weight"), nullptr);
  const auto tokenizer = Tokenizer::create(gguf);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  const auto ids = tokenizer->encode("Hello worlding!", SpecialTokens::kAsText);
  EXPECT_EQ(tokenizer->decode(ids, SpecialTokens::kAsText), "hello worlding !");
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(tokenizer->bos(), 2);
  EXPECT_EQ(tokenizer->eos(), 3);
}

TEST_F(ConvertTest, ThePrefixOfATaskModelIsTakenOff) {
  TestCheckpoint bert = test_bert();
  std::map<std::string, TestCheckpoint::Tensor> prefixed;
  for (auto& [name, tensor] : bert.tensors) prefixed["bert." + name] = tensor;
  prefixed["cls.predictions.bias"] = bert.tensors.at("pooler.dense.weight");
  bert.tensors = prefixed;
  Converted converted;
  convert(bert, converted);
  EXPECT_NE(converted.gguf.find_tensor("blk.1.attn_q.bias"), nullptr);
}

TEST_F(ConvertTest, MatricesAreRoundedAsAskedAndVectorsAreNot) {
  const TestCheckpoint bert = test_bert();
  for (const DType type : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8_0}) {
    Converted converted;
    convert(bert, converted, type);
    const GgufFile& gguf = converted.gguf;
    EXPECT_EQ(gguf.find_tensor("token_embd.weight")->dtype, type);
    EXPECT_EQ(gguf.find_tensor("blk.0.ffn_down.weight")->dtype, type);
    EXPECT_EQ(gguf.find_tensor("position_embd.weight")->dtype, DType::kF32);
    EXPECT_EQ(gguf.find_tensor("token_types.weight")->dtype, DType::kF32);
    EXPECT_EQ(gguf.find_tensor("blk.0.ffn_down.bias")->dtype, DType::kF32);
    const auto wanted = floats_of(bert, "encoder.layer.0.output.dense.weight");
    const auto got = converted.values("blk.0.ffn_down.weight");
    ASSERT_EQ(got.size(), wanted.size());
    const float error_max = type == DType::kF32 ? 0.0f : type == DType::kF16 ? 1e-4f : 2e-3f;
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], wanted[i], error_max);
  }
}

TEST_F(ConvertTest, ReadsShardsAndTheirIndex) {
  const TestCheckpoint bert = test_bert();
  Converted whole;
  convert(bert, whole);
  const TestFolder folder;
  bert.write_settings(folder.path());
  const std::size_t half = bert.tensors.size() / 2;
  Object map;
  std::size_t index = 0;
  for (const auto& [name, tensor] : bert.tensors) {
    map[name] = index++ < half ? "a.safetensors" : "b.safetensors";
  }
  const auto write = [&](const char* name, const std::string& content) {
    TestCheckpoint::write_file(folder.path() / name, content);
  };
  write("model.safetensors.index.json", Object{{"weight_map", map}}.dump());
  write("a.safetensors", bert.safetensors(0, half));
  write("b.safetensors", bert.safetensors(half, bert.tensors.size()));
  const auto sharded = bytes_of(folder.path());
  ASSERT_TRUE(sharded.ok()) << sharded.error().message();
  EXPECT_EQ(*sharded, whole.content);
  write("b.safetensors", bert.safetensors(half - 1, bert.tensors.size()));
  EXPECT_NE(bytes_of(folder.path()).error().message().find("in two files"), std::string::npos);
  map[bert.tensors.begin()->first] = "../a.safetensors";
  write("model.safetensors.index.json", Object{{"weight_map", map}}.dump());
  EXPECT_NE(bytes_of(folder.path()).error().message().find("weight_map"), std::string::npos);
}

TEST_F(ConvertTest, ReadsVocabTxtWhereThereIsNoTokenizerJson) {
  TestCheckpoint bert = test_bert();
  Converted with_json;
  convert(bert, with_json);
  std::string lines;
  for (const auto& [token, id] : bert.tokenizer["model"]["vocab"].items()) lines += token + "\n";
  bert.tokenizer = nullptr;
  const TestFolder folder;
  bert.write(folder.path());
  EXPECT_EQ(bytes_of(folder.path()).error().code(), ErrorCode::kNotFound);
  TestCheckpoint::write_file(folder.path() / "vocab.txt", lines);
  EXPECT_EQ(bytes_of(folder.path()).value(), with_json.content);
}

TEST_F(ConvertTest, ReadsPooling) {
  TestCheckpoint bert = test_bert();
  const std::string type = "sentence_transformers.models.";
  const auto module = [&](const std::string& name, const std::string& path) {
    return Object{{"type", type + name}, {"path", path}};
  };
  bert.files["modules.json"] = Object::array(
      {module("Transformer", ""), module("Pooling", "1_Pooling"), module("Normalize", "2_N")});
  constexpr std::pair<const char*, uint32_t> kModes[] = {{"pooling_mode_mean_tokens", 1},
                                                         {"pooling_mode_cls_token", 2},
                                                         {"pooling_mode_lasttoken", 3}};
  for (const auto& [mode, pooling_type] : kModes) {
    bert.files["1_Pooling/config.json"] = {{"word_embedding_dimension", 64}, {mode, true}};
    Converted converted;
    convert(bert, converted);
    EXPECT_EQ(converted.gguf.get_uint("bert.pooling_type").value(), pooling_type);
  }
  bert.files["1_Pooling/config.json"] = {{"pooling_mode_max_tokens", true}};
  expect_refused(bert, ErrorCode::kUnsupported, "pooling_mode_max_tokens");
  bert.files["1_Pooling/config.json"] = {{"pooling_mode_cls_token", true},
                                         {"pooling_mode_mean_tokens", true}};
  expect_refused(bert, ErrorCode::kUnsupported, "on beside pooling_mode_cls_token");
  bert.files["1_Pooling/config.json"] = {{"pooling_mode_cls_token", true}};
  bert.files["modules.json"].push_back(module("Dense", "3_Dense"));
  expect_refused(bert, ErrorCode::kUnsupported, "Dense");
}

TEST_F(ConvertTest, RefusesByName) {
  const auto with = [](const char* key, const Object& value) {
    TestCheckpoint bert = test_bert();
    bert.config[key] = value;
    return bert;
  };
  expect_refused(with("model_type", "t5"), ErrorCode::kUnsupported, "\"t5\"");
  expect_refused(with("model_type", nullptr), ErrorCode::kCorrupt, "model_type is absent");
  expect_refused(with("hidden_act", "relu"), ErrorCode::kUnsupported, "hidden_act is \"relu\"");
  expect_refused(with("position_embedding_type", "relative_key"), ErrorCode::kUnsupported,
                 "relative_key");
  expect_refused(with("num_hidden_layers", 3), ErrorCode::kCorrupt, "encoder.layer.2.");
  expect_refused(with("num_hidden_layers", 1), ErrorCode::kUnsupported,
                 "encoder.layer.1.attention.output.LayerNorm.bias: hearth knows no place");
  expect_refused(with("num_hidden_layers", -1), ErrorCode::kCorrupt, "num_hidden_layers is -1");
  expect_refused(with("hidden_size", "64"), ErrorCode::kCorrupt, "hidden_size is not an integer");
  expect_refused(with("vocab_size", 10), ErrorCode::kCorrupt, "vocab_size is 10");
  TestCheckpoint bert = test_bert();
  bert.tensors["adapter.weight"] = bert.tensors.at("pooler.dense.weight");
  expect_refused(bert, ErrorCode::kUnsupported, "adapter.weight");
  bert = test_bert();
  bert.tensors["embeddings.word_embeddings.weight"].dtype = "I32";
  expect_refused(bert, ErrorCode::kUnsupported, "is I32 of shape");
  bert = test_bert();
  bert.add_random("embeddings.word_embeddings.weight", {62, 40});
  expect_refused(bert, ErrorCode::kUsage, "multiples of 32", DType::kQ8_0);
}

TEST_F(ConvertTest, RefusesTokenizersThatItWouldNotFollow) {
  const auto with = [](const char* object, const char* key, const Object& value) {
    TestCheckpoint bert = test_bert();
    bert.tokenizer[object][key] = value;
    return bert;
  };
  constexpr auto kCode = ErrorCode::kUnsupported;
  expect_refused(with("model", "type", "Unigram"), kCode, "Unigram");
  expect_refused(with("model", "continuing_subword_prefix", "@@"), kCode, "@@");
  expect_refused(with("model", "max_input_chars_per_word", 50), kCode, "50");
  expect_refused(with("normalizer", "type", "NFC"), kCode, "NFC");
  expect_refused(with("normalizer", "clean_text", false), kCode, "clean_text");
  expect_refused(with("normalizer", "handle_chinese_chars", false), kCode, "handle_chinese_chars");
  expect_refused(with("pre_tokenizer", "type", "Whitespace"), kCode, "Whitespace");
  TestCheckpoint bert = test_bert();
  bert.tokenizer["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", Object::array({{{"Sequence", {{"id", "A"}}}}, {{"SpecialToken", Object{}}}})}};
  expect_refused(bert, kCode, "Sequence SpecialToken");
  bert = test_bert();
  bert.tokenizer["model"]["vocab"].erase("[SEP]");
  expect_refused(bert, ErrorCode::kCorrupt, "[SEP]");
  expect_refused(with("model", "vocab", Object{{"a", -1}}), ErrorCode::kCorrupt, "has no id");
  expect_refused(with("model", "vocab", Object{{"a", 1}, {"b", 1}}), ErrorCode::kCorrupt,
                 "1 is both a and b");
}

TEST_F(ConvertTest, RefusesWeightsThatTheTypeCannotHold) {
  TestCheckpoint bert = test_bert();
  const std::string name = "encoder.layer.0.output.dense.weight";
  auto values = floats_of(bert, name);
  values[5] = 70000.0f;
  bert.add_f32(name, {64, 96}, values);
  expect_refused(bert, ErrorCode::kUsage, "70000", DType::kF16);
  Converted converted;
  convert(bert, converted, DType::kBF16);
  values[5] = std::numeric_limits<float>::quiet_NaN();
  bert.add_f32(name, {64, 96}, values);
  expect_refused(bert, ErrorCode::kCorrupt, name);
}

TEST_F(ConvertTest, NamesWhatIsMissing) {
  EXPECT_EQ(bytes_of(folder_.path() / "none").error().code(), ErrorCode::kNotFound);
  const auto message = [&] { return bytes_of(folder_.path()).error().message(); };
  EXPECT_NE(message().find("config.json"), std::string::npos) << message();
  test_bert().write_settings(folder_.path());
  EXPECT_NE(message().find("no model.safetensors"), std::string::npos) << message();
  TestCheckpoint::write_file(folder_.path() / "pytorch_model.bin", "x");
  EXPECT_NE(message().find("pytorch_model.bin"), std::string::npos) << message();
  TestCheckpoint::write_file(folder_.path() / "config.json", "{");
  EXPECT_NE(message().find("is not JSON"), std::string::npos) << message();
  EXPECT_FALSE(parse_matrix_type("Q4_0").ok());
  EXPECT_EQ(parse_matrix_type("Q8_0").value(), DType::kQ8_0);
}

}  // namespace
}  // namespace hearth
