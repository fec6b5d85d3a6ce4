// SPDX-License-Identifier: Apache-2.0
// How much harm a text does in the wrong hands: what the guard finds, and what a policy decides by.
#pragma once

#include <array>
#include <string_view>

namespace hearth {

// From the least to the most: a conversation has the highest of its parts.
enum class Sensitivity { kPublic, kPersonal, kSensitive, kSecret };

inline constexpr std::array<std::string_view, 4> kSensitivityNames = {"public", "personal",
                                                                      "sensitive", "secret"};

constexpr std::string_view sensitivity_name(Sensitivity sensitivity) {
  return kSensitivityNames[static_cast<std::size_t>(sensitivity)];
}

}  // namespace hearth
