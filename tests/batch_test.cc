// SPDX-License-Identifier: Apache-2.0
// Many sequences in one pass: each one's logits, keys and values are the same bits as by itself,
// whatever the company; and a pass that cannot be leaves all sequences as they were.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "tiny_models.h"

namespace hearth {
namespace {

constexpr int32_t kContext = 600;

// What the sequences hold in the end: none to three attention splits, one to nine pages.
constexpr int32_t kLengths[] = {520, 333, 300, 257, 130, 64, 9, 2};

std::vector<int32_t> text(int32_t seed, int32_t count) {
  std::mt19937 random(static_cast<uint32_t>(seed));
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < count; ++i) ids.push_back(static_cast<int32_t>(random() % 128));
  return ids;
}

KvSequence empty_sequence(const TinyModel& tiny, int64_t tokens_max) {
  return KvSequence(
      KvPool::create(tiny.model->config(), tiny.model->kv_type(), tokens_max).value());
}

// All pages, of which those of a new pool are zero where nothing was written.
std::vector<std::byte> keys_and_values(const KvSequence& sequence) {
  std::vector<std::byte> out;
  for (const int32_t page : sequence.pages()) {
    const std::byte* bytes = sequence.pool().keys(page, 0, 0);
    out.insert(out.end(), bytes, bytes + sequence.pool().page_bytes());
  }
  return out;
}

// A text, what a model makes of it by itself, and how far it has come in a batch.
struct Course {
  std::vector<int32_t> ids;
  std::vector<float> logits;               // [ids][vocabulary]
  std::vector<std::byte> keys_and_values;  // after all of it
  KvSequence sequence;

