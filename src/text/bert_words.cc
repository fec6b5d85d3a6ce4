// SPDX-License-Identifier: Apache-2.0
#include "text/bert_words.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "text/bert_unicode_tables.h"

namespace hearth {
namespace {

namespace tables = bert_unicode_tables;

// Hangul syllables decompose by arithmetic. Source: The Unicode Standard, section 3.12.
constexpr char32_t kSyllableBase = 0xac00, kSyllables = 11172;
constexpr char32_t kLeadBase = 0x1100, kVowelBase = 0x1161, kTailBase = 0x11a7;
constexpr char32_t kVowels = 21, kTails = 28;

BertClass find_class(char32_t code_point) {
  const std::span ranges(tables::kRanges, tables::kRangesCount);
  const uint32_t key =
      static_cast<uint32_t>(code_point) << tables::kClassBits | ((1u << tables::kClassBits) - 1);
  const auto behind = std::upper_bound(ranges.begin(), ranges.end(), key);
  return static_cast<BertClass>(*(behind - 1) & ((1u << tables::kClassBits) - 1));
}

constexpr std::size_t kAscii = 0x80;

const std::array<BertClass, kAscii>& ascii_classes() {
  static const auto classes = [] {
    std::array<BertClass, kAscii> found{};
    for (char32_t c = 0; c < kAscii; ++c) found[c] = find_class(c);
    return found;
  }();
  return classes;
}

// A table that maps a code point to one or several.
struct Mapping {
  std::span<const uint32_t> keys, values;
  const uint32_t* pool;

  // Calls `each` for what `code_point` becomes; the code point itself where it is not in the table.
  template <typename Each>
  void apply(char32_t code_point, Each&& each) const {
    const auto key = std::lower_bound(keys.begin(), keys.end(), static_cast<uint32_t>(code_point));
    if (key == keys.end() || *key != code_point) return each(code_point);
    const uint32_t value = values[static_cast<std::size_t>(key - keys.begin())];
    if ((value & tables::kSeveral) == 0) return each(static_cast<char32_t>(value));
    for (const uint32_t* at = pool + (value & ~tables::kSeveral); *at != 0; ++at) {
      each(static_cast<char32_t>(*at));
    }
  }
};

const Mapping kStripped{{tables::kStrippedKeys, tables::kStrippedKeysCount},
                        {tables::kStrippedValues, tables::kStrippedValuesCount},
                        tables::kStrippedPool};
const Mapping kLower{{tables::kLowerKeys, tables::kLowerKeysCount},
                     {tables::kLowerValues, tables::kLowerValuesCount},
                     tables::kLowerPool};

// Canonical combining class of what is left of a decomposition.
uint8_t combining_class(char32_t code_point) {
  const std::span ordered(tables::kOrdered, tables::kOrderedCount);
  const auto key = static_cast<uint32_t>(code_point) << tables::kOrderBits;
  const auto at = std::lower_bound(ordered.begin(), ordered.end(), key);
  if (at == ordered.end() || *at >> tables::kOrderBits != code_point) return 0;
  return static_cast<uint8_t>(*at & ((1u << tables::kOrderBits) - 1));
}

// Code points pass through its methods in the order of the text: push -> decompose -> emit -> put.
class Splitter {
 public:
  Splitter(BertRules rules, FunctionRef<void(BertWord)> word) : rules_(rules), word_(word) {}

  void push(char32_t c) {
    switch (bert_class(c)) {
      case BertClass::kRemoved:
        return;
      case BertClass::kSpace:
        flush_marks();
        return end_word();
      case BertClass::kChinese:
        flush_marks();
        end_word();
        decompose(c);
        flush_marks();
        return end_word();
      default:
        return decompose(c);
    }
  }

  void finish() {
    flush_marks();
    end_word();
  }

 private:
  struct Mark {
    uint8_t order;
    char32_t code_point;
  };

  void decompose(char32_t c) {
    if (rules_.accents == Accents::kKept || c < kAscii) {
      if (!marks_.empty()) flush_marks();
      return emit(c);
    }
    if (c >= kSyllableBase && c < kSyllableBase + kSyllables) {
      const char32_t index = c - kSyllableBase;
      arrange(kLeadBase + index / (kVowels * kTails));
      arrange(kVowelBase + index / kTails % kVowels);
      if (index % kTails != 0) arrange(kTailBase + index % kTails);
      return;
    }
    const BertClass kind = bert_class(c);
    if (kind == BertClass::kBarrierMark) return flush_marks();
    if (kind == BertClass::kMark) return;
    kStripped.apply(c, [&](char32_t part) { arrange(part); });
  }

  // Canonical order: marks between two characters of class 0 are sorted by their class.
  void arrange(char32_t c) {
    const uint8_t order = combining_class(c);
    if (order != 0) return marks_.push_back({order, c});
    flush_marks();
    emit(c);
  }

  void flush_marks() {
    std::stable_sort(marks_.begin(), marks_.end(),
                     [](const Mark& a, const Mark& b) { return a.order < b.order; });
    for (const Mark& mark : marks_) emit(mark.code_point);
    marks_.clear();
  }

  void emit(char32_t c) {
    if (rules_.letters == LetterCase::kKept) return put(c);
    if (c < kAscii) return put(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    kLower.apply(c, [&](char32_t small) { put(small); });
  }

  void put(char32_t c) {
    const bool alone = bert_class(c) == BertClass::kPunctuation;
    if (alone) end_word();
    if (chars_ == 0) spaced_.assign(1, ' ');
    if (++chars_ <= kBertWordCharsMax) append_utf8(spaced_, c);
    if (alone) end_word();
  }

  void end_word() {
    if (chars_ > 0) word_({spaced_, chars_});
    chars_ = 0;
  }

  BertRules rules_;
  FunctionRef<void(BertWord)> word_;
  std::vector<Mark> marks_;
  std::string spaced_;
  std::size_t chars_ = 0;
};

}  // namespace

BertClass bert_class(char32_t code_point) {
  return code_point < kAscii ? ascii_classes()[code_point] : find_class(code_point);
}

void split_bert_words(std::string_view text, BertRules rules, FunctionRef<void(BertWord)> word) {
  Splitter splitter(rules, word);
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = decode_utf8(text.substr(at));
    at += next.bytes;
    if (next.valid) splitter.push(next.code_point);
  }
  splitter.finish();
}

}  // namespace hearth
