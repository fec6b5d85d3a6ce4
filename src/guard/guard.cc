// SPDX-License-Identifier: Apache-2.0
#include "guard/guard.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/utf8.h"
#include "guard/detectors.h"
#include "guard/normalize.h"
#include "guard/scan.h"

namespace hearth {
namespace {

constexpr std::size_t kContextBytes = 512;        // seen before a window
constexpr std::size_t kOverhangBytes = 16 << 10;  // and behind it: what begins inside may end there
constexpr std::size_t kSlackBytes = 4 << 10;      // how far a cut looks for a space

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Near `at`, where no word is cut; where there is no space, where no character is.
std::size_t place_to_cut(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  for (std::size_t i = at; i < std::min(text.size(), at + kSlackBytes); ++i) {
    if (is_space(text[i])) return i;
  }
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

std::vector<Found> detect(std::string_view window) {
  Scan scan(window);
  detect_placeholders(scan);
  detect_checked_numbers(scan);
  detect_phones(scan);
  detect_network(scan);
  detect_coordinates(scan);
  detect_birth_dates(scan);
  detect_secrets(scan);
  detect_people(scan);
  detect_addresses(scan);
  detect_organisations(scan);
  return std::move(scan.found());
}

// Pieces of one address that overlap or have little between them are one.
void join_addresses(std::string_view text, std::vector<Found>& found) {
  constexpr std::size_t kBetweenMax = 3;
  const auto is_other = [](const Found& one) { return one.kind != EntityKind::kAddress; };
  const auto first = std::stable_partition(found.begin(), found.end(), is_other);
  std::sort(first, found.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
  std::vector<Found> joined;
  for (auto next = first; next != found.end(); ++next) {
    const bool near = !joined.empty() && next->begin <= joined.back().end + kBetweenMax;
    const bool soft = near && [&] {
      for (std::size_t at = joined.back().end; at < next->begin; ++at) {
        if (!is_space(text[at]) && text[at] != ',') return false;
      }
      return true;
    }();
    if (soft) {
      joined.back().end = std::max(joined.back().end, next->end);
      joined.back().certainty = std::max(joined.back().certainty, next->certainty);
    } else {
      joined.push_back(*next);
    }
  }
  found.erase(first, found.end());
  found.insert(found.end(), joined.begin(), joined.end());
}

// Intervals that do not overlap; of what is added later, the parts that are still free are taken.
class Taken {
 public:
  explicit Taken(std::string_view text) : text_(text) {}

  void add(const Found& found) {
    std::size_t at = found.begin;
    auto next = taken_.upper_bound(at);
    if (next != taken_.begin() && std::prev(next)->second.end > at) {
      at = std::prev(next)->second.end;
    }
    while (at < found.end) {
      const std::size_t free_end =
          next == taken_.end() ? found.end : std::min(found.end, next->first);
      add_part(found, at, free_end);
      if (free_end == found.end) break;
      at = next->second.end;
      ++next;
    }
  }
  std::vector<Entity> entities() const {
    std::vector<Entity> out;
    for (const auto& [begin, entity] : taken_) out.push_back(entity);
    return out;
  }

 private:
  void add_part(const Found& found, std::size_t begin, std::size_t end) {
    const auto is_word = [&](std::size_t at) { return is_word_byte(text_[at]); };
    if (begin != found.begin) {
      while (begin < end && !is_word(begin)) ++begin;
    }
    if (end != found.end) {
      while (end > begin && !is_word(end - 1)) --end;
    }
    if (begin < end) taken_.emplace(begin, Entity{found.kind, begin, end});
  }

  std::string_view text_;
  std::map<std::size_t, Entity> taken_;  // by begin
};

std::vector<Entity> resolve(std::string_view text, std::vector<Found> found) {
  join_addresses(text, found);
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    if (a.certainty != b.certainty) return a.certainty > b.certainty;
    return a.end - a.begin > b.end - b.begin;
  });
  Taken taken(text);
  for (const Found& one : found) taken.add(one);
  return taken.entities();
}

// The byte that two hexadecimal digits or the code unit that four write.
std::optional<uint32_t> hex_number(std::string_view digits, std::size_t count) {
  uint32_t value = 0;
  if (digits.size() < count) return std::nullopt;
  const char* const end = digits.data() + count;
  const auto parsed = std::from_chars(digits.data(), end, value, 16);
  return parsed.ptr == end ? std::optional(value) : std::nullopt;
}

// JSON's escapes undone; a line end and a tab become what they are.
std::string without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at];
      continue;
    }
    const char c = text[++at];
    const auto unit = c == 'u' ? hex_number(text.substr(at + 1), 4) : std::nullopt;
    if (!unit) {
      out += c == 'n' || c == 'r' ? '\n' : (c == 't' || c == 'b' || c == 'f' ? ' ' : c);
      continue;
    }
    at += 4;
    uint32_t point = *unit;
    if (point >= 0xd800 && point < 0xdc00 && text.substr(at + 1, 2) == "\\u") {
      const auto low = hex_number(text.substr(at + 3), 4);
      if (low && *low >= 0xdc00 && *low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (*low - 0xdc00);
        at += 6;
      }
    }
    append_utf8(out, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
  }
  return out;
}

std::string without_percents(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = text[at] == '%' ? hex_number(text.substr(at + 1), 2) : std::nullopt;
    out += byte ? static_cast<char>(*byte) : text[at];
    if (byte) at += 2;
  }
  return out;
}

}  // namespace

std::vector<Entity> Guard::find(std::string_view text) const {
  const NormalizedText normalized(text);
  const std::string_view read = normalized.text();
  std::vector<Found> all;
  for (std::size_t begin = 0; begin < read.size();) {
    const std::size_t end = place_to_cut(read, begin + kGuardWindowBytes);
    const std::size_t from =
        begin > kContextBytes ? std::min(begin, place_to_cut(read, begin - kContextBytes)) : 0;
    const std::size_t to = end == read.size() ? end : place_to_cut(read, end + kOverhangBytes);
    for (Found& found : detect(read.substr(from, to - from))) {
      found.begin += from;
      found.end += from;
      if (found.begin >= begin && found.begin < end) all.push_back(found);
    }
    begin = end;
  }
  std::vector<Entity> entities = resolve(read, std::move(all));
  std::size_t taken = 0;  // several normalised characters may stand for one: nothing is named twice
  for (Entity& entity : entities) {
    entity.begin = std::max(taken, normalized.input_begin(entity.begin));
    entity.end = std::max(entity.begin, normalized.input_end(entity.end));
    taken = entity.end;
  }
  std::erase_if(entities, [](const Entity& entity) { return entity.begin == entity.end; });
  return entities;
}

Sensitivity Guard::sensitivity(std::string_view text) const {
  Sensitivity highest = Sensitivity::kPublic;
  for (const Entity& entity : find(text)) {
    highest = std::max(highest, kind_info(entity.kind).sensitivity);
  }
  return highest;
}

std::vector<EntityKind> Guard::rescan(std::string_view bytes, Sensitivity ceiling) const {
  std::set<EntityKind> kinds;
  const auto look = [&](std::string_view text) {
    for (const Entity& entity : find(text)) {
      if (kind_info(entity.kind).sensitivity > ceiling) kinds.insert(entity.kind);
    }
  };
  look(bytes);
  if (bytes.find('\\') != std::string_view::npos) look(without_escapes(bytes));
  if (bytes.find('%') != std::string_view::npos) look(without_percents(bytes));
  return {kinds.begin(), kinds.end()};
}

}  // namespace hearth
