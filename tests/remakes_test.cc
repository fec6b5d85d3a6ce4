// SPDX-License-Identifier: Apache-2.0
// The real model in every type that hearth computes with: the remake is the same file that the
// golden data was made from, and its perplexity on the fast path is PyTorch's float32 on the same
// weights.
#include <gtest/gtest.h>

#include <cmath>

#include "base/test_folder.h"
#include "evaluate/evaluate.h"
#include "package/sha256.h"
#include "real_model.h"
#include "remake.h"

namespace hearth {
namespace {

constexpr int kThreads = 2;
constexpr int kWindow = 512;
constexpr int kWindows = 4;  // of the 10 that the text has: enough to see a wrong format
constexpr double kTolerance = 0.006;
// Where the type itself ruins the model (Q2_K, MXFP4 without calibration), rounded activations
// weigh more: the bar is for models that somebody would use.
constexpr double kRuinedPerplexity = 40;
constexpr double kRuinedTolerance = 0.015;

std::string sha256_of(const std::filesystem::path& path) {
  const MappedFile file = MappedFile::open(path).value();
  Sha256 hash;
  hash.update(file.bytes());
  return hash.finish_hex();
}

double golden_perplexity(const nlohmann::json& windows) {
  double sum = 0;
  for (int i = 0; i < kWindows; ++i) sum += windows.at(static_cast<std::size_t>(i)).get<double>();
  return std::exp(sum / kWindows);
}

TEST(Remakes, PerplexityIsPyTorchs) {
  HEARTH_NEED_REAL_MODEL();
  const auto text = licence_texts({"GFDL-1.3"});
  if (!text) GTEST_SKIP() << "this system lacks Debian's common licences";
  const auto golden = golden_json("remakes.json");
  ASSERT_EQ(sha256_of(real_model_path()), golden.at("model_sha256").get<std::string>());
  const auto pool = ThreadPool::create(kThreads).value();
  for (const auto& entry : golden.at("remakes")) {
    const std::string type = entry.at("type");
    SCOPED_TRACE(type);
    const TestFolder folder;  // a remake is up to 270 MB: one at a time
    const auto path = folder.path() / "remake.gguf";
    const auto made =
        remake(real_model_path(), path, find_dtype(type)->dtype, *pool, [](std::string_view) {});
    ASSERT_TRUE(made.ok()) << made.error().message();
    ASSERT_EQ(sha256_of(path), entry.at("sha256").get<std::string>());
    const auto engine = Engine::load(path, {.threads = kThreads}).value();
    const auto ids = engine->tokenizer().encode(*text, SpecialTokens::kAsText);
    const auto measured = perplexity(*engine, std::span(ids).first(kWindow * kWindows), kWindow,
                                     [](double) { return true; });
    ASSERT_TRUE(measured.ok()) << measured.error().message();
    const double expected = golden_perplexity(entry.at("mean_nll"));
    std::printf("%-6s perplexity %8.4f, PyTorch %8.4f, %+.3f %%\n", type.c_str(),
                measured->perplexity, expected, 100 * (measured->perplexity / expected - 1));
    EXPECT_NEAR(measured->perplexity / expected, 1.0,
                expected < kRuinedPerplexity ? kTolerance : kRuinedTolerance);
  }
}

}  // namespace
}  // namespace hearth
