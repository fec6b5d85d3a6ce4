// SPDX-License-Identifier: Apache-2.0
// Places on the globe: pairs of decimal degrees, and degrees with minutes.
#include <cstdlib>
#include <optional>

#include "guard/detectors.h"

namespace hearth {
namespace {

// One angle: tokens [first, end).
struct Angle {
  std::size_t end = 0;
  double degrees = 0.0;
  std::size_t decimals = 0;
  bool sign_or_letter = false;  // a sky direction or a degree sign
};

bool is_direction(const Scan& scan, std::size_t index) {
  if (!scan.is_word(index) || scan.length(index) != 1) return false;
  const char c = scan.text()[scan.token(index).begin];
  return std::string_view("NSEWnsewO").find(c) != std::string_view::npos;
}

bool is_degree_sign(const Scan& scan, std::size_t index) {
  return index < scan.count() && (scan.view(index) == "°" || scan.view(index) == "º");
}

// 52.5200, -0.1276° or 52.52 N
std::optional<Angle> read_angle(const Scan& scan, std::size_t index) {
  if (scan.is_mark(index, '-') || scan.is_mark(index, '+')) ++index;
  if (is_direction(scan, index)) ++index;
  if (!scan.is_digits(index) || scan.length(index) > 3) return std::nullopt;
  if (!scan.is_mark(index + 1, '.') || !scan.joined(index + 1)) return std::nullopt;
  if (!scan.is_digits(index + 2) || !scan.joined(index + 2)) return std::nullopt;
  Angle angle;
  angle.decimals = scan.length(index + 2);
  angle.degrees = std::atof(std::string(scan.view(index)).c_str());
  angle.end = index + 3;
  if (is_degree_sign(scan, angle.end)) {
    angle.sign_or_letter = true;
    ++angle.end;
  }
  if (is_direction(scan, angle.end) && scan.token(angle.end).gap != Gap::kLine) {
    angle.sign_or_letter = true;
    ++angle.end;
  }
  return angle;
}

// 52°31'12.3"N: degrees, minutes, perhaps seconds and direction. The end; 0 where it is none.
std::size_t read_minutes(const Scan& scan, std::size_t index) {
  if (!scan.is_digits(index) || !is_degree_sign(scan, index + 1)) return 0;
  std::size_t at = index + 2;
  bool minutes = false;
  while (scan.is_digits(at) && scan.length(at) <= 2) {
    std::size_t next = at + 1;
    if (scan.is_mark(next, '.') && scan.is_digits(next + 1)) next += 2;
    if (!scan.is_mark(next, '\'') && !scan.is_mark(next, '"')) break;
    while (scan.is_mark(next, '\'') || scan.is_mark(next, '"')) ++next;
    at = next;
    minutes = true;
  }
  if (!minutes) return 0;
  return is_direction(scan, at) ? at + 1 : at;
}

void find_pair(Scan& scan, std::size_t index) {
  const auto first = read_angle(scan, index);
  if (!first) return;
  std::size_t next = first->end;
  if (scan.is_mark(next, ',') || scan.is_mark(next, ';') || scan.is_mark(next, '/')) ++next;
  // "lat": 52.52, "lon": 13.405
  const bool named = scan.near(index, first->end, kNearCoordinates, 4) != 0;
  for (int skipped = 0; named && skipped < 6; ++skipped) {
    const bool between = scan.has(next, kNearCoordinates) || scan.is_mark(next, '"') ||
                         scan.is_mark(next, ':') || scan.is_mark(next, '=');
    if (!between) break;
    ++next;
  }
  const auto second = next < scan.count() ? read_angle(scan, next) : std::nullopt;
  if (!second) return;
  const bool in_range = first->degrees <= 180 && second->degrees <= 180 &&
                        (first->degrees <= 90 || second->degrees <= 90);
  const bool exact = first->decimals >= 3 && second->decimals >= 3;
  const bool written = first->sign_or_letter && second->sign_or_letter;
  if (!in_range || !(exact || written || named)) return;
  scan.add_tokens(EntityKind::kCoordinates,
                  named || written ? Certainty::kNear : Certainty::kLikely, index, second->end);
}

}  // namespace

void detect_coordinates(Scan& scan) {
  for (std::size_t i = 0; i < scan.count(); ++i) {
    const bool digits = scan.is_digits(i);
    const bool lead = scan.is_mark(i, '-') || scan.is_mark(i, '+') || is_direction(scan, i);
    if (!digits && !(lead && scan.is_digits(i + 1))) continue;
    if (scan.joined(i) && digits && (scan.is_mark(i - 1, '.') || scan.is_word(i - 1))) continue;
    find_pair(scan, i);
    const std::size_t latitude = read_minutes(scan, i);
    if (latitude == 0) continue;
    const std::size_t next = latitude + (scan.is_mark(latitude, ',') ? 1 : 0);
    const std::size_t longitude = read_minutes(scan, next);
    scan.add_tokens(EntityKind::kCoordinates, Certainty::kNear, i,
                    longitude != 0 ? longitude : latitude);
  }
}

}  // namespace hearth
