// SPDX-License-Identifier: Apache-2.0
#include "template/text.h"

#include <string.h>

#include <algorithm>

#include "base/utf8.h"
#include "template/case.h"

namespace hearth::jinja {

Text Text::own(std::string bytes, Origin origin) {
  auto shared = std::make_shared<Shared>(Shared{std::move(bytes), {}});
  const std::string_view view = shared->bytes;
  return Text(std::move(shared), view, origin);
}

Text Text::slice(std::size_t begin, std::size_t end) const {
  Text part = *this;
  part.view_ = view_.substr(begin, end - begin);
  return part;
}

Text Text::as_markup() const {
  Text markup = *this;
  markup.is_markup_ = true;
  return markup;
}

Text Text::as_plain() const {
  Text plain = *this;
  plain.is_markup_ = false;
  return plain;
}

// The ranges of the shared bytes that touch this text; empty where its origin is not mixed.
std::span<const TextRange> Text::mixed_ranges() const {
  if (shared_ == nullptr || shared_->input.empty()) return {};
  const auto begin = static_cast<std::size_t>(view_.data() - shared_->bytes.data());
  const std::size_t end = begin + view_.size();
  const auto& input = shared_->input;
  const auto first = std::partition_point(
      input.begin(), input.end(), [&](const TextRange& range) { return range.end <= begin; });
  const auto last = std::partition_point(first, input.end(),
                                         [&](const TextRange& range) { return range.begin < end; });
  return {first, last};
}

Origin Text::origin() const {
  if (origin_ == Origin::kInput || !mixed_ranges().empty()) return Origin::kInput;
  return Origin::kTemplate;
}

bool TextBuilder::fits(std::size_t more) {
  if (full_ || more > kTextBytesMax - bytes_.size()) full_ = true;
  return !full_;
}

void TextBuilder::mark(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  if (!input_.empty() && input_.back().end == begin) {
    input_.back().end = end;
  } else {
    input_.push_back({begin, end});
  }
}

void TextBuilder::append(std::string_view bytes, Origin origin) {
  if (!fits(bytes.size())) return;
  const std::size_t begin = bytes_.size();
  bytes_ += bytes;
  if (origin == Origin::kInput) mark(begin, bytes_.size());
}

void TextBuilder::append(const Text& text) {
  if (!fits(text.view_.size())) return;
  const std::size_t begin = bytes_.size();
  bytes_ += text.view_;
  if (text.origin_ == Origin::kInput) mark(begin, bytes_.size());
  const std::span<const TextRange> ranges = text.mixed_ranges();
  if (ranges.empty()) return;
  const auto offset = static_cast<std::size_t>(text.view_.data() - text.shared_->bytes.data());
  for (const TextRange& range : ranges) {
    const std::size_t from = std::max(range.begin, offset) - offset;
    const std::size_t to = std::min(range.end, offset + text.view_.size()) - offset;
    mark(begin + from, begin + to);
  }
}

void TextBuilder::append(std::size_t count, char byte, Origin origin) {
  if (!fits(count)) return;
  const std::size_t begin = bytes_.size();
  bytes_.append(count, byte);
  if (origin == Origin::kInput) mark(begin, bytes_.size());
}

Result<Text> TextBuilder::finish(Budget& budget) {
  if (full_) return limit_error("the length of a string in bytes", int64_t{kTextBytesMax});
  HEARTH_TRY(budget.spend_bytes(bytes_.size() + input_.size() * sizeof(TextRange)));
  const bool uniform = input_.size() == 1 && input_[0] == TextRange{0, bytes_.size()};
  auto shared = std::make_shared<Text::Shared>();
  shared->bytes = std::move(bytes_);
  if (!uniform) shared->input = std::move(input_);
  bytes_.clear();
  input_.clear();
  const std::string_view view = shared->bytes;
  return Text(std::move(shared), view, uniform ? Origin::kInput : Origin::kTemplate);
}

Result<RenderedText> TextBuilder::finish_output() {
  if (full_) return limit_error("the length of the output in bytes", int64_t{kTextBytesMax});
  return RenderedText{std::move(bytes_), std::move(input_)};
}

bool is_space(char32_t code_point) {
  if (code_point < 0x80) {
    return code_point == ' ' || (code_point >= 0x09 && code_point <= 0x0d) ||
           (code_point >= 0x1c && code_point <= 0x1f);
  }
  return code_point == 0x85 || code_point == 0xa0 || code_point == 0x1680 ||
         (code_point >= 0x2000 && code_point <= 0x200a) || code_point == 0x2028 ||
         code_point == 0x2029 || code_point == 0x202f || code_point == 0x205f ||
         code_point == 0x3000;
}

namespace {

// The code point that ends at `end` > 0; invalid bytes stand for themselves.
Utf8Char decode_last(std::string_view text, std::size_t end) {
  for (std::size_t bytes = 1; bytes <= 4 && bytes <= end; ++bytes) {
    const Utf8Char character = decode_utf8(text.substr(end - bytes, bytes));
    if (character.valid && character.bytes == bytes) return character;
  }
  return {static_cast<unsigned char>(text[end - 1]), 1, false};
}

template <typename Removable>
TextRange strip(std::string_view text, StripSides sides, const Removable& removable) {
  TextRange range{0, text.size()};
  while (sides != StripSides::kRight && range.begin < range.end) {
    const Utf8Char first = decode_utf8(text.substr(range.begin));
    if (!removable(first)) break;
    range.begin += first.bytes;
  }
  while (sides != StripSides::kLeft && range.end > range.begin) {
    const Utf8Char last = decode_last(text, range.end);
    if (!removable(last)) break;
    range.end -= last.bytes;
  }
  return range;
}

}  // namespace

TextRange strip_white_space(std::string_view text, StripSides sides) {
  return strip(text, sides, [](const Utf8Char& character) {
    return character.valid && is_space(character.code_point);
  });
}

TextRange strip_characters(std::string_view text, std::string_view characters, StripSides sides) {
  std::vector<char32_t> set;
  for (std::string_view rest = characters; !rest.empty();) {
    const Utf8Char character = decode_utf8(rest);
    if (character.valid) set.push_back(character.code_point);
    rest.remove_prefix(character.bytes);
  }
  std::sort(set.begin(), set.end());
  return strip(text, sides, [&](const Utf8Char& character) {
    return character.valid && std::binary_search(set.begin(), set.end(), character.code_point);
  });
}

std::size_t find_bytes(std::string_view text, std::string_view part, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  const void* found = ::memmem(text.data() + from, text.size() - from, part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    text.remove_prefix(decode_utf8(text).bytes);
    ++count;
  }
  return count;
}

std::vector<std::size_t> code_point_offsets(std::string_view text) {
  std::vector<std::size_t> offsets;
  offsets.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size(); at += decode_utf8(text.substr(at)).bytes) {
    offsets.push_back(at);
  }
  offsets.push_back(text.size());
  return offsets;
}

