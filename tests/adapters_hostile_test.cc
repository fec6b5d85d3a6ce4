// SPDX-License-Identifier: Apache-2.0
// Adapters that make no sense, or not for this model: each is refused by one line that says which
// part, why, and what to do.
#include <gtest/gtest.h>

#include <limits>

#include "model/test_adapter.h"
#include "tiny_models.h"

namespace hearth {
namespace {

const std::string kUp = "base_model.model.model.layers.0.mlp.up_proj";

class HostileAdapter : public testing::Test {
 protected:
  TinyModel tiny_ = TinyModel::load_golden("llama", best_isa(), Numerics::kFloat, 1);
  TestAdapter adapter_ = random_adapter(*tiny_.model, 4, 1);

  void expect(ErrorCode code, std::string_view part, const std::filesystem::path& path) const {
    const auto loaded = Adapter::load(adapter_paths(path), *tiny_.model);
    ASSERT_FALSE(loaded.ok()) << part;
    const std::string& message = loaded.error().message();
    EXPECT_EQ(loaded.error().code(), code) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_NE(message.find("; "), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  void expect(ErrorCode code, std::string_view part) const {
    const TestFolder folder;
    adapter_.write(folder.path());
    expect(code, part, folder.path());
  }
  void expect_config(ErrorCode code, std::string_view part, std::string_view more) {
    adapter_.config = concat("{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8", more, "}");
    expect(code, part);
  }
};

TEST_F(HostileAdapter, IsFineAtFirst) {
  EXPECT_TRUE(adapter_.load(*tiny_.model).ok());
  expect_config(ErrorCode::kUnsupported, "use_dora", ", \"use_dora\": true");
  adapter_.config = "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8, \"use_dora\": false}";
  EXPECT_TRUE(adapter_.load(*tiny_.model).ok());
}

TEST_F(HostileAdapter, HalfOfAPair) {
  adapter_.tensors.erase(kUp + ".lora_B.weight");
  expect(ErrorCode::kCorrupt, "model.layers.0.mlp.up_proj.lora_A.weight: has no B");
  adapter_.tensors.erase(kUp + ".lora_A.weight");
  EXPECT_TRUE(adapter_.load(*tiny_.model).ok());
}

TEST_F(HostileAdapter, Ranks) {
  adapter_.tensors[kUp + ".lora_B.weight"] = {96, 5, std::vector<float>(96 * 5)};
  expect(ErrorCode::kCorrupt, "has rank 4 and its B 5");
  adapter_ = random_adapter(*tiny_.model, 4, 1);
  expect_config(ErrorCode::kCorrupt, "has rank 4 where adapter_config.json says 6",
                ", \"rank_pattern\": {\"up_proj\": 6}");
  expect_config(ErrorCode::kUnsupported,
                "mlp.down_proj: ", ", \"rank_pattern\": {\"(?=up)up_proj\": 4}");
}

TEST_F(HostileAdapter, AnotherModelsShapes) {
  adapter_.tensors[kUp + ".lora_A.weight"] = {4, 96, std::vector<float>(4 * 96)};
  expect(ErrorCode::kUsage, "is for 96 inputs and 96 outputs where the model has 64 and 96");
  adapter_ = random_adapter(*tiny_.model, 4, 1);
  const std::string beyond = "base_model.model.model.layers.2.mlp.up_proj";
  adapter_.tensors[beyond + ".lora_A.weight"] = adapter_.tensors[kUp + ".lora_A.weight"];
  adapter_.tensors[beyond + ".lora_B.weight"] = adapter_.tensors[kUp + ".lora_B.weight"];
  expect(ErrorCode::kUsage, "the model has 2 layers");
  const auto other = TinyModel::load_golden("qwen2", best_isa(), Numerics::kFloat, 1);
  EXPECT_EQ(Adapter::load({HEARTH_SOURCE_DIR "/tests/golden/adapters/llama.gguf"}, *other.model)
                .error()
                .code(),
            ErrorCode::kUsage);
}

TEST_F(HostileAdapter, Values) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const char* half : {".lora_A.weight", ".lora_B.weight"}) {
      adapter_ = random_adapter(*tiny_.model, 4, 1);
      adapter_.tensors[kUp + half].values[17] = value;
      expect(ErrorCode::kCorrupt, concat("up_proj", half, ": holds a value that is no finite"));
    }
  }
  adapter_ = random_adapter(*tiny_.model, 4, 1);
  adapter_.tensors[kUp + ".lora_B.weight"].values[17] = 3e38f;
  expect_config(ErrorCode::kCorrupt, "times 2 its values are no numbers", "");
}

TEST_F(HostileAdapter, UnknownParts) {
  const TestTensor a = adapter_.tensors[kUp + ".lora_A.weight"];
  const TestTensor b = adapter_.tensors[kUp + ".lora_B.weight"];
  const auto with = [&](const std::string& module) {
    adapter_ = random_adapter(*tiny_.model, 4, 1);
    adapter_.tensors["base_model.model." + module + ".lora_A.weight"] = a;
    adapter_.tensors["base_model.model." + module + ".lora_B.weight"] = b;
  };
  with("lm_head");
  expect(ErrorCode::kUnsupported, "lm_head: is the output head");
  with("model.embed_tokens");
  expect(ErrorCode::kUnsupported, "embed_tokens: is the embedding table");
  for (const char* module :
       {"model.layers.0.mlp.up", "model.layers.x.mlp.up_proj", "model.layers.0",
        "model.layers.-1.mlp.up_proj", "encoder.layer.0.output.dense", ""}) {
    with(module);
    expect(ErrorCode::kUnsupported, "is no module that hearth adapts");
  }
  with("layers.0.mlp.up_proj");
  expect(ErrorCode::kCorrupt, "is adapted under another name");
  for (const auto& [name, part] : std::vector<std::pair<std::string, std::string>>{
           {kUp + ".lora_magnitude_vector", "belongs to DoRA"},
           {"base_model.model.model.embed_tokens.lora_embedding_A", "adapts an embedding table"},
           {kUp + ".lora_B.bias", "is a bias"},
           {"base_model.model.lm_head.weight", "modules_to_save"}}) {
    adapter_ = random_adapter(*tiny_.model, 4, 1);
    adapter_.tensors[name] = a;
    expect(ErrorCode::kUnsupported, part);
  }
  adapter_.tensors.clear();
  expect(ErrorCode::kCorrupt, "holds no matrices of LoRA");
}

TEST_F(HostileAdapter, Settings) {
  expect_config(ErrorCode::kUnsupported, "modules_to_save", ", \"modules_to_save\": [\"lm_head\"]");
  expect_config(ErrorCode::kUnsupported, "bias: \"all\"", ", \"bias\": \"all\"");
  expect_config(ErrorCode::kUnsupported, "pissa_niter_16",
                ", \"init_lora_weights\": \"pissa_niter_16\"");
  expect_config(ErrorCode::kCorrupt, "at byte", ", \"use_rslora\": 1");
  for (const auto& [config, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "at byte 0"},
           {"{}", "peft_type: is absent"},
           {"{\"peft_type\": \"LORA\", \"lora_alpha\": 1}", "r: is absent"},
           {"{\"peft_type\": \"LORA\", \"r\": 4}", "lora_alpha: is absent"},
           {"{\"peft_type\": \"LORA\", \"r\": 0, \"lora_alpha\": 1}", "r: 0 is no rank"},
           {"{\"peft_type\": \"LORA\", \"r\": 2.5, \"lora_alpha\": 1}", "r: 2.5 is no rank"},
           {"{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 1e999}", "out of range"}}) {
    adapter_.config = config;
    expect(ErrorCode::kCorrupt, part);
  }
  adapter_.config = "{\"peft_type\": \"IA3\", \"r\": 4, \"lora_alpha\": 1}";
  expect(ErrorCode::kUnsupported, "\"IA3\" is not supported");
}

