// SPDX-License-Identifier: Apache-2.0
#include "evaluate/windows.h"

#include <algorithm>

#include "base/strings.h"

namespace hearth {

Result<Windows> Windows::create(std::span<const TokenId> tokens, int32_t window,
                                std::span<Engine* const> engines) {
  for (const Engine* engine : engines) {
    const ModelConfig& config = engine->model().config();
    if (window < kWindowMin || window > config.context_max) {
      return Error(ErrorCode::kUsage,
                   concat("window: ", window, " tokens is outside ", kWindowMin, " to ",
                          config.context_max, ", what the model was made for; choose another -c"));
    }
    const auto bad = std::find_if(tokens.begin(), tokens.end(),
                                  [&](TokenId id) { return id < 0 || id >= config.vocabulary; });
    if (bad != tokens.end()) {
      return Error(ErrorCode::kUsage,
                   concat("token ", *bad, ": is outside the vocabulary of ", config.vocabulary,
                          "; encode the text with this model's tokenizer"));
    }
  }
  if (tokens.size() < static_cast<std::size_t>(window)) {
    return Error(ErrorCode::kUsage,
                 concat("text: ", tokens.size(), " tokens are less than a window of ", window,
                        "; give a longer text or lower -c"));
  }
  return Windows(tokens, window);
}

std::vector<TokenId> Windows::read(int64_t index, const Engine& engine) const {
  const auto first = tokens_.begin() + index * size_;
  std::vector<TokenId> window(first, first + size_);
  const Tokenizer& tokenizer = engine.tokenizer();
  if (const auto bos = tokenizer.bos(); bos && tokenizer.add_bos()) window[0] = *bos;
  return window;
}

Result<void> Windows::walk(FunctionRef<Result<void>(int64_t, int32_t, int32_t)> visit,
                           Progress progress) const {
  const auto report = [&](int64_t window, int32_t end) -> Result<void> {
    const double share = (static_cast<double>(window) + static_cast<double>(end) / scored_end()) /
                         static_cast<double>(count_);
    if (progress(share)) return {};
    return Error(ErrorCode::kCancelled,
                 concat("evaluation: stopped after ", window, " of ", count_, " windows"));
  };
  for (int64_t window = 0; window < count_; ++window) {
    HEARTH_TRY(visit(window, 0, scored_begin()));
    for (int32_t begin = scored_begin(); begin < scored_end();) {
      HEARTH_TRY(report(window, begin));
      const int32_t end = std::min(begin + kForwardTokensMax, scored_end());
      HEARTH_TRY(visit(window, begin, end));
      begin = end;
    }
    HEARTH_TRY(report(window, scored_end()));
  }
  return {};
}

}  // namespace hearth