  std::span<const int32_t> rest() const {
    return std::span(ids).subspan(static_cast<std::size_t>(sequence.length()));
  }
};

std::vector<Course> courses(const TinyModel& tiny) {
  std::vector<Course> all;
  for (const int32_t length : kLengths) {
    TinySession alone(tiny, length);
    const auto ids = text(length, length);
    const auto logits = alone.logits(ids, 64);
    all.push_back({ids, logits, keys_and_values(alone.sequence()), empty_sequence(tiny, length)});
  }
  return all;
}

// One step of a scheduler that draws what to do: some sequences, each by one token or by several.
std::vector<BatchPart> draw_parts(std::vector<Course>& courses, std::mt19937& random) {
  std::vector<BatchPart> parts;
  std::size_t room = kForwardTokensMax;
  for (Course& course : courses) {
    const auto rest = course.rest();
    const std::size_t wanted = random() % 3 == 0 ? 1 + random() % 70 : 1;
    const std::size_t count = std::min({rest.size(), room, wanted});
    if (count == 0 || random() % 5 == 0) continue;
    constexpr LogitRows kRows[] = {LogitRows::kLast, LogitRows::kAll, LogitRows::kNone};
    parts.push_back({course.sequence, rest.first(count), kRows[random() % 3]});
    room -= count;
  }
  return parts;
}

// The rows of logits that the parts ask for, as each text has them by itself.
std::vector<float> expected_logits(const std::vector<Course>& courses,
                                   const std::vector<BatchPart>& parts, std::size_t columns) {
  std::vector<float> expected;
  for (const BatchPart& part : parts) {
    const auto course = std::find_if(courses.begin(), courses.end(), [&](const Course& one) {
      return &one.sequence == &part.sequence;
    });
    const int32_t end = part.sequence.length() + part.count();
    const auto row = [&](int32_t index) {
      return course->logits.begin() + index * static_cast<std::ptrdiff_t>(columns);
    };
    expected.insert(expected.end(), row(end - part.logit_rows()), row(end));
  }
  return expected;
}

using Case = std::tuple<const char*, Isa>;
class EachModel : public testing::TestWithParam<Case> {};

TEST_P(EachModel, CompanyDoesNotMatter) {
  const auto [name, isa] = GetParam();
  const auto numerics = isa == Isa::kScalar ? Numerics::kFloat : Numerics::kFast;
  for (const int threads : {1, 2, 3}) {
    SCOPED_TRACE("threads " + std::to_string(threads));
    const TinyModel tiny = TinyModel::load_golden(name, isa, numerics, threads);
    const auto columns = static_cast<std::size_t>(tiny.model->config().vocabulary);
    Workspace workspace = Workspace::create(*tiny.model, threads, kContext).value();
    std::vector<Course> all = courses(tiny);
    std::mt19937 random(static_cast<uint32_t>(threads));
    const auto unfinished = [](const Course& course) { return !course.rest().empty(); };
    while (std::any_of(all.begin(), all.end(), unfinished)) {
      const auto parts = draw_parts(all, random);
      if (parts.empty()) continue;
      const auto expected = expected_logits(all, parts, columns);
      std::vector<float> logits(expected.size());
      ASSERT_TRUE(forward(*tiny.model, *tiny.pool, workspace, parts, {logits}).ok());
      ASSERT_EQ(std::memcmp(logits.data(), expected.data(), logits.size() * sizeof(float)), 0);
    }
    for (const Course& course : all)
      EXPECT_EQ(keys_and_values(course.sequence), course.keys_and_values);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, EachModel,
    testing::Combine(testing::Values("llama", "qwen3", "gemma3", "granite", "phi3"),
                     testing::ValuesIn(available_isas().begin(), available_isas().end())),
    [](const auto& each) {
      return std::string(std::get<0>(each.param)) + "_" +
             std::string(isa_name(std::get<1>(each.param)));
    });

// Sequences out of one pool, as those of a server are.
class SharedPool : public testing::Test {
 protected:
  SharedPool() {
    for (const int32_t length : {60, 64, 10}) {
      sequences_.emplace_back(pool_);
      const auto ids = text(length, length);
      EXPECT_TRUE(forward(*tiny_.model, *tiny_.pool, workspace_, sequences_.back(), ids,
                          LogitRows::kNone, {})
                      .ok());
    }
  }

  // Appends so many tokens to each sequence in one pass.
  Result<void> append(const std::vector<int32_t>& counts) {
    std::vector<BatchPart> parts;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      parts.push_back({sequences_[i], std::span(ids_).first(static_cast<std::size_t>(counts[i])),
                       LogitRows::kNone});
    }
    return forward(*tiny_.model, *tiny_.pool, workspace_, parts, {});
  }

  void expect_unchanged() const {
    const int32_t lengths[] = {60, 64, 10};
    for (std::size_t i = 0; i < sequences_.size(); ++i) {
      EXPECT_EQ(sequences_[i].length(), lengths[i]);
      EXPECT_EQ(sequences_[i].pages().size(), 1u);
    }
  }

  const std::vector<int32_t> ids_ = text(1, 2 * kForwardTokensMax);
  const TinyModel tiny_ = TinyModel::load_golden("llama", best_isa(), Numerics::kFast, 2);
  Workspace workspace_ = Workspace::create(*tiny_.model, 2, kContext).value();
  std::shared_ptr<KvPool> pool_ =
      KvPool::create(tiny_.model->config(), KvType::kInt16, 5 * kKvPageTokens).value();
  std::vector<KvSequence> sequences_;
};

TEST_F(SharedPool, PartsThatDoNotFitChangeNoSequence) {
  const auto full = append({5, 1, 60});  // a page each, and two are left
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(full.error().message().find("320 tokens"), std::string::npos);
  expect_unchanged();
  EXPECT_TRUE(append({4, 1, 60}).ok());
  EXPECT_EQ(sequences_[2].length(), 70);
}

TEST_F(SharedPool, MoreTokensThanAPassTakesAreRefused) {
  for (const std::vector<int32_t>& counts : {std::vector{129}, {1, 127, 1}}) {
    const auto refused = append(counts);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::kUsage);
    EXPECT_EQ(refused.error().message(),
              "batch: 129 tokens are more than the 128 of one pass; feed them in several");
    expect_unchanged();
  }
  EXPECT_TRUE(append({1, 126, 1}).ok());
}

}  // namespace
}  // namespace hearth
