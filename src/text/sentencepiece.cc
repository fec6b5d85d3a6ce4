// SPDX-License-Identifier: Apache-2.0
#include "text/sentencepiece.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <string>

#include "base/utf8.h"
#include "text/sentencepiece_pairs.h"
#include "text/word_cache.h"

namespace hearth {
namespace {

// Pieces of at most this many bytes are merged by scanning an array: for words that beats a heap.
constexpr std::size_t kShortBytesMax = 48;

constexpr std::string_view kEscapedSpace = "\xe2\x96\x81";  // U+2581

// `text` with what the vocabulary writes for a space as a space.
std::string spaced(std::string_view text, SpacePrefix prefix) {
  std::string out;
  out.reserve(text.size() + 1);
  if (prefix == SpacePrefix::kAdd) out += ' ';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = std::min(text.find(kEscapedSpace, at), text.size());
    out += text.substr(at, found - at);
    if (found < text.size()) out += ' ';
    at = found + kEscapedSpace.size();
  }
  return out;
}

std::size_t character_bytes(std::string_view text) {
  return static_cast<unsigned char>(text[0]) < 0x80 ? 1 : decode_utf8(text).bytes;
}

// Where the last character that ends within `bytes` ends; `bytes` where the text has none there.
std::size_t character_boundary(std::string_view text, std::size_t bytes) {
  if (bytes >= text.size()) return text.size();
  return bytes - incomplete_utf8_suffix(text.substr(0, bytes));
}

}  // namespace

void SentencePiece::encode(std::string_view text, std::vector<TokenId>& out) const {
  if (text.empty()) return;
  if (space_prefix_ == SpacePrefix::kNone && text.find(kEscapedSpace) == std::string_view::npos) {
    return encode_spaced(text, out);
  }
  encode_spaced(spaced(text, space_prefix_), out);
}

void SentencePiece::encode_spaced(std::string_view text, std::vector<TokenId>& out) const {
  WordCache cache(text);
  out.reserve(out.size() + text.size() / 4 + 1);
  const auto encode_between = [&](std::size_t begin, std::size_t end) {
    if (begin == end) return;
    const std::string_view piece = text.substr(begin, end - begin);
    if (piece.size() > kShortBytesMax) return encode_piece(piece, out);
    const uint64_t hash = hash_bytes(piece);
    if (cache.append_known(piece, hash, out)) return;
    const std::size_t out_at = out.size();
    merge_short(piece, out);
    cache.remember(piece, hash, out_at, out.size());
  };
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    const uint8_t pair = pairs_[byte_pair(text[at], next)];
    if ((pair & kPairUserDefined) != 0) {
      const SpecialTokenFinder::Match match = user_defined_.longest_at(text, at);
      if (match.bytes != 0) {
        encode_between(begin, at);
        out.push_back(match.id);
        at += match.bytes;
        begin = at;
        continue;
      }
    }
    ++at;
    if ((pair & kPairCut) != 0) {
      encode_between(begin, at);
      begin = at;
    }
  }
  encode_between(begin, text.size());
}

void SentencePiece::encode_piece(std::string_view piece, std::vector<TokenId>& out) const {
  while (!piece.empty()) {
    const std::size_t bytes = character_boundary(piece, kPieceBytesMax);
    merge_long(piece.substr(0, bytes), out);
    piece.remove_prefix(bytes);
  }
}

// The normal token that is `bytes`, or -1.
TokenId SentencePiece::find(std::string_view bytes) const {
  return bytes.size() > token_bytes_max_ ? -1 : tokens_.find(*vocabulary_, bytes);
}

void SentencePiece::append_character(std::string_view character, std::vector<TokenId>& out) const {
  if (const TokenId id = find(character); id >= 0) return out.push_back(id);
  for (const char byte : character) out.push_back(byte_tokens_[static_cast<unsigned char>(byte)]);
}

