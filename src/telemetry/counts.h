// SPDX-License-Identifier: Apache-2.0
// What telemetry counts in a week: how many answers fell into which bucket of which series. All
// that goes in is numbers and enums; there is no member that could hold a text, a name or a time.
//
// Names and buckets are those of OpenTelemetry's semantic conventions for generative AI
// (gen_ai.client.operation.duration, gen_ai.client.token.usage, gen_ai.server.time_to_first_token).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {

enum class AnswerKind { kChat, kText, kEmbeddings };
enum class AnsweredBy { kLocal, kRemote };

// One answer. What is not known is absent.
struct Observation {
  AnswerKind kind = AnswerKind::kChat;
  AnsweredBy by = AnsweredBy::kLocal;
  double seconds = 0;
  std::optional<double> first_token_seconds = {};
  std::optional<int64_t> input_tokens = {};
  std::optional<int64_t> output_tokens = {};
};

// Each is one answer to one question in a week's report.
enum class Series {
  kChatSeconds,
  kTextSeconds,
  kEmbeddingsSeconds,
  kFirstTokenSeconds,
  kInputTokens,
  kOutputTokens,
  kLocalAnswers,
  kRemoteAnswers
};
inline constexpr std::size_t kSeries = 8;

struct SeriesInfo {
  std::string_view metric;
  std::string_view unit;
  std::string_view description;
  std::span<const double> bounds;  // upper ones of the buckets; above the last there is one more
  std::span<const std::pair<std::string_view, std::string_view>> attributes;
};
const SeriesInfo& series_info(Series series);

class WeekCounts {
 public:
  WeekCounts();

  void add(const Observation& observation);
  void add(Series series, double value);

  // By bucket; of kLocalAnswers and kRemoteAnswers, the answers are one number, the first.
  std::span<const int64_t> counts(Series series) const;
  // Puts back what counts() said. False where it cannot have.
  bool set(Series series, const std::vector<int64_t>& counts);

  // What a report says of the series: the bucket of the week's median answer (of kLocalAnswers and
  // kRemoteAnswers: of how many there were); nothing where there was none.
  std::optional<std::size_t> typical_bucket(Series series) const;

 private:
  std::array<std::vector<int64_t>, kSeries> counts_;
};

}  // namespace hearth
