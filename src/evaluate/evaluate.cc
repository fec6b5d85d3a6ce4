// SPDX-License-Identifier: Apache-2.0
#include "evaluate/evaluate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/statistics.h"
#include "base/strings.h"
#include "engine/softmax.h"
#include "evaluate/windows.h"

namespace hearth {
namespace {

// One model's way through the windows.
struct Reader {
  Engine* engine;
  Session session;
  std::vector<TokenId> window;  // the one being read

  static Result<Reader> create(Engine& engine, int32_t context,
                               std::span<const AdapterUse> adapters) {
    HEARTH_ASSIGN(Session session, engine.create_session(context));
    HEARTH_TRY(session.use_adapters(adapters));
    return Reader{&engine, std::move(session), {}};
  }

  // Starts a window with what comes before its scored positions.
  Result<void> start(const Windows& windows, int64_t index) {
    window = windows.read(index, *engine);
    session.truncate(0);
    const auto logits =
        session.feed(std::span(window).first(static_cast<std::size_t>(windows.scored_begin())));
    if (!logits.ok()) return logits.error();
    return {};
  }

  // The logits at positions [begin, end) of the window, row by row.
  Result<void> score(int32_t begin, int32_t end, FunctionRef<void(int32_t, std::span<float>)> row) {
    return session.feed_all(std::span(window).subspan(static_cast<std::size_t>(begin),
                                                      static_cast<std::size_t>(end - begin)),
                            row);
  }
};

Error not_numbers() {
  return Error(
      ErrorCode::kCorrupt,
      "logits: the model computed NaN or infinity; its weights are damaged, fetch them again");
}

}  // namespace

Result<PerplexityResult> perplexity(Engine& engine, std::span<const TokenId> tokens, int32_t window,
                                    Progress progress, std::span<const AdapterUse> adapters) {
  HEARTH_ASSIGN(const Windows windows, Windows::create(tokens, window, std::array{&engine}));
  HEARTH_ASSIGN(Reader reader, Reader::create(engine, window, adapters));
  RunningMoments losses;  // negative log-likelihoods
  const auto visit = [&](int64_t index, int32_t begin, int32_t end) -> Result<void> {
    if (begin == 0) return reader.start(windows, index);
    return reader.score(begin, end, [&](int32_t i, std::span<float> logits) {
      const TokenId target = reader.window[static_cast<std::size_t>(begin + i + 1)];
      losses.add(log_sum_exp(logits, max_logit(logits)) - logits[static_cast<std::size_t>(target)]);
    });
  };
  HEARTH_TRY(windows.walk(visit, progress));
  if (!std::isfinite(losses.mean())) return not_numbers();
  const double value = std::exp(losses.mean());
  return PerplexityResult{value, value * losses.mean_error(), losses.count()};
}

Result<DivergenceResult> divergence(Engine& reference, Engine& model,
                                    std::span<const TokenId> tokens, int32_t window,
                                    Progress progress, std::span<const AdapterUse> adapters) {
  const int32_t vocabulary = reference.model().config().vocabulary;
  if (vocabulary != model.model().config().vocabulary) {
    return Error(ErrorCode::kUsage,
                 concat("vocabularies: the reference has ", vocabulary, " tokens, the model ",
                        model.model().config().vocabulary, "; compare models of one family"));
  }
  HEARTH_ASSIGN(const Windows windows,
                Windows::create(tokens, window, std::array{&reference, &model}));
  HEARTH_ASSIGN(Reader reference_reader, Reader::create(reference, window, {}));
  HEARTH_ASSIGN(Reader model_reader, Reader::create(model, window, adapters));
  const auto columns = static_cast<std::size_t>(vocabulary);
  std::vector<float> rows(columns * static_cast<std::size_t>(std::min(window, kForwardTokensMax)));
  std::vector<double> divergences;
  int64_t agreements = 0;
  const auto visit = [&](int64_t index, int32_t begin, int32_t end) -> Result<void> {
    if (begin == 0) {
      HEARTH_TRY(reference_reader.start(windows, index));
      return model_reader.start(windows, index);
    }
    const auto row = [&](int32_t i) {
      return std::span(rows).subspan(static_cast<std::size_t>(i) * columns, columns);
    };
    HEARTH_TRY(reference_reader.score(begin, end, [&](int32_t i, std::span<float> logits) {
      std::copy(logits.begin(), logits.end(), row(i).begin());
    }));
    return model_reader.score(begin, end, [&](int32_t i, std::span<float> logits) {
      const double kl = kl_divergence(row(i), logits);
      divergences.push_back(kl < 0.0 ? 0.0 : kl);  // rounding can bring it below 0; NaN stays
      agreements += argmax_logit(row(i)) == argmax_logit(logits) ? 1 : 0;
    });
  };
  HEARTH_TRY(windows.walk(visit, progress));
  const auto count = static_cast<double>(divergences.size());
  const double mean = std::accumulate(divergences.begin(), divergences.end(), 0.0) / count;
  if (!std::isfinite(mean)) return not_numbers();
  return DivergenceResult{mean, percentile(divergences, 0.99),
                          static_cast<double>(agreements) / count,
                          static_cast<int64_t>(divergences.size())};
}

Result<std::vector<std::pair<TokenId, double>>> next_token_logprobs(Session& session,
                                                                    std::span<const TokenId> tokens,
                                                                    int32_t top) {
  if (top < 1)
    return Error(ErrorCode::kUsage,
                 concat("top: ", top, " is below 1; ask for one token at least"));
  const int32_t reused = session.reuse_prefix(tokens);
  HEARTH_ASSIGN(const std::span<float> logits,
                session.feed(tokens.subspan(static_cast<std::size_t>(reused))));
  const double log_sum = log_sum_exp(logits, max_logit(logits));
  if (!std::isfinite(log_sum)) return not_numbers();
  std::vector<TokenId> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto logit = [&](TokenId id) { return logits[static_cast<std::size_t>(id)]; };
  const auto count = std::min(ids.size(), static_cast<std::size_t>(top));
  std::partial_sort(
      ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
      [&](TokenId a, TokenId b) { return logit(a) != logit(b) ? logit(a) > logit(b) : a < b; });
  std::vector<std::pair<TokenId, double>> best;
  for (std::size_t i = 0; i < count; ++i) best.emplace_back(ids[i], logit(ids[i]) - log_sum);
  return best;
}

}  // namespace hearth
