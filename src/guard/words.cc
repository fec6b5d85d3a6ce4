// SPDX-License-Identifier: Apache-2.0
#include "guard/words.h"

#include <bit>
#include <vector>

#include "base/utf8.h"

namespace hearth {
namespace {

struct AccentRange {
  char32_t first;
  char32_t last;
  std::string_view plain;
};

// Latin-1 and Latin Extended-A without their accents; letters of both cases alike.
constexpr AccentRange kAccents[] = {
    {0xc0, 0xc5, "a"},   {0xc6, 0xc6, "ae"},   {0xc7, 0xc7, "c"},   {0xc8, 0xcb, "e"},
    {0xcc, 0xcf, "i"},   {0xd0, 0xd0, "d"},    {0xd1, 0xd1, "n"},   {0xd2, 0xd6, "o"},
    {0xd8, 0xd8, "o"},   {0xd9, 0xdc, "u"},    {0xdd, 0xdd, "y"},   {0xde, 0xde, "th"},
    {0xdf, 0xdf, "ss"},  {0xe0, 0xe5, "a"},    {0xe6, 0xe6, "ae"},  {0xe7, 0xe7, "c"},
    {0xe8, 0xeb, "e"},   {0xec, 0xef, "i"},    {0xf0, 0xf0, "d"},   {0xf1, 0xf1, "n"},
    {0xf2, 0xf6, "o"},   {0xf8, 0xf8, "o"},    {0xf9, 0xfc, "u"},   {0xfd, 0xfd, "y"},
    {0xfe, 0xfe, "th"},  {0xff, 0xff, "y"},    {0x100, 0x105, "a"}, {0x106, 0x10d, "c"},
    {0x10e, 0x111, "d"}, {0x112, 0x11b, "e"},  {0x11c, 0x123, "g"}, {0x124, 0x127, "h"},
    {0x128, 0x131, "i"}, {0x132, 0x133, "ij"}, {0x134, 0x135, "j"}, {0x136, 0x138, "k"},
    {0x139, 0x142, "l"}, {0x143, 0x14b, "n"},  {0x14c, 0x151, "o"}, {0x152, 0x153, "oe"},
    {0x154, 0x159, "r"}, {0x15a, 0x161, "s"},  {0x162, 0x167, "t"}, {0x168, 0x173, "u"},
    {0x174, 0x175, "w"}, {0x176, 0x178, "y"},  {0x179, 0x17e, "z"}, {0x17f, 0x17f, "s"},
};

// FNV-1a, finished by a multiplication for its high bits.
uint64_t hash_word(std::string_view word) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash * 0x9e3779b97f4a7c15u;
}

// Open addressing over words of constant lists; at most half full.
class WordTable {
 public:
  WordTable() {
    std::size_t count = 0;
    for_each_word([&](std::string_view, WordTraits) { ++count; });
    bits_ = static_cast<int>(std::bit_width(2 * count));
    slots_.resize(std::size_t{1} << bits_);
    for_each_word([&](std::string_view word, WordTraits traits) {
      Slot& slot = slots_[place(word)];
      slot.word = word;
      slot.traits |= traits;
    });
  }

  WordTraits find(std::string_view word) const { return slots_[place(word)].traits; }

 private:
  struct Slot {
    std::string_view word;
    WordTraits traits = 0;
  };

  template <typename Visit>
  static void for_each_word(Visit visit) {
    for (const auto lists : {given_name_lists(), family_name_lists(), place_lists(),
                             context_lists(), common_lists()}) {
      for (const WordList& list : lists) {
        for (std::size_t at = 0; at < list.words.size();) {
          std::size_t end = list.words.find(' ', at);
          if (end == std::string_view::npos) end = list.words.size();
          if (end > at) visit(list.words.substr(at, end - at), list.traits);
          at = end + 1;
        }
      }
    }
  }

  // Where the word stands, or the empty slot where it would.
  std::size_t place(std::string_view word) const {
    std::size_t at = hash_word(word) >> (64 - bits_);
    while (slots_[at].traits != 0 && slots_[at].word != word) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  std::vector<Slot> slots_;
  int bits_ = 0;
};

}  // namespace

std::size_t fold_word(std::string_view word, char (&folded)[kWordBytesMax]) {
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < word.size();) {
    const unsigned char byte = static_cast<unsigned char>(word[at]);
    if (bytes + 4 > kWordBytesMax) return 0;
    if (byte < 0x80) {
      folded[bytes++] = static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
      ++at;
      continue;
    }
    const Utf8Char c = decode_utf8(word.substr(at));
    std::string_view piece = word.substr(at, c.bytes);
    for (const AccentRange& range : kAccents) {
      if (c.code_point >= range.first && c.code_point <= range.last) {
        piece = range.plain;
        break;
      }
    }
    for (const char letter : piece) folded[bytes++] = letter;
    at += c.bytes;
  }
  return bytes;
}

WordTraits word_traits(std::string_view word) {
  static const WordTable table;
  char folded[kWordBytesMax];
  return table.find(std::string_view(folded, fold_word(word, folded)));
}

}  // namespace hearth