void SentencePiece::merge_short(std::string_view piece, std::vector<TokenId>& out) const {
  constexpr float kNoPair = -std::numeric_limits<float>::infinity();  // scores are finite
  std::array<uint8_t, kShortBytesMax + 1> begins;  // of the symbols; [count] the end of the last
  std::array<TokenId, kShortBytesMax> ids;         // -1: a character, not looked up yet
  std::array<TokenId, kShortBytesMax> joined;      // [i] the token of symbols i and i + 1, or -1
  std::array<float, kShortBytesMax> scores;        // [i] of joined[i]
  std::size_t count = 0;
  for (std::size_t at = 0; at < piece.size(); at += character_bytes(piece.substr(at))) {
    begins[count] = static_cast<uint8_t>(at);
    ids[count++] = -1;
  }
  begins[count] = static_cast<uint8_t>(piece.size());
  const auto look_up = [&](std::size_t i) {
    joined[i] = find(piece.substr(begins[i], begins[i + 2] - begins[i]));
    scores[i] = joined[i] < 0 ? kNoPair : scores_[static_cast<std::size_t>(joined[i])];
  };
  for (std::size_t i = 0; i + 1 < count; ++i) look_up(i);
  while (count > 1) {
    // The leftmost of the best.
    const auto best =
        std::max_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(count - 1));
    if (*best == kNoPair) break;
    const auto at = static_cast<std::size_t>(best - scores.begin());
    ids[at] = joined[at];
    --count;
    for (std::size_t i = at + 1; i <= count; ++i) {
      begins[i] = begins[i + 1];
      if (i == count) break;
      ids[i] = ids[i + 1];
      joined[i - 1] = joined[i];
      scores[i - 1] = scores[i];
    }
    if (at + 1 < count) look_up(at);
    if (at > 0) look_up(at - 1);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (ids[i] >= 0) {
      out.push_back(ids[i]);
    } else {
      append_character(piece.substr(begins[i], begins[i + 1] - begins[i]), out);
    }
  }
}

// O(n log n): symbols in a linked list, possible merges in a heap. An entry that later merges have
// overtaken is recognised by its symbol no longer having the same token ahead.
void SentencePiece::merge_long(std::string_view piece, std::vector<TokenId>& out) const {
  struct Symbol {
    uint32_t begin, bytes;  // bytes 0: joined to the one on its left
    uint32_t previous, next;
    TokenId id;      // -1: a character
    TokenId joined;  // the token that it and the next one are together, or -1
  };
  struct Entry {
    float score;
    uint32_t left;
    TokenId joined;
    bool operator<(const Entry& other) const {
      return score < other.score || (score == other.score && left > other.left);
    }
  };
  constexpr uint32_t kNone = ~uint32_t{0};
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t bytes = character_bytes(piece.substr(at));
    const auto index = static_cast<uint32_t>(symbols.size());  // 0: previous wraps to kNone
    symbols.push_back(
        {static_cast<uint32_t>(at), static_cast<uint32_t>(bytes), index - 1, index + 1, -1, -1});
    at += bytes;
  }
  symbols.back().next = kNone;

  std::vector<Entry> entries;
  entries.reserve(symbols.size());
  std::priority_queue<Entry> heap(std::less<Entry>(), std::move(entries));
  const auto offer = [&](uint32_t left) {
    Symbol& symbol = symbols[left];
    symbol.joined = -1;
    if (symbol.next == kNone) return;
    symbol.joined = find(piece.substr(symbol.begin, symbol.bytes + symbols[symbol.next].bytes));
    if (symbol.joined < 0) return;
    heap.push({scores_[static_cast<std::size_t>(symbol.joined)], left, symbol.joined});
  };
  for (uint32_t i = 0; i < symbols.size(); ++i) offer(i);
  while (!heap.empty()) {
    const Entry entry = heap.top();
    heap.pop();
    Symbol& left = symbols[entry.left];
    if (left.bytes == 0 || left.joined != entry.joined) continue;
    Symbol& right = symbols[left.next];
    left.bytes += right.bytes;
    left.id = entry.joined;
    left.next = right.next;
    right.bytes = 0;
    if (left.next != kNone) symbols[left.next].previous = entry.left;
    offer(entry.left);
    if (left.previous != kNone) offer(left.previous);
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.bytes == 0) continue;
    if (symbol.id >= 0) {
      out.push_back(symbol.id);
    } else {
      append_character(piece.substr(symbol.begin, symbol.bytes), out);
    }
  }
}

}  // namespace hearth
