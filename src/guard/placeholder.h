// SPDX-License-Identifier: Apache-2.0
// The form of a placeholder: ⟦PERSON_1:k7f3⟧. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth {

inline constexpr std::string_view kPlaceholderOpen = "⟦";
inline constexpr std::string_view kPlaceholderClose = "⟧";
inline constexpr std::size_t kPlaceholderBytesMax = 64;  // with both brackets

// How long the bracketed text is that `text` begins with: on one line, within the limit, brackets
// and all. 0: none. Whatever stands inside; it need not be one of ours.
std::size_t bracketed_bytes(std::string_view text);

std::string make_placeholder(std::string_view kind, std::size_t number, std::string_view nonce);

}  // namespace hearth