TEST_F(HostileAdapter, Files) {
  const TestFolder folder;
  expect(ErrorCode::kNotFound, "adapter_config.json: there is no such file", folder.path());
  expect(ErrorCode::kNotFound, "No such file", folder.path() / "nothing.gguf");
  adapter_.write(folder.path());
  const auto weights = folder.path() / "adapter_model.safetensors";
  const auto whole = std::filesystem::file_size(weights);
  for (const auto bytes : {whole - 1, whole / 2, std::uintmax_t{9}, std::uintmax_t{3}}) {
    std::filesystem::resize_file(weights, bytes);
    expect(ErrorCode::kCorrupt, "adapter_model.safetensors", folder.path());
  }
  std::filesystem::remove(weights);
  std::ofstream(folder.path() / "adapter_model.bin") << "pickle";
  expect(ErrorCode::kNotFound, "save the adapter as safetensors", folder.path());
  expect(ErrorCode::kUsage, "is a model, no adapter", tiny_path("llama.gguf"));
}

TEST_F(HostileAdapter, GgufFiles) {
  const MappedGguf golden =
      MappedGguf::open(HEARTH_SOURCE_DIR "/tests/golden/adapters/llama.gguf", "golden").value();
  const auto expect_without = [&](ErrorCode code, std::string_view part, std::string_view key,
                                  std::string_view tensor,
                                  const std::function<void(GgufWriter&)>& more) {
    GgufWriter writer;
    for (const GgufEntry& entry : golden.gguf.metadata()) {
      if (entry.key != key) writer.add(entry);
    }
    more(writer);
    for (const GgufTensor& one : golden.gguf.tensors()) {
      if (one.name != tensor)
        writer.add_tensor(one.name, one.dtype, {one.shape.data(), one.rank}, one.data);
    }
    const TestFolder folder;
    ASSERT_TRUE(writer.write(folder.path() / "adapter.gguf").ok());
    expect(code, part, folder.path() / "adapter.gguf");
  };
  const auto nothing = [](GgufWriter&) {};
  expect_without(ErrorCode::kCorrupt, "blk.1.ffn_up.weight.lora_b: has no A", "",
                 "blk.1.ffn_up.weight.lora_a", nothing);
  expect_without(ErrorCode::kUnsupported, "adapter.type: \"\"", "adapter.type", "", nothing);
  expect_without(ErrorCode::kUsage, "is a model, no adapter", "general.type", "", nothing);
  expect_without(
      ErrorCode::kUsage, "is for the architecture \"qwen2\"", "general.architecture", "",
      [](GgufWriter& writer) { writer.add("general.architecture", std::string_view("qwen2")); });
  const std::vector<float> values(64, 0.5f);
  for (const auto& [name, part] : std::vector<std::pair<std::string, std::string>>{
           {"blk.0.attn_norm.weight", "is no matrix of LoRA"},
           {"output.weight.lora_a", "has no B"}}) {
    expect_without(name.ends_with("lora_a") ? ErrorCode::kCorrupt : ErrorCode::kUnsupported, part,
                   "", "", [&, name = name](GgufWriter& writer) {
                     writer.add_tensor(name, DType::kF32, std::vector<uint64_t>{64, 1},
                                       std::as_bytes(std::span(values)));
                   });
  }
}

TEST_F(HostileAdapter, Uses) {
  const auto adapter = adapter_.load(*tiny_.model).value();
  const auto other = TinyModel::load_golden("llama", best_isa(), Numerics::kFloat, 1);
  const auto code = [&](const Model& model, const std::vector<AdapterUse>& uses) {
    const auto checked = check_adapters(model, uses);
    return checked.ok() ? ErrorCode::kInternal : checked.error().code();
  };
  EXPECT_EQ(code(*tiny_.model, {{adapter}, {adapter, -3.0f}}), ErrorCode::kInternal);
  EXPECT_EQ(code(*other.model, {{adapter}}), ErrorCode::kUsage);
  EXPECT_EQ(code(*tiny_.model, {{nullptr}}), ErrorCode::kUsage);
  EXPECT_EQ(code(*tiny_.model, {{adapter, std::numeric_limits<float>::infinity()}}),
            ErrorCode::kUsage);
  EXPECT_EQ(code(*tiny_.model, std::vector<AdapterUse>(5, {adapter})), ErrorCode::kUsage);
}

}  // namespace
}  // namespace hearth
