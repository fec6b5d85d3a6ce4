// SPDX-License-Identifier: Apache-2.0
// LoRA adapters: the numbers are those of transformers and PEFT (tests/golden/adapters, made by
// tools/golden/adapters.py), those of a model whose weights were changed instead, and the same bits
// in any company.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "format/lora_file.h"
#include "model/test_adapter.h"
#include "tensor/dequantize.h"
#include "tiny_models.h"

namespace hearth {
namespace {

constexpr int32_t kContext = 512;

std::filesystem::path golden_path(const std::string& name) {
  return std::filesystem::path(HEARTH_SOURCE_DIR "/tests/golden/adapters") / name;
}

std::shared_ptr<const Adapter> load(const std::filesystem::path& path, const Model& model) {
  auto adapter = Adapter::load(adapter_paths(path), model);
  if (!adapter.ok()) ADD_FAILURE() << adapter.error().message();
  return adapter.ok() ? *adapter : nullptr;
}

// What forward() makes of a text with adapters, [ids][vocabulary], `chunk` tokens at a time.
std::vector<float> logits_with(const TinyModel& tiny, std::span<const int32_t> ids,
                               std::span<const AdapterUse> uses, std::size_t chunk) {
  Workspace workspace = Workspace::create(*tiny.model, tiny.pool->size(), kContext).value();
  KvSequence sequence(
      KvPool::create(tiny.model->config(), tiny.model->kv_type(), kContext).value());
  const auto columns = static_cast<std::size_t>(tiny.model->config().vocabulary);
  std::vector<float> out(ids.size() * columns);
  for (std::size_t at = 0; at < ids.size(); at += chunk) {
    const std::size_t count = std::min(chunk, ids.size() - at);
    const BatchPart part = {sequence, ids.subspan(at, count), LogitRows::kAll, uses};
    const auto done = forward(*tiny.model, *tiny.pool, workspace, {&part, 1},
                              {std::span(out).subspan(at * columns, count * columns)});
    if (!done.ok()) ADD_FAILURE() << done.error().message();
  }
  return out;
}

double worst_difference(std::span<const float> a, std::span<const float> b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    if (!(difference <= worst)) worst = difference;  // NaN counts
  }
  return worst;
}

// The largest difference between the golden rows of an adapter and what it makes, from `path`.
double worst_golden_error(const std::string& name, const std::filesystem::path& path, Isa isa) {
  const auto golden = nlohmann::json::parse(std::ifstream(golden_path(name + ".json")));
  const TinyModel tiny = TinyModel::load_golden(golden.at("model"), isa, Numerics::kFloat, 2);
  const std::vector<AdapterUse> uses = {{load(path, *tiny.model)}};
  double worst = 0;
  for (const auto& prompt : golden.at("prompts")) {
    const auto ids = prompt.at("ids").get<std::vector<int32_t>>();
    std::vector<float> rows;
    if (golden.at("hidden").get<bool>()) {
      TinySession session(tiny, kContext);
      rows.resize(ids.size() * static_cast<std::size_t>(tiny.model->config().embedding));
      const auto done =
          encode(*tiny.model, *tiny.pool, session.workspace(), session.sequence(), ids, rows, uses);
      if (!done.ok()) ADD_FAILURE() << done.error().message();
    } else {
      rows = logits_with(tiny, ids, uses, kForwardTokensMax);
    }
    const std::size_t columns = rows.size() / ids.size();
    for (std::size_t i = 0; i < prompt.at("positions").size(); ++i) {
      const auto row = prompt.at("positions")[i].get<std::size_t>();
      const auto expected = prompt.at("rows")[i].get<std::vector<float>>();
      EXPECT_EQ(expected.size(), columns);
      worst = std::max(worst,
                       worst_difference(std::span(rows).subspan(row * columns, columns), expected));
    }
  }
  return worst;
}

using Case = std::tuple<const char*, Isa>;
class EachAdapter : public testing::TestWithParam<Case> {};

TEST_P(EachAdapter, LogitsEqualPeft) {
  const auto [name, isa] = GetParam();
  const double worst = worst_golden_error(name, golden_path(name), isa);
  std::printf("%s: worst error %.1e\n", name, worst);
  EXPECT_LE(worst, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(
    All, EachAdapter,
    testing::Combine(testing::Values("llama", "llama_patterns", "qwen3", "gemma3", "phi3", "bert"),
                     testing::ValuesIn(available_isas().begin(), available_isas().end())),
    [](const auto& one) {
      return std::string(std::get<0>(one.param)) + "_" +
             std::string(isa_name(std::get<1>(one.param)));
    });

TEST(Adapters, AGgufFileHoldsTheSame) {
  const double worst = worst_golden_error("llama", golden_path("llama.gguf"), best_isa());
  std::printf("worst error %.1e\n", worst);
  EXPECT_LE(worst, 1e-3);
}

TEST(Adapters, ASafetensorsFileStandsForItsFolder) {
  const TinyModel tiny = TinyModel::load_golden("llama", best_isa(), Numerics::kFloat, 1);
  const auto adapter = load(golden_path("llama") / "adapter_model.safetensors", *tiny.model);
  ASSERT_NE(adapter, nullptr);
  EXPECT_EQ(adapter->rank(), 8);
  EXPECT_EQ(adapter->modules(), 14);
  EXPECT_GE(adapter->bytes(), 14u * 8 * 2 * 64 * sizeof(float));
}

// The golden GGUF model with the golden GGUF adapter added to its matrices, as floats.
void write_merged(const std::filesystem::path& path, float scale) {
  const MappedGguf model = MappedGguf::open(tiny_path("llama.gguf"), "model").value();
  const MappedGguf file = MappedGguf::open(golden_path("llama.gguf"), "adapter").value();
  const LoraFile lora = LoraFile::read(file.gguf).value();
  std::vector<std::vector<float>> matrices;
  matrices.reserve(model.gguf.tensors().size());
  GgufWriter writer;
  for (const GgufEntry& entry : model.gguf.metadata()) writer.add(entry);
  for (const GgufTensor& tensor : model.gguf.tensors()) {
    const auto columns = static_cast<std::size_t>(tensor.shape[0]);
    auto& values = matrices.emplace_back(columns * static_cast<std::size_t>(tensor.row_count()));
    dequantize(tensor.dtype, tensor.data, values);
    for (const LoraPair& pair : lora.pairs) {
      if (pair.module != tensor.name) continue;
      const auto a = pair.a.values().value();
      const auto b = pair.b.values().value();
      const auto rank = static_cast<std::size_t>(pair.rank());
      for (std::size_t i = 0; i < values.size(); ++i) {
        double sum = 0;
        for (std::size_t r = 0; r < rank; ++r)
          sum += double{b[i / columns * rank + r]} * a[r * columns + i % columns];
        values[i] += static_cast<float>(scale * *lora.alpha / static_cast<double>(rank) * sum);
      }
    }
    writer.add_tensor(tensor.name, DType::kF32, {tensor.shape.data(), tensor.rank},
                      std::as_bytes(std::span(values)));
  }
  ASSERT_TRUE(writer.write(path).ok());
}

std::vector<int32_t> text(uint32_t seed, int32_t count) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < count; ++i) ids.push_back(static_cast<int32_t>(random() % 128));
  return ids;
}

TEST(Adapters, EqualAModelWithChangedWeights) {
  const TestFolder folder;
  const TinyModel tiny = TinyModel::load_golden("llama", best_isa(), Numerics::kFloat, 2);
  const auto adapter = load(golden_path("llama.gguf"), *tiny.model);
  for (const float scale : {1.0f, -0.5f}) {
    write_merged(folder.path() / "merged.gguf", scale);
    const TinyModel merged =
        TinyModel::load(folder.path() / "merged.gguf", best_isa(), Numerics::kFloat, 2).value();
    const auto ids = text(1, 150);
    const std::vector<AdapterUse> uses = {{adapter, scale}};
    EXPECT_LE(
        worst_difference(logits_with(tiny, ids, uses, 128), logits_with(merged, ids, {}, 128)),
        1e-3);
  }
}

TEST(Adapters, OfNothingChangeNothing) {
  const TinyModel tiny = TinyModel::load_golden("llama", best_isa(), Numerics::kFast, 2);
  const std::vector<AdapterUse> uses = {{load(golden_path("llama"), *tiny.model), 0.0f}};
  const auto ids = text(2, 40);
  const auto without = logits_with(tiny, ids, {}, 128);
  EXPECT_EQ(logits_with(tiny, ids, uses, 128), without);
  const std::vector<AdapterUse> some = {{uses[0].adapter, 0.1f}};
  EXPECT_GE(worst_difference(logits_with(tiny, ids, some, 128), without), 0.01);
}

// Rounded to bytes they change as much as in float, but for a small part of what they change.
TEST(Adapters, BytesAreNearFloats) {
  const TinyModel fast = TinyModel::load_golden("llama", best_isa(), Numerics::kFast, 2);
  const TinyModel exact = TinyModel::load_golden("llama", best_isa(), Numerics::kFloat, 2);
  const auto ids = text(3, 40);
  const auto in_bytes = logits_with(
      fast, ids, std::vector<AdapterUse>{{load(golden_path("llama"), *fast.model)}}, 128);
  const auto in_floats = logits_with(
      exact, ids, std::vector<AdapterUse>{{load(golden_path("llama"), *exact.model)}}, 128);
  const auto without = logits_with(exact, ids, {}, 128);
  double error = 0, change = 0;
  for (std::size_t i = 0; i < in_floats.size(); ++i) {
    error += std::pow(double{in_bytes[i]} - in_floats[i], 2);
    change += std::pow(double{in_floats[i]} - without[i], 2);
  }
  std::printf("error %.4f of the change\n", std::sqrt(error / change));
  EXPECT_LE(std::sqrt(error / change), 0.03);
}

// ---- company ----

// A text with adapters, what it comes to by itself, and how far it is in a batch.
struct Course {
  std::vector<int32_t> ids;
  std::vector<AdapterUse> uses;
  std::vector<float> logits;
  KvSequence sequence;
};

std::vector<Course> courses(const TinyModel& tiny,
                            std::span<const std::shared_ptr<const Adapter>> a) {
  const std::vector<std::vector<AdapterUse>> all_uses = {{},
                                                         {{a[0], 1.0f}},
                                                         {{a[1], 1.0f}},
                                                         {{a[0], 0.5f}},
                                                         {{a[0], 1.0f}, {a[1], -0.7f}},
                                                         {{a[1], -0.7f}, {a[0], 1.0f}},
                                                         {{a[2], 1.0f}, {a[2], 0.3f}, {a[0], 0.1f}},
                                                         {{a[0], 1.0f}},
                                                         {}};
  std::vector<Course> all;
  uint32_t seed = 0;
  for (const auto& uses : all_uses) {
    const int32_t length = std::array{310, 200, 150, 66, 40, 12, 300, 5, 3}[seed];
    const auto ids = text(seed++, length);
    KvSequence sequence(
        KvPool::create(tiny.model->config(), tiny.model->kv_type(), length).value());
    all.push_back({ids, uses, logits_with(tiny, ids, uses, 64), std::move(sequence)});
  }
  return all;
}

// Some of the texts, in any order, a piece of each.
std::vector<BatchPart> draw_parts(std::vector<Course>& courses, std::mt19937& random) {
  std::vector<BatchPart> parts;
  std::size_t room = kForwardTokensMax;
  std::vector<Course*> order;
  for (Course& course : courses) order.push_back(&course);
  std::shuffle(order.begin(), order.end(), random);
  for (Course* one : order) {
    Course& course = *one;
    const auto rest =
        std::span(course.ids).subspan(static_cast<std::size_t>(course.sequence.length()));
    const std::size_t wanted = random() % 3 == 0 ? 1 + random() % 70 : 1;
    const std::size_t count = std::min({rest.size(), room, wanted});
    if (count == 0 || random() % 5 == 0) continue;
    constexpr LogitRows kRows[] = {LogitRows::kLast, LogitRows::kAll, LogitRows::kNone};
    parts.push_back({course.sequence, rest.first(count), kRows[random() % 3], course.uses});
    room -= count;
  }
  return parts;
}

class EachModel : public testing::TestWithParam<Case> {};

TEST_P(EachModel, CompanyDoesNotMatter) {
  const auto [name, isa] = GetParam();
  const auto numerics = isa == Isa::kScalar ? Numerics::kFloat : Numerics::kFast;
  std::vector<float> of_first;  // the same for any number of threads, too
  for (const int threads : {1, 2, 3}) {
    const TinyModel tiny = TinyModel::load_golden(name, isa, numerics, threads);
    const auto columns = static_cast<std::size_t>(tiny.model->config().vocabulary);
    std::vector<std::shared_ptr<const Adapter>> adapters;
    for (const int32_t rank : {8, 3, 17})
      adapters.push_back(random_adapter(*tiny.model, rank, 5).load(*tiny.model).value());
    Workspace workspace = Workspace::create(*tiny.model, threads, kContext).value();
    std::vector<Course> all = courses(tiny, adapters);
    if (of_first.empty()) of_first = all[4].logits;
    ASSERT_EQ(all[4].logits, of_first);
    EXPECT_NE(all[4].logits, std::vector<float>(all[4].logits.size(), 0.0f));
    std::mt19937 random(static_cast<uint32_t>(threads));
    for (int step = 0; step < 400; ++step) {
      const auto parts = draw_parts(all, random);
      if (parts.empty()) continue;
      std::vector<float> expected;
      for (const BatchPart& part : parts) {
        const auto course = std::find_if(all.begin(), all.end(), [&](const Course& one) {
          return &one.sequence == &part.sequence;
        });
        const auto end = course->logits.begin() +
                         (part.sequence.length() + part.count()) * static_cast<long>(columns);
        expected.insert(expected.end(), end - part.logit_rows() * static_cast<long>(columns), end);
      }
      std::vector<float> logits(expected.size());
      ASSERT_TRUE(forward(*tiny.model, *tiny.pool, workspace, parts, {logits}).ok());
      ASSERT_EQ(std::memcmp(logits.data(), expected.data(), logits.size() * sizeof(float)), 0);
    }
    for (const Course& course : all)
      EXPECT_EQ(course.sequence.length(), static_cast<int32_t>(course.ids.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(All, EachModel,
                         testing::Combine(testing::Values("llama", "gemma3_scaled", "granite"),
                                          testing::ValuesIn(available_isas().begin(),
                                                            available_isas().end())),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param)) + "_" +
                                  std::string(isa_name(std::get<1>(one.param)));
                         });

// The order in which two are added up is the list's, whatever order others have.
TEST(Adapters, AreAddedInTheOrderOfTheirList) {
  const TinyModel tiny = TinyModel::load_golden("llama", best_isa(), Numerics::kFast, 1);
  const auto one = random_adapter(*tiny.model, 8, 1).load(*tiny.model).value();
  const auto two = random_adapter(*tiny.model, 8, 2).load(*tiny.model).value();
  EXPECT_NE(one->version(), two->version());
  const auto ids = text(4, 30);
  const std::vector<AdapterUse> a = {{one}, {two}}, b = {{two}, {one}};
  EXPECT_LE(worst_difference(logits_with(tiny, ids, a, 128), logits_with(tiny, ids, b, 128)), 0.3);
  EXPECT_NE(logits_with(tiny, ids, a, 128), logits_with(tiny, ids, b, 128));  // rounds otherwise
  EXPECT_FALSE(AdapterKey::of(a) == AdapterKey::of(b));
  EXPECT_FALSE(AdapterKey::of(a) == AdapterKey::of(std::span(a).first(1)));
  const std::vector<AdapterUse> half = {{one, 0.5f}, {two}};
  EXPECT_FALSE(AdapterKey::of(a) == AdapterKey::of(half));
  EXPECT_TRUE(AdapterKey::of(a) == AdapterKey::of(std::vector(a)));
}

}  // namespace
}  // namespace hearth