char32_t upper_code_point(char32_t code_point) { return mapped(upper_ranges(), code_point); }
char32_t lower_code_point(char32_t code_point) { return mapped(lower_ranges(), code_point); }

bool is_upper(char32_t code_point) { return lower_code_point(code_point) != code_point; }
bool is_lower(char32_t code_point) {
  return upper_code_point(code_point) != code_point || code_point == 0xdf;
}

namespace {

enum class Case : uint8_t { kUpper, kLower };

void append_cased(std::string& out, std::string_view bytes, const Utf8Char& character, Case to) {
  if (!character.valid) {
    out += bytes.substr(0, character.bytes);
  } else if (to == Case::kUpper && character.code_point == 0xdf) {
    out += "SS";
  } else {
    append_utf8(out, to == Case::kUpper ? upper_code_point(character.code_point)
                                        : lower_code_point(character.code_point));
  }
}

// Maps each code point to the case that `choose` says for it.
template <typename Choose>
void map_case(std::string& out, std::string_view text, const Choose& choose) {
  out.reserve(out.size() + text.size());
  while (!text.empty()) {
    const Utf8Char character = decode_utf8(text);
    append_cased(out, text, character, choose(character));
    text.remove_prefix(character.bytes);
  }
}

}  // namespace

std::string upper(std::string_view text) {
  std::string out;
  map_case(out, text, [](const Utf8Char&) { return Case::kUpper; });
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  map_case(out, text, [](const Utf8Char&) { return Case::kLower; });
  return out;
}

std::string capitalize(std::string_view text) {
  std::string out;
  bool first = true;
  map_case(out, text, [&](const Utf8Char&) {
    const Case to = first ? Case::kUpper : Case::kLower;
    first = false;
    return to;
  });
  return out;
}

std::string title_method(std::string_view text) {
  std::string out;
  bool inside_word = false;
  map_case(out, text, [&](const Utf8Char& character) {
    const char32_t code_point = character.code_point;
    const bool cased = is_upper(code_point) || is_lower(code_point);
    const Case to = inside_word ? Case::kLower : Case::kUpper;
    inside_word = character.valid && cased;
    return to;
  });
  return out;
}

std::string title_filter(std::string_view text) {
  std::string out;
  bool inside_word = false;
  map_case(out, text, [&](const Utf8Char& character) {
    const char32_t code_point = character.code_point;
    const bool separator =
        character.valid &&
        (is_space(code_point) ||
         (code_point < 0x80 &&
          std::string_view("-({[<").find(static_cast<char>(code_point)) != std::string_view::npos));
    const Case to = inside_word ? Case::kLower : Case::kUpper;
    inside_word = !separator;
    return to;
  });
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::vector<TextRange> split_lines(std::string_view text) {
  std::vector<TextRange> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size() && lines.size() <= kItemsMax;) {
    const Utf8Char character = decode_utf8(text.substr(at));
    const char32_t c = character.code_point;
    const bool line_end =
        character.valid && ((c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 ||
                            c == 0x2028 || c == 0x2029);
    const std::size_t end = at;
    at += character.bytes;
    if (!line_end) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back({begin, end});
    begin = at;
  }
  if (begin < text.size()) lines.push_back({begin, text.size()});
  return lines;
}

namespace {

// Python's str.isprintable() without the table of unassigned code points.
bool is_printable(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad) return false;
  if (c < 0x600) return true;
  return !((c >= 0x600 && c <= 0x605) || c == 0x61c || c == 0x6dd || c == 0x70f || c == 0x1680 ||
           c == 0x180e || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
           (c >= 0x205f && c <= 0x206f) || c == 0x3000 || (c >= 0xe000 && c <= 0xf8ff) ||
           c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe || c >= 0xe0000);
}

void append_escape(std::string& out, char32_t code_point) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto [letter, digits] = code_point < 0x100     ? std::pair('x', 2)
                                : code_point < 0x10000 ? std::pair('u', 4)
                                                       : std::pair('U', 8);
  out += '\\';
  out += letter;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[code_point >> shift & 15];
}

}  // namespace

std::string python_quoted(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  while (!text.empty()) {
    const Utf8Char character = decode_utf8(text);
    const char32_t c = character.code_point;
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (!character.valid || is_printable(c)) {
      out += text.substr(0, character.bytes);
    } else {
      append_escape(out, c);
    }
    text.remove_prefix(character.bytes);
  }
  return out + quote;
}

}  // namespace hearth::jinja
