// SPDX-License-Identifier: Apache-2.0
// Two open-addressing tables of 8-byte slots, filled once: token bytes -> id, and (left id, right
// id) -> rank of the merge. Small, because a start-up fills them and decoding runs beside the
// weights in the cache. Both refuse to probe further than kProbesMax: a file made so that its
// entries collide must not cost quadratic time. Threading: immutable once filled.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "text/tokenizer_vocabulary.h"

namespace hearth {

// Far beyond what tables a quarter empty need for entries that were not chosen to collide.
inline constexpr uint32_t kProbesMax = 1024;

enum class Inserted { kYes, kAlreadyThere, kTooManyCollisions };

namespace bpe_internal {

// The `bytes` (1..8) lowest bytes of a word.
inline uint64_t low_bytes(uint64_t word, std::size_t bytes) {
  return word & ~uint64_t{0} >> (64 - 8 * bytes);
}

inline uint64_t load_word(const char* data) {
  uint64_t word;
  std::memcpy(&word, data, 8);
  return word;
}

// The same as low_bytes(load_word(data), bytes) for 1..7 bytes, without reading beyond them.
inline uint64_t load_part(const char* data, std::size_t bytes) {
  if (bytes >= 4) {
    uint32_t low, high;  // they overlap, and agree where they do
    std::memcpy(&low, data, 4);
    std::memcpy(&high, data + bytes - 4, 4);
    return low | uint64_t{high} << 8 * (bytes - 4);
  }
  const auto byte = [data](std::size_t i) {
    return uint64_t{static_cast<unsigned char>(data[i])} << 8 * i;
  };
  return byte(0) | byte(bytes / 2) | byte(bytes - 1);
}

inline uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9fb21c651e98df25;
  return hash ^ hash >> 32;
}

}  // namespace bpe_internal

static_assert(std::endian::native == std::endian::little,
              "hash_bytes and hash_padded would differ");

// 64 well-mixed bits of a short string.
inline uint64_t hash_bytes(std::string_view bytes) {
  const char* data = bytes.data();
  std::size_t left = bytes.size();
  uint64_t hash = left;
  for (; left >= 8; left -= 8, data += 8)
    hash = bpe_internal::mix(hash, bpe_internal::load_word(data));
  return left == 0 ? hash : bpe_internal::mix(hash, bpe_internal::load_part(data, left));
}

// The same where 8 bytes may be read at any of `bytes`: fewer branches to guess wrong.
inline uint64_t hash_padded(std::string_view bytes) {
  const char* data = bytes.data();
  std::size_t left = bytes.size();
  uint64_t hash = left;
  for (; left > 8; left -= 8, data += 8)
    hash = bpe_internal::mix(hash, bpe_internal::load_word(data));
  return left == 0 ? hash
                   : bpe_internal::mix(
                         hash, bpe_internal::low_bytes(bpe_internal::load_word(data), left));
}

// Whether the two are equal; 8 bytes may be read at any byte of either.
inline bool equal_padded(std::string_view a, std::string_view b) {
  using bpe_internal::load_word, bpe_internal::low_bytes;
  if (a.size() != b.size()) return false;
  std::size_t left = a.size(), at = 0;
  for (; left > 8; left -= 8, at += 8) {
    if (load_word(a.data() + at) != load_word(b.data() + at)) return false;
  }
  return left == 0 || low_bytes(load_word(a.data() + at) ^ load_word(b.data() + at), left) == 0;
}

// The bytes themselves stay in the vocabulary.
class TokenTable {
 public:
  TokenTable() : TokenTable(0) {}
  explicit TokenTable(std::size_t entries_max)
      : slots_(std::bit_ceil(2 * entries_max + 2), kEmpty) {}

