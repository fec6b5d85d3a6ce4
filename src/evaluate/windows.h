// SPDX-License-Identifier: Apache-2.0
// The windows that evaluate.h describes: a text cut up, and the walk over it in chunks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "engine/engine.h"
#include "evaluate/evaluate.h"

namespace hearth {

class Windows {
 public:
  // `tokens` is borrowed. Errors: kUsage, as perplexity(), for all `engines` that will read the
  // windows.
  static Result<Windows> create(std::span<const TokenId> tokens, int32_t window,
                                std::span<Engine* const> engines);

  int32_t size() const { return size_; }
  int64_t count() const { return count_; }
  // Predictions at positions [scored_begin(), scored_end()) are scored.
  int32_t scored_begin() const { return size_ / 2; }
  int32_t scored_end() const { return size_ - 1; }

  // The tokens of one window as `engine` shall see them.
  std::vector<TokenId> read(int64_t index, const Engine& engine) const;

  // Calls visit(window, begin, end) for each window's chunks: first what is not scored, in one
  // piece, then the scored positions, at most kForwardTokensMax at a time. Errors: those of
  // `visit`, kCancelled.
  Result<void> walk(FunctionRef<Result<void>(int64_t, int32_t, int32_t)> visit,
                    Progress progress) const;

 private:
  Windows(std::span<const TokenId> tokens, int32_t size)
      : tokens_(tokens), size_(size), count_(static_cast<int64_t>(tokens.size()) / size) {}

  std::span<const TokenId> tokens_;
  int32_t size_;
  int64_t count_;
};

}  // namespace hearth
