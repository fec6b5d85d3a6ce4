// SPDX-License-Identifier: Apache-2.0
// Digits as people group them: 4111 1111 1111 1111, 078-05-1120, 0 1 2 3. Values; pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>

#include "guard/scan.h"

namespace hearth {

inline constexpr std::size_t kGroupsMax = 20;

struct DigitGroups {
  struct Group {
    std::size_t token;
    std::size_t length;
    char separator;  // before it: ' ', '-', '.', '/'; '\0' before the first
  };
  std::array<Group, kGroupsMax> groups;
  std::size_t count = 0;
  std::size_t digits = 0;

  // Whether the lengths are these.
  bool shaped(std::initializer_list<std::size_t> lengths) const;
  // The digits of groups [first, first + amount).
  std::string text(const Scan& scan, std::size_t first, std::size_t amount) const;
  std::string text(const Scan& scan) const { return text(scan, 0, count); }
  std::size_t end_token() const { return groups[count - 1].token + 1; }
};

// What separates the digits of token `index` from digits before it: '\0' where none belong to it.
char separator_before(const Scan& scan, std::size_t index);

// The group at token `index`, which is digits, and all behind that are joined to it.
DigitGroups read_groups(const Scan& scan, std::size_t index);

}  // namespace hearth
