// SPDX-License-Identifier: Apache-2.0
#include "guard/normalize.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "base/utf8.h"
#include "guard/guard_unicode_tables.h"

namespace hearth {
namespace {

using namespace guard_tables;  // NOLINT: this file is what they are for

// Marks on one character beyond this many begin a new piece, as the Stream-Safe Text Format does:
// it keeps sorting them linear.
constexpr std::size_t kPieceCharsMax = 32;
constexpr std::size_t kPartsMax = 256;
constexpr char32_t kRemovedFrom = 0xe0000;
constexpr char32_t kRemovedTo = 0xe0fff;

bool in_bitmap(const uint8_t* index, const uint8_t* blocks, char32_t c) {
  return (blocks[index[c >> 8] * 32 + ((c & 0xff) >> 3)] >> (c & 7) & 1) != 0;
}
bool is_unstable(const Utf8Char& c) {
  return c.valid && in_bitmap(kUnstableIndex, kUnstableBlocks, c.code_point);
}
bool does_extend(const Utf8Char& c) {
  return c.valid && in_bitmap(kExtendsIndex, kExtendsBlocks, c.code_point);
}

// How many bytes of ASCII `text` begins with.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 32 <= text.size(); at += 32) {
    std::array<uint64_t, 4> words;
    std::memcpy(words.data(), text.data() + at, 32);
    if (((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

constexpr char32_t kHangul = 0xac00, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11a7;
constexpr char32_t kLeads = 19, kVowels = 21, kTails = 28;

// Code points of one piece, on the stack.
class Piece {
 public:
  void add_decomposed(char32_t c);
  void reorder();
  void compose();
  std::span<const char32_t> parts() const { return {parts_.data(), count_}; }

 private:
  void add(char32_t c) {
    if (count_ < kPartsMax) parts_[count_++] = c;
  }
  static uint8_t combining_class(char32_t c);
  static char32_t composed(char32_t first, char32_t second);  // 0: the two do not compose

  std::array<char32_t, kPartsMax> parts_;
  std::size_t count_ = 0;
};

void Piece::add_decomposed(char32_t c) {
  if (c >= kHangul && c < kHangul + kLeads * kVowels * kTails) {
    const char32_t index = c - kHangul;
    add(kLead + index / (kVowels * kTails));
    add(kVowel + index / kTails % kVowels);
    if (index % kTails != 0) add(kTail + index % kTails);
    return;
  }
  const uint32_t* const keys_end = kDecomposedKeys + kDecomposedCount;
  const uint32_t* key = std::lower_bound(kDecomposedKeys, keys_end, static_cast<uint32_t>(c));
  if (key == keys_end || *key != c) return add(c);
  const std::size_t row = static_cast<std::size_t>(key - kDecomposedKeys);
  const std::size_t begin = row == 0 ? 0 : kDecomposedEnds[row - 1];
  std::string_view rest(kDecomposedPool + begin, kDecomposedEnds[row] - begin);
  while (!rest.empty()) {
    const Utf8Char next = decode_utf8(rest);
    add(next.code_point);
    rest.remove_prefix(next.bytes);
  }
}

uint8_t Piece::combining_class(char32_t c) {
  if (c < kClassKeys[0]) return 0;
  const uint32_t* key = std::upper_bound(kClassKeys, kClassKeys + kClassCount, c) - 1;
  const uint16_t row = kClassRows[key - kClassKeys];
  return c - *key <= static_cast<char32_t>(row >> 8) ? static_cast<uint8_t>(row) : 0;
}

void Piece::reorder() {
  for (std::size_t i = 1; i < count_; ++i) {  // stable, and short
    const char32_t moved = parts_[i];
    const uint8_t rank = combining_class(moved);
    std::size_t to = i;
    while (rank != 0 && to > 0 && combining_class(parts_[to - 1]) > rank) {
      parts_[to] = parts_[to - 1];
      --to;
    }
    parts_[to] = moved;
  }
}

char32_t Piece::composed(char32_t first, char32_t second) {
  if (first >= kLead && first < kLead + kLeads && second >= kVowel && second < kVowel + kVowels) {
    return kHangul + ((first - kLead) * kVowels + (second - kVowel)) * kTails;
  }
  if (first >= kHangul && first < kHangul + kLeads * kVowels * kTails &&
      (first - kHangul) % kTails == 0 && second > kTail && second < kTail + kTails) {
    return first + (second - kTail);
  }
  std::size_t low = 0;
  std::size_t high = kComposedCount;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const uint32_t* row = kComposed + 3 * middle;
    if (row[0] < first || (row[0] == first && row[1] < second)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const uint32_t* row = kComposed + 3 * low;
  return low < kComposedCount && row[0] == first && row[1] == second ? row[2] : 0;
}

void Piece::compose() {
  std::size_t starter = kPartsMax;  // where the last one stands
  std::size_t out = 0;
  uint8_t last_class = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const char32_t c = parts_[i];
    const uint8_t rank = combining_class(c);
    const bool adjacent = starter + 1 == out;
    if (starter != kPartsMax && (adjacent || (last_class < rank && last_class != 0))) {
      if (const char32_t both = composed(parts_[starter], c); both != 0) {
        parts_[starter] = both;
        continue;
      }
    }
    if (rank == 0) starter = out;
    last_class = rank;
    parts_[out++] = c;
  }
  count_ = out;
}

void append_folded(std::string& out, char32_t c) {
  if (c >= kRemovedFrom && c <= kRemovedTo) return;
  const uint32_t* const keys_end = kFoldedKeys + kFoldedCount;
  const uint32_t* key = std::lower_bound(kFoldedKeys, keys_end, static_cast<uint32_t>(c));
  if (key == keys_end || *key != c) return append_utf8(out, c);
  const char folded = static_cast<char>(kFoldedValues[key - kFoldedKeys]);
  if (folded != 0) out += folded;
}

// Whether the character is removed; those may stand between a letter and its marks.
bool is_removed(char32_t c) {
  std::string out;
  append_folded(out, c);
  return out.empty();
}

}  // namespace

NormalizedText::NormalizedText(std::string_view input) : input_(input) {
  std::size_t copied = 0;  // what stands before has been taken
  std::size_t at = ascii_prefix(input);
  while (at < input.size()) {
    const Utf8Char c = decode_utf8(input.substr(at));
    std::size_t end = at + c.bytes;
    const bool attached = does_extend(c);
    if (attached && at > copied) {  // it belongs to the character before, if that is one
      std::size_t before = at - 1;
      while (before > copied && (static_cast<unsigned char>(input[before]) & 0xc0) == 0x80)
        --before;
      at = before;
    }
    if (is_unstable(c)) {
      std::size_t chars = 1;
      while (end < input.size() && chars < kPieceCharsMax) {
        const Utf8Char next = decode_utf8(input.substr(end));
        if (!does_extend(next)) break;
        end += next.bytes;
        ++chars;
      }
      copy(copied, at);
      replace(at, end);
      copied = end;
    }
    at = end + ascii_prefix(input.substr(end));
  }
  if (segments_.empty()) return;
  copy(copied, input.size());
}

void NormalizedText::copy(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  segments_.push_back(
      {static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(begin), Origin::kCopied});
  text_.append(input_, begin, end - begin);
}

void NormalizedText::replace(std::size_t begin, std::size_t end) {
  segments_.push_back(
      {static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(begin), Origin::kReplaced});
  Piece piece;
  for (std::string_view rest = input_.substr(begin, end - begin); !rest.empty();) {
    const Utf8Char c = decode_utf8(rest);
    if (!c.valid) {  // a byte of no character stands for itself, with marks that cannot join it
      text_ += rest[0];
    } else if (!is_removed(c.code_point)) {
      piece.add_decomposed(c.code_point);
    }
    rest.remove_prefix(c.bytes);
  }
  piece.reorder();
  piece.compose();
  for (const char32_t part : piece.parts()) append_folded(text_, part);
}

const NormalizedText::Segment& NormalizedText::segment_of(std::size_t at) const {
  // Empty segments share their beginning with the next one: the last of them is meant.
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), at,
      [](std::size_t wanted, const Segment& segment) { return wanted < segment.begin; });
  return after == segments_.begin() ? *after : *(after - 1);
}

std::size_t NormalizedText::input_begin(std::size_t at) const {
  if (segments_.empty()) return at;
  if (at >= text_.size()) return input_.size();
  const Segment& segment = segment_of(at);
  if (segment.origin == Origin::kCopied) return segment.input + (at - segment.begin);
  return segment.input;
}

std::size_t NormalizedText::input_end(std::size_t at) const {
  if (segments_.empty()) return at;
  const Segment& segment = segment_of(at - 1);
  if (segment.origin == Origin::kCopied) return segment.input + (at - segment.begin);
  const std::size_t next = static_cast<std::size_t>(&segment - segments_.data()) + 1;
  return next < segments_.size() ? segments_[next].input : input_.size();
}

}  // namespace hearth
