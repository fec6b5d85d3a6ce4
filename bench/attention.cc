// SPDX-License-Identifier: Apache-2.0
// Attention over a whole split of the context: of one token and of several whose query heads share
// a KV head by fours, and what puts splits together.
#include <utility>
#include <vector>

#include "bench/subject.h"
#include "kernels/kv_page.h"

namespace hearth::bench {
namespace {

constexpr int32_t kHead = 64;
constexpr int32_t kPage = 64;  // positions
constexpr std::size_t kPages = kAttentionSplit / kPage;
constexpr std::size_t kStride = kHead + 16;

void measure_attend(benchmark::State& state, const Subject& subject, KvType type, int32_t rows) {
  const KvPage layout = {.type = type, .positions = kPage, .head_size = kHead};
  const std::size_t page_bytes = layout.bytes();
  const std::vector<std::byte> cache(2 * kPages * page_bytes);
  std::vector<const std::byte*> keys, values;
  for (std::size_t page = 0; page < kPages; ++page) {
    keys.push_back(cache.data() + 2 * page * page_bytes);
    values.push_back(keys.back() + page_bytes);
  }
  const auto row_count = static_cast<std::size_t>(rows);
  const std::vector<float> query(row_count * kHead);
  std::vector<const float*> queries;
  for (std::size_t row = 0; row < row_count; ++row) queries.push_back(query.data() + row * kHead);
  const std::vector<int32_t> visible(row_count, kAttentionSplit);
  std::vector<float> scores(row_count * kAttentionSplit), partials(row_count * kStride);
  std::vector<int16_t> query_words(row_count * kHead);
  const AttentionArgs args = {.keys = keys.data(),
                              .values = values.data(),
                              .page_tokens = kPage,
                              .head_size = kHead,
                              .rows = rows,
                              .queries = queries.data(),
                              .visible = visible.data(),
                              .scale = 0.125f,
                              .scores = scores.data(),
                              .query_words = query_words.data(),
                              .partials = partials.data(),
                              .partial_stride = kStride};
  const Work work = {.multiply_adds = 2.0 * rows * kAttentionSplit * kHead,
                     .bytes = static_cast<double>(cache.size())};
  measure(state, subject, work, [&] { attend(subject.kernels, type, args); });
}

constexpr std::pair<const char*, KvType> kTypes[] = {{"attend_int16", KvType::kInt16},
                                                     {"attend_int8", KvType::kInt8},
                                                     {"attend_float", KvType::kF32}};

}  // namespace

void add_attention(const Subject& subject) {
  for (const int32_t tokens : {1, 8}) {
    const int32_t rows = 4 * tokens;
    for (const auto& [name, type] : kTypes) {
      benchmark::RegisterBenchmark(subject.name(name, "/t", tokens).c_str(),
                                   [=, type = type](benchmark::State& state) {
                                     measure_attend(state, subject, type, rows);
                                   });
    }
  }
  benchmark::RegisterBenchmark(subject.name("fold_partial").c_str(), [=](benchmark::State& state) {
    std::vector<float> into(kStride, 1.0f);
    const std::vector<float> from(kStride, 1.0f);
    measure(state, subject, {.values = kHead},
            [&] { subject.kernels.fold_partial(into.data(), from.data(), kHead); });
  });
  benchmark::RegisterBenchmark(
      subject.name("finish_partial").c_str(), [=](benchmark::State& state) {
        const std::vector<float> partial(kStride, 1.0f);
        std::vector<float> out(kHead);
        measure(state, subject, {.values = kHead},
                [&] { subject.kernels.finish_partial(partial.data(), kHead, out.data()); });
      });
}

}  // namespace hearth::bench
