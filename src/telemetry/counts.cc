// SPDX-License-Identifier: Apache-2.0
#include "telemetry/counts.h"

#include <algorithm>
#include <numeric>

namespace hearth {
namespace {

using Attribute = std::pair<std::string_view, std::string_view>;

// Source: OpenTelemetry semantic conventions, "Generative AI metrics", advice on bucket boundaries.
constexpr std::array kSecondsBounds = {0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                       1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
constexpr std::array kFirstTokenBounds = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,
                                          0.25,  0.5,   0.75, 1.0,  2.5,  5.0,  7.5,  10.0};
constexpr std::array kTokenBounds = {1.0,       4.0,       16.0,       64.0,      256.0,
                                     1024.0,    4096.0,    16384.0,    65536.0,   262144.0,
                                     1048576.0, 4194304.0, 16777216.0, 67108864.0};
constexpr std::array kAnswerBounds = {9.0, 99.0, 999.0};

constexpr Attribute kProvider = {"gen_ai.provider.name", "hearth"};
constexpr std::array<Attribute, 2> kChat = {{{"gen_ai.operation.name", "chat"}, kProvider}};
constexpr std::array<Attribute, 2> kText = {
    {{"gen_ai.operation.name", "text_completion"}, kProvider}};
constexpr std::array<Attribute, 2> kEmbeddings = {
    {{"gen_ai.operation.name", "embeddings"}, kProvider}};
constexpr std::array<Attribute, 3> kInput = {
    {{"gen_ai.operation.name", "chat"}, kProvider, {"gen_ai.token.type", "input"}}};
constexpr std::array<Attribute, 3> kOutput = {
    {{"gen_ai.operation.name", "chat"}, kProvider, {"gen_ai.token.type", "output"}}};
constexpr std::array<Attribute, 1> kLocal = {{{"hearth.answered_by", "local"}}};
constexpr std::array<Attribute, 1> kRemote = {{{"hearth.answered_by", "remote"}}};

constexpr std::string_view kDuration = "gen_ai.client.operation.duration";
constexpr std::string_view kDurationText = "How long an answer took";
constexpr std::string_view kUsage = "gen_ai.client.token.usage";
constexpr std::string_view kUsageText = "Tokens read and written for an answer";
constexpr std::string_view kAnswers = "hearth.answers_per_week";
constexpr std::string_view kAnswersText = "How many answers there were in a week";

constexpr std::array<SeriesInfo, kSeries> kInfos = {{
    {kDuration, "s", kDurationText, kSecondsBounds, kChat},
    {kDuration, "s", kDurationText, kSecondsBounds, kText},
    {kDuration, "s", kDurationText, kSecondsBounds, kEmbeddings},
    {"gen_ai.server.time_to_first_token", "s", "From a request to its answer's first token",
     kFirstTokenBounds, kChat},
    {kUsage, "{token}", kUsageText, kTokenBounds, kInput},
    {kUsage, "{token}", kUsageText, kTokenBounds, kOutput},
    {kAnswers, "{answer}", kAnswersText, kAnswerBounds, kLocal},
    {kAnswers, "{answer}", kAnswersText, kAnswerBounds, kRemote},
}};

std::size_t index_of(Series series) { return static_cast<std::size_t>(series); }

bool is_total(Series series) {
  return series == Series::kLocalAnswers || series == Series::kRemoteAnswers;
}

std::size_t bucket_of(std::span<const double> bounds, double value) {
  return static_cast<std::size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin());
}

}  // namespace

const SeriesInfo& series_info(Series series) { return kInfos[index_of(series)]; }

WeekCounts::WeekCounts() {
  for (std::size_t i = 0; i < kSeries; ++i)
    counts_[i].assign(is_total(static_cast<Series>(i)) ? 1 : kInfos[i].bounds.size() + 1, 0);
}

void WeekCounts::add(Series series, double value) {
  std::vector<int64_t>& counts = counts_[index_of(series)];
  ++counts[is_total(series) ? 0 : bucket_of(series_info(series).bounds, value)];
}

void WeekCounts::add(const Observation& observation) {
  constexpr std::array kSeconds = {Series::kChatSeconds, Series::kTextSeconds,
                                   Series::kEmbeddingsSeconds};
  add(kSeconds[static_cast<std::size_t>(observation.kind)], observation.seconds);
  add(observation.by == AnsweredBy::kLocal ? Series::kLocalAnswers : Series::kRemoteAnswers, 1);
  if (observation.kind != AnswerKind::kChat) return;  // the rest is asked of chats alone
  if (observation.first_token_seconds)
    add(Series::kFirstTokenSeconds, *observation.first_token_seconds);
  if (observation.input_tokens)
    add(Series::kInputTokens, static_cast<double>(*observation.input_tokens));
  if (observation.output_tokens)
    add(Series::kOutputTokens, static_cast<double>(*observation.output_tokens));
}

std::span<const int64_t> WeekCounts::counts(Series series) const {
  return counts_[index_of(series)];
}

bool WeekCounts::set(Series series, const std::vector<int64_t>& counts) {
  std::vector<int64_t>& mine = counts_[index_of(series)];
  const bool can_be =
      counts.size() == mine.size() && std::ranges::all_of(counts, [](int64_t count) {
        return count >= 0 && count < int64_t{1} << 48;
      });
  if (can_be) mine = counts;
  return can_be;
}

std::optional<std::size_t> WeekCounts::typical_bucket(Series series) const {
  const std::vector<int64_t>& counts = counts_[index_of(series)];
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  if (total == 0) return std::nullopt;
  if (is_total(series)) return bucket_of(series_info(series).bounds, static_cast<double>(total));
  int64_t seen = 0;
  std::size_t bucket = 0;
  while (2 * (seen += counts[bucket]) < total) ++bucket;
  return bucket;
}

}  // namespace hearth
