// SPDX-License-Identifier: Apache-2.0
#include "guard/digit_groups.h"

#include <algorithm>
#include <string_view>

namespace hearth {

bool DigitGroups::shaped(std::initializer_list<std::size_t> lengths) const {
  return lengths.size() == count &&
         std::equal(lengths.begin(), lengths.end(), groups.begin(),
                    [](std::size_t length, const Group& group) { return length == group.length; });
}

std::string DigitGroups::text(const Scan& scan, std::size_t first, std::size_t amount) const {
  std::string out;
  for (std::size_t i = first; i < first + amount; ++i) out += scan.view(groups[i].token);
  return out;
}

char separator_before(const Scan& scan, std::size_t index) {
  if (index == 0 || !scan.is_digits(index)) return '\0';
  if (scan.is_digits(index - 1)) return scan.token(index).gap == Gap::kSpace ? ' ' : '\0';
  if (index < 2 || !scan.is_digits(index - 2)) return '\0';
  const ScanToken& mark = scan.token(index - 1);
  if (mark.type != TokenType::kMark || mark.gap == Gap::kLine) return '\0';
  const char c = scan.text()[mark.begin];
  if (std::string_view("-./").find(c) == std::string_view::npos) return '\0';
  // 12-34, and 12 - 34, but no end of a sentence: 12. 34
  if (mark.gap == Gap::kNone && scan.token(index).gap == Gap::kNone) return c;
  const bool spaced = mark.gap == Gap::kSpace && scan.token(index).gap == Gap::kSpace;
  return c == '-' && spaced ? c : '\0';
}

DigitGroups read_groups(const Scan& scan, std::size_t index) {
  DigitGroups out;
  char separator = '\0';
  while (out.count < kGroupsMax && scan.is_digits(index)) {
    out.groups[out.count++] = {index, scan.length(index), separator};
    out.digits += scan.length(index);
    std::size_t next = index + 1;
    if (next < scan.count() && scan.token(next).type == TokenType::kMark) ++next;
    separator = next < scan.count() ? separator_before(scan, next) : '\0';
    if (separator == '\0') break;
    index = next;
  }
  return out;
}

}  // namespace hearth
