# SPDX-License-Identifier: Apache-2.0
"""Writes src/template/case.cc: simple upper and lower case mappings as Python's str has them.

    python3 tools/make_case_table.py > src/template/case.cc
"""

import unicodedata


def compressed(convert):
    """(first, last, stride, delta) of each run of code points that map to one other code point."""
    mapping = {}
    for code_point in range(0x110000):
        if 0xD800 <= code_point < 0xE000:
            continue
        result = convert(chr(code_point))
        if len(result) == 1 and ord(result) != code_point:
            mapping[code_point] = ord(result) - code_point
    points = sorted(mapping)
    runs = []
    at = 0
    while at < len(points):
        end, stride = at, 1
        for candidate in (1, 2):
            last = at
            while (last + 1 < len(points) and points[last + 1] == points[last] + candidate
                   and mapping[points[last + 1]] == mapping[points[at]]):
                last += 1
            if last > end:
                end, stride = last, candidate
        runs.append((points[at], points[end], stride, mapping[points[at]]))
        at = end + 1
    return runs


def table(name, runs):
    lines, line = [], "   "
    for first, last, stride, delta in runs:
        entry = f" {{0x{first:x}, 0x{last:x}, {stride}, {delta}}},"
        if len(line) + len(entry) > 100:
            lines.append(line)
            line = "   "
        line += entry
    lines.append(line)
    return f"constexpr CaseRange {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


print(f"""// SPDX-License-Identifier: Apache-2.0
// Written by tools/make_case_table.py: the case mappings of Unicode {unicodedata.unidata_version}, one code point to one.
#include "template/case.h"

#include <algorithm>

namespace hearth::jinja {{
namespace {{

// clang-format off
{table("kUpper", compressed(str.upper))}
{table("kLower", compressed(str.lower))}// clang-format on

}}  // namespace

std::span<const CaseRange> upper_ranges() {{ return kUpper; }}
std::span<const CaseRange> lower_ranges() {{ return kLower; }}

char32_t mapped(std::span<const CaseRange> ranges, char32_t code_point) {{
  const auto range = std::partition_point(ranges.begin(), ranges.end(), [&](const CaseRange& r) {{
    return r.last < code_point;
  }});
  if (range == ranges.end() || code_point < range->first) return code_point;
  if ((code_point - range->first) % range->stride != 0) return code_point;
  return static_cast<char32_t>(static_cast<int32_t>(code_point) + range->delta);
}}

}}  // namespace hearth::jinja""")
