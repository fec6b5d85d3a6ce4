// SPDX-License-Identifier: Apache-2.0
// A grammar and, behind its first NUL, a text: the text is followed byte by byte, and what the
// matcher says of each place must hold.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "check_error.h"
#include "grammar/gbnf.h"
#include "grammar/matcher.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = input.find('\0');
  const auto automaton = hearth::compile_gbnf(input.substr(0, split));
  if (!automaton.ok()) {
    hearth::check_line(automaton.error());
    return 0;
  }
  if (split == std::string_view::npos) return 0;
  hearth::Matcher matcher(*automaton);
  for (const char byte : input.substr(split + 1).substr(0, 200)) {
    const std::string forced = matcher.forced(16);
    HEARTH_CHECK(matcher.allows(forced));
    HEARTH_CHECK(matcher.can_end() == (matcher.bytes_to_end() == 0));
    HEARTH_CHECK(!matcher.must_end() || !matcher.allows({&byte, 1}));
    const bool allowed = matcher.allows({&byte, 1});
    HEARTH_CHECK(forced.empty() || allowed == (forced.front() == byte));
    HEARTH_CHECK(matcher.accept({&byte, 1}) == allowed);
    if (!allowed) break;
  }
  return 0;
}
