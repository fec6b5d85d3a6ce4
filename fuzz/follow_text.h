// SPDX-License-Identifier: Apache-2.0
// For harnesses of grammars: a grammar, a NUL and a text, which is followed byte by byte; what the
// matcher says of each place must hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "check_error.h"
#include "grammar/matcher.h"

namespace hearth {

// How much of `text` fits, and whether it is complete there.
struct Followed {
  std::string_view fitting;
  bool is_complete;
};

inline Followed follow_text(const Automaton& automaton, std::string_view text) {
  Matcher matcher(automaton);
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char byte = text[at];
    const std::string forced = matcher.forced(16);
    HEARTH_CHECK(matcher.allows(forced));
    HEARTH_CHECK(matcher.can_end() == (matcher.bytes_to_end() == 0));
    HEARTH_CHECK(!matcher.must_end() || !matcher.allows({&byte, 1}));
    const bool allowed = matcher.allows({&byte, 1});
    HEARTH_CHECK(forced.empty() || allowed == (forced.front() == byte));
    HEARTH_CHECK(matcher.accept({&byte, 1}) == allowed);
    if (!allowed) break;
  }
  return {text.substr(0, at), matcher.can_end()};
}

// The text that comes behind the NUL, of 200 bytes at most; `compile`: of what comes before it.
template <typename Compile>
Followed follow_input(const uint8_t* data, std::size_t size, Compile compile) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = input.find('\0');
  const auto automaton = compile(input.substr(0, split));
  if (!automaton.ok()) {
    check_line(automaton.error());
    return {"", false};
  }
  if (split == std::string_view::npos) return {"", false};
  return follow_text(*automaton, input.substr(split + 1).substr(0, 200));
}

}  // namespace hearth
