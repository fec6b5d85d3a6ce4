// SPDX-License-Identifier: Apache-2.0
// The tokens of one forward pass, of one sequence or of many, in the order in which it computes
// them: first those whose logits nobody asked for, then the others, so that what the last layer has
// to compute is one range. Within either, tokens stand as their parts do.
//
// Ownership: borrows the sequences from lay_out() to the end of the pass. Threading: laid out by
// one thread, then read by all.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/adapter.h"
#include "model/config.h"
#include "model/forward.h"

namespace hearth {

inline constexpr int32_t kAttentionTokens = 8;  // tokens whose attention is computed together

// The tokens, ascending, whose list of adapters has this one at `place`.
struct AdapterRows {
  const Adapter* adapter;
  int32_t place;
  std::span<const int32_t> tokens;
  std::span<const float> scales;  // [tokens]
};

// Some of a pass's tokens, counted from its first.
struct Rows {
  int32_t first;
  int32_t count;
};

struct BatchToken {
  int32_t id;
  const KvSequence* sequence;
  int32_t position;
  int32_t sees_to;        // where the positions that it attends to end
  int32_t shared_splits;  // where its splits stand among those that threads share; or kNotShared

  static constexpr int32_t kNotShared = -1;

  // Where its keys and values go.
  int32_t page() const {
    return sequence->pages()[static_cast<std::size_t>(position / kKvPageTokens)];
  }
};

class Batch {
 public:
  // Room for `tokens_max` tokens, and for `shared_splits_max` splits of attention.
  Batch(const ModelConfig& config, int32_t tokens_max, int32_t shared_splits_max);

  // Each part has tokens; together they are at most tokens_max.
  void lay_out(std::span<const BatchPart> parts);

  std::span<const BatchToken> tokens() const { return tokens_; }
  int32_t count() const { return static_cast<int32_t>(tokens_.size()); }
  // The tokens whose logits were asked for.
  Rows read() const { return {unread_, count() - unread_}; }
  // What adapters apply to which tokens: those of all lists' first places, then of the second, and
  // so on, so that a token's are added in the order of its list in any company.
  std::span<const AdapterRows> adapters() const { return adapters_; }
  // The units of attention: up to kAttentionTokens neighbours in a sequence, all read or none. The
  // splits of one that stands alone and sees several are shared among threads, while there is room.
  std::span<const Rows> blocks() const { return blocks_; }

 private:
  void add(const BatchPart& part, int32_t begin, int32_t end);
  void share_splits(BatchToken& token);
  void note_adapters(const BatchPart& part, Rows rows);
  void group_adapters();

  bool sees_whole_text_;
  int32_t shared_splits_max_;
  int32_t shared_splits_ = 0;  // given to tokens
  int32_t unread_ = 0;         // tokens whose logits nobody asked for
  int32_t tokens_max_;
  std::vector<BatchToken> tokens_;
  std::vector<Rows> blocks_;

  // An adapter of a token.
  struct AdapterEntry {
    int32_t place;
    int32_t token;
    const Adapter* adapter;
    float scale;
  };
  std::vector<AdapterEntry> adapter_entries_;
  std::vector<int32_t> adapter_tokens_;
  std::vector<float> adapter_scales_;
  std::vector<AdapterRows> adapters_;
};

}  // namespace hearth
