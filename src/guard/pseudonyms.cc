// SPDX-License-Identifier: Apache-2.0
#include "guard/pseudonyms.h"

#include <string.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/strings.h"
#include "guard/placeholder.h"

namespace hearth {
namespace {

constexpr std::string_view kMapHead = "hearth-map 1 ";
constexpr std::string_view kNonceLetters = "abcdefghijkmnpqrstuvwxyz23456789";
constexpr std::size_t kNonceLength = 6;

Result<std::string> random_nonce() {
  unsigned char bytes[kNonceLength];
  ssize_t got = 0;
  do {
    got = ::getrandom(bytes, sizeof bytes, 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof bytes)) {
    return Error(ErrorCode::kUnavailable,
                 concat("random bytes: getrandom failed: ", std::strerror(errno),
                        "; run on a system whose random numbers work"));
  }
  std::string nonce;
  for (const unsigned char byte : bytes) nonce += kNonceLetters[byte % kNonceLetters.size()];
  return nonce;
}

bool is_nonce(std::string_view text) {
  return text.size() == kNonceLength &&
         text.find_first_not_of(kNonceLetters) == std::string_view::npos;
}

Error bad_map(std::string_view why) {
  return Error(ErrorCode::kCorrupt,
               concat("map: ", why, "; give a file that `hearth redact --map` wrote"));
}

// Takes what stands before `until` off the front of `text`.
std::optional<std::string_view> take_until(std::string_view& text, char until) {
  const std::size_t end = text.substr(0, 64).find(until);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

std::optional<std::size_t> take_number(std::string_view& text, char until) {
  const auto digits = take_until(text, until);
  std::size_t value = 0;
  if (!digits || digits->empty() || digits->starts_with('0')) return std::nullopt;
  const auto parsed = std::from_chars(digits->data(), digits->data() + digits->size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != digits->data() + digits->size())
    return std::nullopt;
  return value;
}

}  // namespace

void wipe_text(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

Result<Pseudonyms> Pseudonyms::create() {
  HEARTH_ASSIGN(std::string nonce, random_nonce());
  return Pseudonyms(std::move(nonce));
}

Result<std::string> Pseudonyms::add(EntityKind kind, std::size_t number,
                                    std::string_view original) {
  const std::string_view kept = originals_.append(original);
  if (kept.size() != original.size() || rows_.size() >= kPseudonymsMax) {
    return Error(ErrorCode::kUnavailable,
                 concat("pseudonyms: ", rows_.size(),
                        " of them, and no room for more; begin another conversation"));
  }
  const std::string text = make_placeholder(kind_info(kind).name, number, nonce_);
  by_original_[kept].push_back(rows_.size());
  by_placeholder_.emplace(text, rows_.size());
  rows_.push_back({kind, number, kept});
  numbers_.resize(std::max(numbers_.size(), entity_kinds().size()));
  std::size_t& used = numbers_[static_cast<std::size_t>(kind)];
  used = std::max(used, number);
  return text;
}

Result<std::string> Pseudonyms::placeholder(EntityKind kind, std::string_view original) {
  if (const auto known = by_original_.find(original); known != by_original_.end()) {
    for (const std::size_t row : known->second) {
      if (rows_[row].kind == kind) {
        return make_placeholder(kind_info(kind).name, rows_[row].number, nonce_);
      }
    }
  }
  const std::size_t index = static_cast<std::size_t>(kind);
  return add(kind, (index < numbers_.size() ? numbers_[index] : 0) + 1, original);
}

Result<RedactedText> Pseudonyms::redact(const Guard& guard, std::string_view text) {
  RedactedText out{{}, {}, Sensitivity::kPublic};
  std::size_t copied = 0;
  for (const Entity& entity : guard.find(text)) {
    const std::string_view original = text.substr(entity.begin, entity.end - entity.begin);
    HEARTH_ASSIGN(std::string stand_in, placeholder(entity.kind, original));
    out.text += text.substr(copied, entity.begin - copied);
    out.text += stand_in;
    copied = entity.end;
    out.sensitivity = std::max(out.sensitivity, kind_info(entity.kind).sensitivity);
    out.entities.push_back({entity, std::move(stand_in)});
  }
  out.text += text.substr(copied);
  return out;
}

Restoration Pseudonyms::restore(std::string_view answer) const {
  Restoration out;
  while (true) {
    const std::size_t open = std::min(answer.find(kPlaceholderOpen), answer.size());
    out.text += answer.substr(0, open);
    answer.remove_prefix(open);
    if (answer.empty()) return out;
    const std::size_t bytes = bracketed_bytes(answer);
    const std::string text(answer.substr(0, bytes != 0 ? bytes : kPlaceholderOpen.size()));
    answer.remove_prefix(text.size());
    const auto known = by_placeholder_.find(text);
    if (known != by_placeholder_.end()) {
      out.text += rows_[known->second].original;
      ++out.restored;
      continue;
    }
    out.text += text;
    const bool is_new =
        std::find(out.unknown.begin(), out.unknown.end(), text) == out.unknown.end();
    if (bytes != 0 && out.unknown.size() < kUnknownMax && is_new) out.unknown.push_back(text);
  }
}

// Lines "KIND NUMBER BYTES:" with that many bytes and a line end behind.
std::string Pseudonyms::serialize() const {
  std::size_t bytes = kMapHead.size() + nonce_.size() + 1;
  for (const Row& row : rows_) bytes += row.original.size() + 64;
  std::string out;
  out.reserve(bytes);  // so that no copy of it is left behind in memory
  out += kMapHead;
  out += nonce_;
  out += '\n';
  for (const Row& row : rows_) {
    out += kind_info(row.kind).name;
    append_piece(out, ' ');
    append_piece(out, row.number);
    append_piece(out, ' ');
    append_piece(out, row.original.size());
    out += ':';
    out += row.original;
    out += '\n';
  }
  return out;
}

Result<Pseudonyms> Pseudonyms::parse(std::string_view map) {
  const std::size_t whole = map.size();
  if (!map.starts_with(kMapHead)) return bad_map("does not begin as one");
  map.remove_prefix(kMapHead.size());
  const auto nonce = take_until(map, '\n');
  if (!nonce || !is_nonce(*nonce)) return bad_map("has no nonce in its first line");
  Pseudonyms out{std::string(*nonce)};
  while (!map.empty()) {
    const std::string place = concat("the entry at byte ", whole - map.size());
    const auto name = take_until(map, ' ');
    const auto kind = name ? find_kind(*name) : std::nullopt;
    if (!kind) return bad_map(concat(place, " has no known kind"));
    const auto number = take_number(map, ' ');
    const auto bytes = number ? take_number(map, ':') : std::nullopt;
    if (!bytes || *number > kPseudonymsMax)
      return bad_map(concat(place, " has no number and length"));
    if (map.size() <= *bytes || map[*bytes] != '\n') return bad_map(concat(place, " is cut off"));
    const std::string text = make_placeholder(*name, *number, out.nonce_);
    if (out.by_placeholder_.contains(text)) return bad_map(concat(place, " is there twice"));
    HEARTH_TRY(out.add(*kind, *number, map.substr(0, *bytes)));
    map.remove_prefix(*bytes + 1);
  }
  return out;
}

}  // namespace hearth
