// SPDX-License-Identifier: Apache-2.0
// The test model's logits are the same bits for any threads and any chunks of the prompt, and for
// every instruction set but scalar on every processor: hashes of them are checked in.
#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "engine/test_model.h"

namespace hearth {
namespace {

constexpr int32_t kPromptTokens = 300;  // more than one attention split

std::vector<TokenId> prompt() {
  std::vector<TokenId> ids;
  for (int32_t i = 0; i < kPromptTokens; ++i) ids.push_back(i * 7919 % kTestModelVocabulary);
  return ids;
}

// FNV-1a over the bits of the logits after the prompt, fed `chunk` tokens at a time.
std::string logits_hash(Engine& engine, std::size_t chunk) {
  const auto ids = prompt();
  auto session = engine.create_session(kPromptTokens + 8).value();
  std::span<float> logits;
  for (std::size_t at = 0; at < ids.size(); at += chunk) {
    logits = session.feed(std::span(ids).subspan(at, std::min(chunk, ids.size() - at))).value();
  }
  uint64_t hash = 0xcbf29ce484222325u;
  for (const std::byte byte : std::as_bytes(logits))
    hash = (hash ^ std::to_integer<uint64_t>(byte)) * 0x100000001b3u;
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, hash);
  return text;
}

void expect_hash(Isa isa, Numerics numerics, bool kv_bytes, const std::string& expected) {
  for (const int threads : {1, 3}) {
    const auto engine = load_test_model(
        {.matrix_type = DType::kQ8_0},
        {.threads = threads, .isa = isa, .numerics = numerics, .kv_bytes = kv_bytes});
    for (const std::size_t chunk : {1u, 67u, 300u}) {
      if (chunk == 1 && threads > 1) continue;  // slow where CPUs are few
      EXPECT_EQ(logits_hash(*engine, chunk), expected)
          << isa_name(isa) << ", threads " << threads << ", chunk " << chunk;
    }
  }
}

TEST(SameBits, Logits) {
  if (best_isa() == Isa::kScalar) GTEST_SKIP() << "this CPU runs the scalar kernels only";
  for (const Isa isa : available_isas()) {
    if (isa == Isa::kScalar) continue;
    expect_hash(isa, Numerics::kFast, true, "a66adb45ad1a57ed");
    expect_hash(isa, Numerics::kFast, false, "3d7d959dc1acdb8a");
    expect_hash(isa, Numerics::kFloat, false, "8a7f72a5ebd35af9");
  }
}

// Scalar rounds multiply-adds twice, as its baseline has none that rounds once: bits of its own.
TEST(SameBits, LogitsOfScalar) {
  const auto engine =
      load_test_model({.matrix_type = DType::kQ8_0}, {.threads = 1, .isa = Isa::kScalar});
  expect_hash(Isa::kScalar, Numerics::kFloat, false, logits_hash(*engine, 64));
}

}  // namespace
}  // namespace hearth
