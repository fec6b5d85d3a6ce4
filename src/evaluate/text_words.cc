// SPDX-License-Identifier: Apache-2.0
#include "evaluate/text_words.h"

#include "base/utf8.h"
#include "template/case.h"

namespace hearth {
namespace {

constexpr char32_t kInvalid = 0x110000;  // plus the byte: no code point

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower;
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    if (next.valid) {
      append_utf8(lower, jinja::mapped(jinja::lower_ranges(), next.code_point));
    } else {
      lower += text.front();
    }
    text.remove_prefix(next.bytes);
  }
  return lower;
}

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> points;
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    points.push_back(next.valid ? next.code_point : kInvalid + next.code_point);
    text.remove_prefix(next.bytes);
  }
  return points;
}

std::vector<std::string> split_words(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\r\f\v";
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(kSpaces);
    if (begin == text.npos) return words;
    text.remove_prefix(begin);
    words.emplace_back(text.substr(0, text.find_first_of(kSpaces)));
    text.remove_prefix(words.back().size());
  }
}

}  // namespace hearth
