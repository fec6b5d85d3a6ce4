// SPDX-License-Identifier: Apache-2.0
#include "engine/byte_sorted_vocabulary.h"

#include <algorithm>

namespace hearth {
namespace {

// A token with its first bytes as a number that orders as they do: most comparisons end there.
struct Entry {
  uint64_t first_bytes;
  std::string_view bytes;
  TokenId id;

  bool operator<(const Entry& other) const {
    if (first_bytes != other.first_bytes) return first_bytes < other.first_bytes;
    const int order = bytes.compare(other.bytes);
    return order != 0 ? order < 0 : id < other.id;
  }
};

uint64_t first_bytes(std::string_view bytes) {
  uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number = number << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
  return number;
}

}  // namespace

ByteSortedVocabulary::ByteSortedVocabulary(const Tokenizer& tokenizer) {
  std::vector<Entry> entries;
  entries.reserve(static_cast<std::size_t>(tokenizer.vocab_size()));
  std::size_t total = 0;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string_view bytes = tokenizer.token_bytes(id, SpecialTokens::kAsText);
    if (bytes.empty()) continue;
    entries.push_back({first_bytes(bytes), bytes, id});
    total += bytes.size();
  }
  std::sort(entries.begin(), entries.end());
  ids_.reserve(entries.size());
  begins_.reserve(entries.size() + 1);
  bytes_.reserve(total);
  for (const Entry& entry : entries) {
    ids_.push_back(entry.id);
    begins_.push_back(static_cast<uint32_t>(bytes_.size()));
    bytes_ += entry.bytes;
    ++first_byte_counts_[static_cast<unsigned char>(entry.bytes.front())];
  }
  begins_.push_back(static_cast<uint32_t>(bytes_.size()));
}

std::size_t ByteSortedVocabulary::end_of_prefix(std::size_t from, std::size_t length) const {
  const std::string_view prefix = bytes(from).substr(0, length);
  const auto is_in = [&](std::size_t index) { return bytes(index).starts_with(prefix); };
  // In steps that double, then in halves: most ranges are short.
  std::size_t inside = from;
  std::size_t step = 1;
  while (inside + step < size() && is_in(inside + step)) {
    inside += step;
    step *= 2;
  }
  std::size_t outside = std::min(inside + step, size());
  while (outside - inside > 1) {
    const std::size_t middle = inside + (outside - inside) / 2;
    (is_in(middle) ? inside : outside) = middle;
  }
  return outside;
}

// The first token whose bytes are not less.
std::size_t ByteSortedVocabulary::lower_bound(std::string_view wanted) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (bytes(middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::span<const TokenId> ByteSortedVocabulary::extending(std::string_view wanted) const {
  const std::size_t begin = lower_bound(wanted);
  if (begin == size() || !bytes(begin).starts_with(wanted)) return {};
  return std::span(ids_).subspan(begin, end_of_prefix(begin, wanted.size()) - begin);
}

std::vector<TokenId> ByteSortedVocabulary::proper_prefixes(std::string_view of) const {
  std::vector<TokenId> found;
  for (std::size_t length = 1; length < of.size(); ++length) {
    const std::string_view prefix = of.substr(0, length);
    for (std::size_t i = lower_bound(prefix); i < size() && bytes(i) == prefix; ++i)
      found.push_back(id(i));
  }
  return found;
}

}  // namespace hearth
