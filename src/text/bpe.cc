// SPDX-License-Identifier: Apache-2.0
#include "text/bpe.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "text/word_cache.h"

namespace hearth {
namespace {

// Pieces of at most this many bytes are merged by scanning an array: for words that beats a heap.
constexpr std::size_t kShortBytesMax = 48;

}  // namespace

void Bpe::encode(std::string_view text, std::vector<TokenId>& out) const {
  WordCache cache(text);
  out.reserve(out.size() + text.size() / 4 + 1);
  pre_->cut(text, [&](std::string_view piece) {
    if (piece.size() > kShortBytesMax) return encode_piece(piece, out);
    const uint64_t hash = hash_bytes(piece);
    if (cache.append_known(piece, hash, out)) return;
    const std::size_t out_at = out.size();
    encode_piece(piece, out);
    cache.remember(piece, hash, out_at, out.size());
  });
}

std::size_t Bpe::unspellable_bytes(std::string_view text) const {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [&](char byte) {
    return byte_tokens_[static_cast<unsigned char>(byte)] < 0;
  }));
}

void Bpe::encode_piece(std::string_view piece, std::vector<TokenId>& out) const {
  if (pre_->whole_pieces == WholePieces::kLookUp) {
    const TokenId id = tokens_.find(*vocabulary_, piece);
    if (id >= 0 && vocabulary_->type(id) == TokenType::kNormal) {
      out.push_back(id);
      return;
    }
  }
  if (piece.size() <= kShortBytesMax) return merge_short(piece, out);
  for (std::size_t at = 0; at < piece.size(); at += kPieceBytesMax) {
    merge_long(piece.substr(at, kPieceBytesMax), out);
  }
}

void Bpe::merge_short(std::string_view piece, std::vector<TokenId>& out) const {
  std::array<TokenId, kShortBytesMax> ids;
  std::array<uint32_t, kShortBytesMax> ranks;  // [i] of the merge of ids[i] and ids[i + 1]
  std::size_t count = 0;
  for (const char byte : piece) {
    const TokenId id = byte_tokens_[static_cast<unsigned char>(byte)];
    if (id >= 0) ids[count++] = id;
  }
  for (std::size_t i = 0; i + 1 < count; ++i) ranks[i] = merges_.find(ids[i], ids[i + 1]);
  while (count > 1) {
    // The leftmost of the best: pairs of one rank are merged from left to right.
    const auto best =
        std::min_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(count - 1));
    if (*best == MergeTable::kNoRank) break;
    const auto at = static_cast<std::size_t>(best - ranks.begin());
    ids[at] = merged_[*best];
    --count;
    for (std::size_t i = at + 1; i < count; ++i) {
      ids[i] = ids[i + 1];
      ranks[i - 1] = ranks[i];
    }
    if (at + 1 < count) ranks[at] = merges_.find(ids[at], ids[at + 1]);
    if (at > 0) ranks[at - 1] = merges_.find(ids[at - 1], ids[at]);
  }
  out.insert(out.end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
}

// O(n log n): symbols in a linked list, possible merges in a heap by (rank, position). An entry
// that later merges have overtaken is recognised by its pair no longer having its rank: ranks and
// pairs correspond one to one.
void Bpe::merge_long(std::string_view piece, std::vector<TokenId>& out) const {
  struct Symbol {
    TokenId id;  // -1: joined to the one on its left
    uint32_t previous, next;
  };
  constexpr uint32_t kNone = ~uint32_t{0};
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  for (const char byte : piece) {
    const TokenId id = byte_tokens_[static_cast<unsigned char>(byte)];
    const auto index = static_cast<uint32_t>(symbols.size());
    if (id >= 0) symbols.push_back({id, index - 1, index + 1});  // index 0: previous wraps to kNone
  }
  if (symbols.empty()) return;
  symbols.back().next = kNone;

  std::vector<uint64_t> entries;  // rank << 32 | position of the left symbol
  entries.reserve(symbols.size());
  const auto rank_at = [&](uint32_t left) {
    const uint32_t right = symbols[left].next;
    return right == kNone ? MergeTable::kNoRank : merges_.find(symbols[left].id, symbols[right].id);
  };
  for (uint32_t i = 0; i < symbols.size(); ++i) {
    const uint32_t rank = rank_at(i);
    if (rank != MergeTable::kNoRank) entries.push_back(uint64_t{rank} << 32 | i);
  }
  std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> heap(std::greater<>(),
                                                                            std::move(entries));
  const auto offer = [&](uint32_t left) {
    const uint32_t rank = rank_at(left);
    if (rank != MergeTable::kNoRank) heap.push(uint64_t{rank} << 32 | left);
  };
  while (!heap.empty()) {
    const auto left = static_cast<uint32_t>(heap.top() & 0xffffffff);
    const auto rank = static_cast<uint32_t>(heap.top() >> 32);
    heap.pop();
    if (symbols[left].id < 0 || rank_at(left) != rank) continue;
    const uint32_t right = symbols[left].next;
    symbols[left].id = merged_[rank];
    symbols[left].next = symbols[right].next;
    symbols[right].id = -1;
    if (symbols[left].next != kNone) symbols[symbols[left].next].previous = left;
    offer(left);
    if (symbols[left].previous != kNone) offer(symbols[left].previous);
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.id >= 0) out.push_back(symbol.id);
  }
}

}  // namespace hearth
