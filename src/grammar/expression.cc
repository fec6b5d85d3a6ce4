// SPDX-License-Identifier: Apache-2.0
#include "grammar/expression.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace hearth {
namespace {

constexpr char32_t kSurrogateFirst = 0xD800;
constexpr char32_t kSurrogateLast = 0xDFFF;
constexpr char32_t kCharLast = 0x10FFFF;

// Sorted, without overlaps, without surrogates.
std::vector<CharRange> normalised(std::vector<CharRange> ranges) {
  std::vector<CharRange> parts;
  for (const CharRange range : ranges) {
    const auto keep = [&](char32_t first, char32_t last) {
      first = std::max(first, range.first);
      last = std::min(last, range.last);
      if (first <= last) parts.push_back({first, last});
    };
    keep(0, kSurrogateFirst - 1);
    keep(kSurrogateLast + 1, kCharLast);
  }
  std::ranges::sort(parts, {}, &CharRange::first);
  std::vector<CharRange> merged;
  for (const CharRange part : parts) {
    if (!merged.empty() && part.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, part.last);
    } else {
      merged.push_back(part);
    }
  }
  return merged;
}

// The last character that has as many bytes as `first`.
char32_t last_of_length(char32_t first) {
  if (first < 0x80) return 0x7F;
  if (first < 0x800) return 0x7FF;
  return first < 0x10000 ? 0xFFFF : kCharLast;
}

using ByteSequence = std::vector<ByteRange>;

// Characters of one length as sequences of byte ranges: cut until all but the leading differing
// byte run from their first value to their last (Thompson's construction, as in Plan 9's grep and
// RE2).
void append_sequences(char32_t first, char32_t last, std::vector<ByteSequence>& out) {
  for (int continuation = 1; continuation < 4; ++continuation) {
    const char32_t mask = (char32_t{1} << (6 * continuation)) - 1;
    if ((first & ~mask) == (last & ~mask)) continue;
    if ((first & mask) != 0) {
      append_sequences(first, first | mask, out);
      return append_sequences((first | mask) + 1, last, out);
    }
    if ((last & mask) != mask) {
      append_sequences(first, (last & ~mask) - 1, out);
      return append_sequences(last & ~mask, last, out);
    }
  }
  std::string low;
  std::string high;
  append_utf8(low, first);
  append_utf8(high, last);
  ByteSequence bytes;
  for (std::size_t i = 0; i < low.size(); ++i)
    bytes.push_back({static_cast<uint8_t>(low[i]), static_cast<uint8_t>(high[i])});
  out.push_back(std::move(bytes));
}

}  // namespace

std::vector<CharRange> other_chars(std::vector<CharRange> ranges) {
  std::vector<CharRange> others;
  char32_t next = 0;
  for (const CharRange range : normalised(std::move(ranges))) {
    if (next < range.first) others.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kCharLast) others.push_back({next, kCharLast});
  return others;
}

ExpressionId Rules::add(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<ExpressionId>(nodes_.size()) - 1;
}

ExpressionId Rules::bytes(std::vector<ByteRange> ranges) {
  return add({.kind = Kind::kBytes, .bytes = std::move(ranges), .children = {}});
}

ExpressionId Rules::literal(std::string_view text) {
  std::vector<ExpressionId> children;
  for (const char c : text)
    children.push_back(bytes({{static_cast<uint8_t>(c), static_cast<uint8_t>(c)}}));
  return children.size() == 1 ? children.front() : sequence(std::move(children));
}

ExpressionId Rules::chars(std::vector<CharRange> ranges) {
  std::vector<ByteRange> single;
  std::vector<ExpressionId> choices;
  for (CharRange range : normalised(std::move(ranges))) {
    while (range.first <= range.last) {
      const char32_t last = std::min(range.last, last_of_length(range.first));
      std::vector<ByteSequence> sequences;
      append_sequences(range.first, last, sequences);
      for (const ByteSequence& one : sequences) {
        if (one.size() == 1) {
          single.push_back(one.front());
          continue;
        }
        std::vector<ExpressionId> parts;
        for (const ByteRange part : one) parts.push_back(bytes({part}));
        choices.push_back(sequence(std::move(parts)));
      }
      range.first = last + 1;
    }
  }
  if (!single.empty() || choices.empty()) choices.push_back(bytes(std::move(single)));
  return choice(std::move(choices));
}

ExpressionId Rules::sequence(std::vector<ExpressionId> children) {
  return add({.kind = Kind::kSequence, .bytes = {}, .children = std::move(children)});
}

ExpressionId Rules::choice(std::vector<ExpressionId> children) {
  if (children.size() == 1) return children.front();
  return add({.kind = Kind::kChoice, .bytes = {}, .children = std::move(children)});
}

// Long repetitions are made of a rule that stands for a block of them: so many states, and not as
// many as there are repetitions.
ExpressionId Rules::repeat(ExpressionId child, int32_t min, int32_t max) {
  const auto plainly = [&](ExpressionId what, int32_t from, int32_t to) {
    return add({.kind = Kind::kRepeat, .bytes = {}, .children = {what}, .min = from, .max = to});
  };
  const int32_t more = max == kNoLimit ? kNoLimit : max - min;
  if (std::max(min, more) < 2 * kBlock) return plainly(child, min, max);
  const RuleId block = add_rule("repetition");
  define(block, plainly(child, kBlock, kBlock));
  const ExpressionId blocks = rule(block);
  std::vector<ExpressionId> parts = {plainly(blocks, min / kBlock, min / kBlock),
                                     plainly(child, min % kBlock, min % kBlock)};
  if (more < kBlock) {
    parts.push_back(plainly(child, 0, more));
  } else {
    const ExpressionId fewer =
        sequence({plainly(blocks, 0, more / kBlock - 1), plainly(child, 0, kBlock - 1)});
    const ExpressionId most =
        sequence({plainly(blocks, more / kBlock, more / kBlock), plainly(child, 0, more % kBlock)});
    parts.push_back(choice({fewer, most}));
  }
  return sequence(std::move(parts));
}

ExpressionId Rules::rule(RuleId id) {
  return add({.kind = Kind::kRule, .bytes = {}, .children = {}, .rule = id});
}

ExpressionId Rules::graph(ByteGraph graph) {
  return add({.kind = Kind::kGraph, .bytes = {}, .children = {}, .graph = std::move(graph.states)});
}

ExpressionId Rules::both(ExpressionId a, ExpressionId b) {
  return add({.kind = Kind::kBoth, .bytes = {}, .children = {a, b}});
}

ExpressionId Rules::after(ExpressionId child, char byte) {
  return add(
      {.kind = Kind::kAfter, .bytes = {}, .children = {child}, .byte = static_cast<uint8_t>(byte)});
}

RuleId Rules::add_rule(std::string name) {
  rules_.push_back({std::move(name)});
  return static_cast<RuleId>(rules_.size()) - 1;
}

}  // namespace hearth
