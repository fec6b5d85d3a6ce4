// SPDX-License-Identifier: Apache-2.0
#include "guard/output_checks.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "guard/disguises.h"
#include "guard/normalize.h"

namespace hearth {
namespace {

constexpr std::size_t kTailBytes = 8192;   // in which a circle is looked for
constexpr std::size_t kCodedBytesMin = 4;  // of a canary: shorter ones occur in noise

std::vector<Entity> secrets_of(const Guard& guard, std::string_view text) {
  std::vector<Entity> found = guard.find(text);
  std::erase_if(found, [](const Entity& entity) {
    return kind_info(entity.kind).sensitivity != Sensitivity::kSecret;
  });
  return found;
}

std::string_view piece(std::string_view text, const Entity& entity) {
  return text.substr(entity.begin, entity.end - entity.begin);
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

// Where `wanted` begins in `text`, without overlaps. Knuth, Morris and Pratt: linear whatever both
// are.
std::vector<std::size_t> places_of(std::string_view wanted, std::string_view text) {
  std::vector<std::size_t> border(wanted.size() + 1, 0);
  for (std::size_t n = 1; n < wanted.size(); ++n) {
    std::size_t b = border[n];
    while (b > 0 && wanted[b] != wanted[n]) b = border[b];
    border[n + 1] = wanted[b] == wanted[n] ? b + 1 : 0;
  }
  std::vector<std::size_t> places;
  std::size_t matched = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (matched > 0 && wanted[matched] != text[i]) matched = border[matched];
    if (wanted[matched] == text[i]) ++matched;
    if (matched < wanted.size()) continue;
    places.push_back(i + 1 - matched);
    matched = 0;
  }
  return places;
}

void find_plain_canaries(std::string_view answer, const OutputLimits& limits,
                         std::vector<OutputFinding>& out) {
  const NormalizedText normalized(answer);
  const std::string read = lower_ascii(normalized.text());
  for (const std::string& canary : limits.canaries) {
    const std::string wanted = lower_ascii(NormalizedText(canary).text());
    if (wanted.empty()) continue;
    for (const std::size_t at : places_of(wanted, read)) {
      out.push_back({OutputFault::kCanary, normalized.input_begin(at),
                     normalized.input_end(at + wanted.size())});
    }
  }
}

// In hexadecimal, base64 and percent signs.
void find_coded_canaries(std::string_view answer, const OutputLimits& limits,
                         std::vector<OutputFinding>& out) {
  std::vector<std::string> wanted;
  std::size_t shortest = std::string::npos;
  for (const std::string& canary : limits.canaries) {
    if (canary.size() < kCodedBytesMin) continue;
    wanted.push_back(lower_ascii(canary));
    shortest = std::min(shortest, canary.size());
  }
  if (wanted.empty()) return;
  for (const Disguised& part : decode_disguises(answer, shortest)) {
    const std::string read = lower_ascii(part.bytes);
    for (const std::string& canary : wanted) {
      for (const std::size_t at : places_of(canary, read)) {
        out.push_back({OutputFault::kCanary, part.begin[at], part.end[at + canary.size() - 1]});
      }
    }
  }
}

// How many bytes at the end of `text` repeat with one period, at least `rounds` times; 0: fewer.
// Knuth, Morris and Pratt's prefix function over the reversed tail: a border of length b of its
// first n bytes is a period of n - b.
std::size_t circle_bytes(std::string_view text, std::size_t rounds) {
  std::string tail(text.substr(text.size() - std::min(text.size(), kTailBytes)));
  std::reverse(tail.begin(), tail.end());
  std::vector<std::size_t> border(tail.size() + 1, 0);
  std::size_t longest = 0;
  for (std::size_t n = 1; n < tail.size(); ++n) {
    std::size_t b = border[n];
    while (b > 0 && tail[b] != tail[n]) b = border[b];
    border[n + 1] = tail[b] == tail[n] ? b + 1 : 0;
    const std::size_t length = n + 1;
    const std::size_t period = length - border[length];
    if (length >= rounds * period) longest = length;
  }
  return longest;
}

}  // namespace

std::vector<OutputFinding> check_output(const Guard& guard, std::string_view answer,
                                        const OutputLimits& limits, std::string_view known) {
  std::vector<OutputFinding> out;
  std::set<std::string_view> told;
  for (const Entity& entity : secrets_of(guard, known)) told.insert(piece(known, entity));
  for (const Entity& entity : secrets_of(guard, answer)) {
    if (told.contains(piece(answer, entity))) continue;
    out.push_back({OutputFault::kSecret, entity.begin, entity.end});
  }
  find_plain_canaries(answer, limits, out);
  find_coded_canaries(answer, limits, out);
  const std::size_t circle = circle_bytes(answer, limits.loop_rounds_min);
  if (circle >= limits.loop_bytes_min) {
    out.push_back({OutputFault::kLoop, answer.size() - circle, answer.size()});
  }
  if (answer.size() > limits.bytes_max) {
    out.push_back({OutputFault::kTooLong, limits.bytes_max, answer.size()});
  }
  std::sort(out.begin(), out.end(), [](const OutputFinding& a, const OutputFinding& b) {
    return std::tie(a.begin, a.fault, a.end) < std::tie(b.begin, b.fault, b.end);
  });
  out.erase(std::unique(out.begin(), out.end()), out.end());  // what two codes say alike
  return out;
}

}  // namespace hearth
