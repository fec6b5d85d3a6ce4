// SPDX-License-Identifier: Apache-2.0
#include "base/json_cursor.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The character that a one-letter escape stands for; 0 where there is none of that letter.
char short_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

}  // namespace

Error JsonCursor::error(std::string_view what) const {
  return Error(ErrorCode::kCorrupt, concat(source_, ": ", what_, " at byte ", at_, ": ", what,
                                           "; the file is cut short or damaged: fetch it again"));
}

void JsonCursor::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
    ++at_;
  }
}

bool JsonCursor::accept(char wanted) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

Result<void> JsonCursor::expect(char wanted) {
  if (accept(wanted)) return {};
  if (at_ >= text_.size()) return error(concat("it ends where '", wanted, "' is expected"));
  return error(
      concat("'", printable(text_.substr(at_, 1)), "' stands where '", wanted, "' is expected"));
}

Result<bool> JsonCursor::next(bool& first, char closing) {
  if (accept(closing)) return false;
  if (!first) HEARTH_TRY(expect(','));
  first = false;
  return true;
}

Result<void> JsonCursor::finish() {
  skip_space();
  if (at_ == text_.size()) return {};
  return error("something stands behind its end");
}

Result<uint64_t> JsonCursor::natural() {
  skip_space();
  const std::size_t begin = at_;
  uint64_t value = 0;
  for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
    const auto digit = static_cast<uint64_t>(text_[at_] - '0');
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, digit, &value)) {
      return error("a number does not fit 64 bits");
    }
  }
  const bool ends_here = at_ >= text_.size() || (text_[at_] != '.' && text_[at_] != 'e' &&
                                                 text_[at_] != 'E' && text_[at_] != '-');
  if (at_ == begin || !ends_here) return error("a natural number is expected");
  if (text_[begin] == '0' && at_ - begin > 1) return error("a number begins with 0");
  return value;
}

// The grammar of JSON's numbers, which from_chars() is laxer than: a digit begins and ends it.
Result<double> JsonCursor::number() {
  skip_space();
  const char* const begin = text_.data() + at_;
  const char* const end = text_.data() + text_.size();
  const char* const digits = begin != end && *begin == '-' ? begin + 1 : begin;
  double value = 0.0;
  const auto [stop, failure] = std::from_chars(begin, end, value);
  const bool is_number = digits != end && is_digit(*digits) && stop > digits && is_digit(stop[-1]);
  if (!is_number || failure == std::errc::invalid_argument) return error("a number is expected");
  if (failure != std::errc() || !std::isfinite(value)) return error("a number is out of range");
  if (*digits == '0' && stop - digits > 1 && is_digit(digits[1]))
    return error("a number begins with 0");
  at_ = static_cast<std::size_t>(stop - text_.data());
  return value;
}

bool JsonCursor::accept_word(std::string_view word) {
  skip_space();
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool JsonCursor::accept_null() { return accept_word("null"); }

Result<bool> JsonCursor::boolean() {
  if (accept_word("true")) return true;
  if (accept_word("false")) return false;
  return error("true or false is expected");
}

char JsonCursor::peek() {
  skip_space();
  return at_ < text_.size() ? text_[at_] : '\0';
}

Result<bool> JsonCursor::skip_scalar() {
  if (accept_null()) return false;
  const char first = peek();
  if (first == 't' || first == 'f') return boolean();
  if (first == '"') {
    HEARTH_ASSIGN(const std::string text, string(std::numeric_limits<std::size_t>::max()));
    return !text.empty();
  }
  HEARTH_TRY(number());
  return true;
}

Result<bool> JsonCursor::skip_value() {
  char closing[kJsonDepthMax];  // of what is open
  bool first[kJsonDepthMax];    // whether nothing of it was taken yet
  int depth = 0;
  bool something = false;
  do {
    if (depth > 0) {
      HEARTH_ASSIGN(const bool more, next(first[depth - 1], closing[depth - 1]));
      if (!more) {
        --depth;
        continue;
      }
      something = true;
      if (closing[depth - 1] == '}') {
        HEARTH_TRY(string(std::numeric_limits<std::size_t>::max()));
        HEARTH_TRY(expect(':'));
      }
    }
    const char opening = peek();
    if (opening == '[' || opening == '{') {
      if (depth == kJsonDepthMax) return error("values are nested too deep");
      HEARTH_TRY(expect(opening));
      closing[depth] = opening == '[' ? ']' : '}';
      first[depth++] = true;
    } else {
      HEARTH_ASSIGN(const bool is_something, skip_scalar());
      something |= is_something;
    }
  } while (depth > 0);
  return something;
}

Result<std::string> JsonCursor::string(std::size_t bytes_max) {
  HEARTH_TRY(expect('"'));
  std::string out;
  while (true) {
    if (at_ >= text_.size()) return error("it ends inside a string");
    const char c = text_[at_];
    if (c == '"') break;
    if (static_cast<unsigned char>(c) < 0x20) return error("a control character in a string");
    if (c == '\\') {
      ++at_;
      HEARTH_TRY(append_escape(out));
    } else {
      const Utf8Char next = decode_utf8(text_.substr(at_));
      if (!next.valid) return error("a string that is not UTF-8");
      out.append(text_, at_, next.bytes);
      at_ += next.bytes;
    }
    if (out.size() > bytes_max) {
      return error(concat("a string of more than the ", bytes_max, " bytes that are allowed"));
    }
  }
  ++at_;
  return out;
}

Result<void> JsonCursor::append_escape(std::string& out) {
  if (at_ >= text_.size()) return error("it ends inside a string");
  const char letter = text_[at_++];
  if (letter != 'u') {
    const char meant = short_escape(letter);
    if (meant == '\0') return error("an unknown escape in a string");
    out += meant;
    return {};
  }
  HEARTH_ASSIGN(uint32_t code, hex4());
  if (code >= 0xdc00 && code <= 0xdfff) return error("half a surrogate pair in a string");
  if (code >= 0xd800 && code <= 0xdbff) {
    if (text_.substr(at_, 2) != "\\u") return error("half a surrogate pair in a string");
    at_ += 2;
    HEARTH_ASSIGN(const uint32_t low, hex4());
    if (low < 0xdc00 || low > 0xdfff) return error("half a surrogate pair in a string");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  append_utf8(out, code);
  return {};
}

Result<uint32_t> JsonCursor::hex4() {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      digit = static_cast<uint32_t>((c | 0x20) - 'a') + 10;
    } else {
      return error("four hexadecimal digits are expected");
    }
    value = value << 4 | digit;
  }
  return value;
}

}  // namespace hearth
