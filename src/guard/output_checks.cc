// SPDX-License-Identifier: Apache-2.0
#include "guard/output_checks.h"

#include <algorithm>
#include <set>

#include "guard/normalize.h"

namespace hearth {
namespace {

constexpr std::size_t kTailBytes = 8192;  // in which a circle is looked for

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

void find_canaries(std::string_view answer, const OutputLimits& limits,
                   std::vector<OutputFinding>& out) {
  if (limits.canaries.empty()) return;
  const NormalizedText normalized(answer);
  const std::string read = lower_ascii(normalized.text());
  for (const std::string& canary : limits.canaries) {
    const std::string wanted = lower_ascii(NormalizedText(canary).text());
    if (wanted.empty()) continue;
    for (std::size_t at = read.find(wanted); at != std::string::npos;
         at = read.find(wanted, at + wanted.size())) {
      out.push_back({OutputFault::kCanary, normalized.input_begin(at),
                     normalized.input_end(at + wanted.size())});
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
  find_canaries(answer, limits, out);
  const std::size_t circle = circle_bytes(answer, limits.loop_rounds_min);
  if (circle >= limits.loop_bytes_min) {
    out.push_back({OutputFault::kLoop, answer.size() - circle, answer.size()});
  }
  if (answer.size() > limits.bytes_max) {
    out.push_back({OutputFault::kTooLong, limits.bytes_max, answer.size()});
  }
  std::stable_sort(out.begin(), out.end(), [](const OutputFinding& a, const OutputFinding& b) {
    return a.begin < b.begin;
  });
  return out;
}

}  // namespace hearth
