// SPDX-License-Identifier: Apache-2.0
#include "engine/session_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "base/xxh64.h"
#include "engine/engine.h"
#include "engine/test_model.h"

namespace hearth {
namespace {

std::vector<std::byte> saved(const Session& session) {
  std::vector<std::byte> bytes;
  const auto result = session.save([&](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  });
  EXPECT_TRUE(result.ok());
  return bytes;
}

// With a checksum that fits, so that what lies behind it is looked at.
std::vector<std::byte> sealed(std::vector<std::byte> bytes) {
  const uint64_t digest = xxh64(std::span(bytes).first(bytes.size() - sizeof(uint64_t)));
  std::memcpy(bytes.data() + bytes.size() - sizeof digest, &digest, sizeof digest);
  return bytes;
}

template <typename Value>
std::vector<std::byte> with(std::vector<std::byte> bytes, std::size_t at, Value value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

Session session_of(Engine& engine, int32_t tokens, int32_t context = 300) {
  Session session = engine.create_session(context).value();
  if (tokens > 0) {
    EXPECT_TRUE(session.feed(random_tokens(tokens, 1)).ok());
  }
  return session;
}

Answer continued(Session& session, double temperature) {
  std::vector<TokenId> prompt(session.tokens().begin(), session.tokens().end());
  prompt.push_back(9);
  GenerateOptions options;
  options.sampling.temperature = temperature;
  options.sampling.seed = 5;
  options.tokens_max = 40;
  return session.generate(prompt, options, [](std::string_view) {}).value();
}

// Models whose sessions are to be saved: with floats, words and, where the CPU's kernels are not
// those of floats, bytes as keys and values.
struct Kind {
  DType type;
  bool kv_bytes;
};
std::vector<Kind> kinds() {
  std::vector<Kind> all = {{DType::kF32, false}, {DType::kQ8_0, false}};
  if (best_isa() != Isa::kScalar) all.push_back({DType::kQ8_0, true});
  return all;
}

TEST(SavedSession, ContinuesTheSame) {
  for (const auto& [type, kv_bytes] : kinds()) {
    const auto engine = load_test_model({.matrix_type = type}, {.kv_bytes = kv_bytes});
    const auto other = load_test_model({.matrix_type = type}, {.threads = 3, .kv_bytes = kv_bytes});
    for (const int32_t tokens : {0, 1, 2, 15, 16, 63, 64, 65, 128, 200}) {
      for (const double temperature : {0.0, 1.5}) {
        Session session = session_of(*engine, tokens);
        const auto bytes = saved(session);
        auto restored = other->restore_session(bytes);
        ASSERT_TRUE(restored.ok()) << restored.error().message();
        EXPECT_TRUE(std::ranges::equal(restored->tokens(), session.tokens()));
        EXPECT_EQ(restored->context(), session.context());
        EXPECT_EQ(saved(*restored), bytes);
        const Answer expected = continued(session, temperature);
        const Answer answer = continued(*restored, temperature);
        EXPECT_EQ(answer.ids, expected.ids) << tokens;
        EXPECT_EQ(answer.logprobs, expected.logprobs) << tokens;  // bit for bit
        EXPECT_EQ(answer.usage.cached_tokens, tokens);
      }
    }
  }
}

TEST(SavedSession, KeepsNothingOfForgottenText) {
  for (const auto& [type, kv_bytes] : kinds()) {
    const auto engine = load_test_model({.matrix_type = type}, {.kv_bytes = kv_bytes});
    for (const int32_t kept : {70, 77}) {
      Session fresh = session_of(*engine, kept);
      Session used = session_of(*engine, kept);
      EXPECT_TRUE(used.feed(random_tokens(100, 9)).ok());
      used.truncate(kept);
      EXPECT_EQ(saved(used), saved(fresh));
    }
  }
}

TEST(SavedSession, ContextCanBeChosenAnew) {
  const auto engine = load_test_model();
  const auto bytes = saved(session_of(*engine, 100, 128));
  EXPECT_EQ(engine->restore_session(bytes, 1000)->context(), 1000);
  EXPECT_EQ(engine->restore_session(bytes, 100)->context(), 100);
  for (const int32_t context : {99, -1, 5000}) {
    const auto restored = engine->restore_session(bytes, context);
    ASSERT_FALSE(restored.ok()) << context;
    EXPECT_EQ(restored.error().code(), ErrorCode::kUsage);
  }
}

TEST(SavedSession, OtherModelsAreTold) {
  const auto engine = load_test_model();
  const auto bytes = saved(session_of(*engine, 10));
  const auto refused = [&](const std::unique_ptr<Engine>& other, std::string_view fragment) {
    const auto restored = other->restore_session(bytes);
    ASSERT_FALSE(restored.ok()) << fragment;
    EXPECT_EQ(restored.error().code(), ErrorCode::kUsage);
    EXPECT_NE(restored.error().message().find(fragment), std::string::npos)
        << restored.error().message();
  };
  refused(load_test_model({.seed = 2}), "other weights");
  refused(load_test_model({.padding_rows = 16}), "another model");
  if (engine->model().isa() != Isa::kScalar) {
    refused(load_test_model({}, {.threads = 1, .isa = Isa::kScalar}), "arithmetic");
    refused(load_test_model({}, {.threads = 1, .numerics = Numerics::kFloat}), "arithmetic");
    refused(load_test_model({}, {.threads = 1, .kv_bytes = true}), "arithmetic");
  }
}

TEST(SavedSession, InstructionSetsThatAgreeShareSessions) {
  const auto available = available_isas();
  const auto has = [&](Isa isa) {
    return std::find(available.begin(), available.end(), isa) != available.end();
  };
  if (!has(Isa::kAvx2) || !has(Isa::kAvx512)) GTEST_SKIP() << "needs AVX2 and AVX-512";
  const auto avx2 = load_test_model({}, {.threads = 1, .isa = Isa::kAvx2});
  const auto avx512 = load_test_model({}, {.threads = 1, .isa = Isa::kAvx512});
  Session session = session_of(*avx2, 90);
  Session restored = avx512->restore_session(saved(session)).value();
  EXPECT_EQ(continued(restored, 1.0).logprobs, continued(session, 1.0).logprobs);
}

ErrorCode refusal(Engine& engine, std::span<const std::byte> bytes) {
  const auto restored = engine.restore_session(bytes);
  if (restored.ok()) return ErrorCode::kInternal;
  EXPECT_NE(restored.error().message().find("session"), std::string::npos);
  EXPECT_NE(restored.error().message().find("; "), std::string::npos);
  return restored.error().code();
}

TEST(SavedSession, EveryCutIsSeen) {
  const auto engine = load_test_model();
  const auto bytes = saved(session_of(*engine, 3));
  for (std::size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : 97) {
    EXPECT_EQ(refusal(*engine, std::span(bytes).first(size)), ErrorCode::kCorrupt) << size;
  }
  auto longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_EQ(refusal(*engine, longer), ErrorCode::kCorrupt);
}

TEST(SavedSession, EveryFlippedByteIsSeen) {
  const auto engine = load_test_model();
  const auto bytes = saved(session_of(*engine, 3));
  for (std::size_t at = 0; at < bytes.size(); at += at < 100 ? 1 : 211) {
    auto damaged = bytes;
    damaged[at] ^= std::byte{0x40};
    const ErrorCode code = refusal(*engine, damaged);
    EXPECT_TRUE(code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported) << at;
  }
}

TEST(SavedSession, HostileFilesWithAFittingChecksum) {
  const auto engine = load_test_model();
  const auto bytes = saved(session_of(*engine, 3));
  constexpr std::size_t kContext = 12, kTokens = 48, kReserved = 52, kPageBytes = 56, kIds = 64;
  EXPECT_TRUE(engine->restore_session(sealed(bytes)).ok());
  EXPECT_EQ(refusal(*engine, with(bytes, 8, kSessionVersion - 1)), ErrorCode::kUnsupported);
  for (const auto& hostile : {
           with(bytes, 0, 'H'), with(bytes, kContext, uint32_t{0}),
           with(bytes, kContext, uint32_t{2}), with(bytes, kContext, ~uint32_t{0}),
           with(bytes, kTokens, uint32_t{0}), with(bytes, kTokens, ~uint32_t{0}),
           with(bytes, kReserved, uint32_t{1}), with(bytes, kPageBytes, uint64_t{0}),
           with(bytes, kPageBytes, ~uint64_t{0}), with(bytes, kPageBytes, uint64_t{1} << 63),
           with(bytes, kIds, int32_t{-1}), with(bytes, kIds, int32_t{kTestModelVocabulary}),
           with(bytes, kIds + 12, int32_t{1}),                // padding of the ids
           with(bytes, bytes.size() - 12, uint32_t{0x3f80}),  // behind the last token
       }) {
    EXPECT_EQ(refusal(*engine, sealed(hostile)), ErrorCode::kCorrupt);
  }
  // Values that are no numbers: an error of the model's, not of ours.
  auto poisoned = engine->restore_session(sealed(with(bytes, kIds + 16, ~uint32_t{0})));
  ASSERT_TRUE(poisoned.ok());
  const auto answer = poisoned->generate(byte_tokens("a"), {}, [](std::string_view) {});
  EXPECT_TRUE(answer.ok() || answer.error().code() == ErrorCode::kCorrupt);
}

TEST(SavedSession, AFailingSinkIsToldAndTheSessionGoesOn) {
  const auto engine = load_test_model();
  Session session = session_of(*engine, 70);
  for (int fail_at = 0; fail_at < 5; ++fail_at) {
    int pieces = 0;
    const auto result = session.save([&](std::span<const std::byte>) -> Result<void> {
      if (pieces++ == fail_at) return Error(ErrorCode::kUnavailable, "disk: is full; make room");
      return {};
    });
    ASSERT_FALSE(result.ok()) << fail_at;
    EXPECT_EQ(result.error().code(), ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(engine->restore_session(saved(session)).ok());
}

}  // namespace
}  // namespace hearth