  // Start-up visits the slots in no order: asked for some entries ahead, they are there in time.
  void prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }

  Inserted insert(const Vocabulary& vocabulary, TokenId id) {
    const std::string_view bytes = vocabulary.bytes(id);
    const uint64_t hash = hash_padded(bytes);
    for (uint32_t probe = 0; probe < kProbesMax; ++probe) {
      uint64_t& slot = slots_[(hash + probe) & (slots_.size() - 1)];
      if (slot == kEmpty) {
        slot = tag(hash) | static_cast<uint32_t>(id);
        return Inserted::kYes;
      }
      if (tag(slot) == tag(hash) && vocabulary.bytes(id_of(slot)) == bytes) {
        return Inserted::kAlreadyThere;
      }
    }
    return Inserted::kTooManyCollisions;
  }

  // The id of the token that consists of `bytes`, or -1.
  TokenId find(const Vocabulary& vocabulary, std::string_view bytes) const {
    return find_hashed(hash_bytes(bytes),
                       [&](TokenId id) { return vocabulary.bytes(id) == bytes; });
  }
  // The same for bytes with padding whose hash the caller already has.
  TokenId find_padded(const Vocabulary& vocabulary, std::string_view bytes, uint64_t hash) const {
    return find_hashed(hash, [&](TokenId id) { return equal_padded(vocabulary.bytes(id), bytes); });
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // no id has 32 bits

  // The upper half of the hash beside the id: a slot is looked up in the vocabulary only where it
  // agrees.
  static uint64_t tag(uint64_t hash) { return hash & 0xffffffff00000000; }
  static TokenId id_of(uint64_t slot) { return static_cast<TokenId>(slot & 0xffffffff); }

  template <typename IsIt>
  TokenId find_hashed(uint64_t hash, IsIt&& is_it) const {
    for (uint32_t probe = 0; probe < kProbesMax; ++probe) {
      const uint64_t slot = slots_[(hash + probe) & (slots_.size() - 1)];
      if (slot == kEmpty) break;
      if (tag(slot) == tag(hash) && is_it(id_of(slot))) return id_of(slot);
    }
    return -1;
  }

  std::vector<uint64_t> slots_;
};

class MergeTable {
 public:
  static constexpr uint32_t kNoRank = ~uint32_t{0};
  static constexpr std::size_t kMergesMax = std::size_t{1} << 22;

  MergeTable() : MergeTable(0) {}
  explicit MergeTable(std::size_t entries_max)
      : slots_(std::bit_ceil(entries_max + entries_max / 3 + 2), kEmpty),
        shift_(64 - static_cast<uint32_t>(std::countr_zero(slots_.size()))) {}

  void prefetch(TokenId left, TokenId right) const {
    __builtin_prefetch(&slots_[home(pack(left, right))]);
  }

  Inserted insert(TokenId left, TokenId right, uint32_t rank) {
    const uint64_t pair = pack(left, right);
    const std::size_t first = home(pair);
    for (uint32_t probe = 0; probe < kProbesMax; ++probe) {
      uint64_t& slot = slots_[(first + probe) & (slots_.size() - 1)];
      if (slot == kEmpty) {
        slot = pair << kRankBits | rank;
        return Inserted::kYes;
      }
      if (slot >> kRankBits == pair) return Inserted::kAlreadyThere;
    }
    return Inserted::kTooManyCollisions;
  }

  // Which merge joins the two, or kNoRank.
  uint32_t find(TokenId left, TokenId right) const {
    const uint64_t pair = pack(left, right);
    const std::size_t first = home(pair);
    for (uint32_t probe = 0; probe < kProbesMax; ++probe) {
      const uint64_t slot = slots_[(first + probe) & (slots_.size() - 1)];
      if (slot >> kRankBits == pair) return static_cast<uint32_t>(slot & ((1u << kRankBits) - 1));
      if (slot == kEmpty) break;
    }
    return kNoRank;
  }

 private:
  // A slot is left:21 right:21 rank:22. Vocabulary::kTokensMax leaves out the id of 21 ones, so
  // that no pair looks empty.
  static constexpr uint32_t kIdBits = 21;
  static constexpr uint32_t kRankBits = 22;
  static constexpr uint64_t kEmpty = ~uint64_t{0};

  static uint64_t pack(TokenId left, TokenId right) {
    return static_cast<uint64_t>(left) << kIdBits | static_cast<uint64_t>(right);
  }
  std::size_t home(uint64_t pair) const { return pair * 0x9e3779b97f4a7c15 >> shift_; }

  std::vector<uint64_t> slots_;
  uint32_t shift_;
};

}  // namespace hearth
