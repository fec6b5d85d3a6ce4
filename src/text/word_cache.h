// SPDX-License-Identifier: Apache-2.0
// What one call of encode() remembers of the words that it has met. Threading: a value of one
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "text/tokenizer_vocabulary.h"

namespace hearth {

// The words that one call of encode() has met: where their ids stand in its output. Direct-mapped,
// so its size is its bound; a new word takes the place of the old one. Source: texts repeat their
// words (Zipf).
class WordCache {
 public:
  explicit WordCache(std::string_view text)
      : text_(text), slots_(text.size() >= kTextBytesMin ? kSlots : 0) {}

  // The cached words are pieces of `text` whose ids were appended to `out`.
  bool append_known(std::string_view word, uint64_t hash, std::vector<TokenId>& out) const {
    if (slots_.empty()) return false;
    const Slot& slot = slots_[hash & (kSlots - 1)];
    if (slot.tag != hash >> 32 || slot.bytes != word.size() ||
        word != text_.substr(slot.text_at, slot.bytes)) {
      return false;
    }
    for (uint32_t i = 0; i < slot.count; ++i) {
      const TokenId id = out[slot.out_at + i];
      out.push_back(id);
    }
    return true;
  }

  void remember(std::string_view word, uint64_t hash, std::size_t out_at, std::size_t out_end) {
    const auto text_at = static_cast<std::size_t>(word.data() - text_.data());
    if (slots_.empty() || std::max(text_at, out_end) > std::numeric_limits<uint32_t>::max()) return;
    slots_[hash & (kSlots - 1)] = {static_cast<uint32_t>(hash >> 32),
                                   static_cast<uint32_t>(text_at), static_cast<uint32_t>(out_at),
                                   static_cast<uint16_t>(word.size()),
                                   static_cast<uint16_t>(out_end - out_at)};
  }

 private:
  static constexpr std::size_t kSlots = 1 << 13;         // 128 KiB
  static constexpr std::size_t kTextBytesMin = 1 << 12;  // below this few words come twice

  struct Slot {
    uint32_t tag = 0;
    uint32_t text_at = 0;
    uint32_t out_at = 0;
    uint16_t bytes = 0;  // 0: empty
    uint16_t count = 0;
  };

  std::string_view text_;
  std::vector<Slot> slots_;
};

}  // namespace hearth
