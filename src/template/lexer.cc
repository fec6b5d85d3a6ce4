// SPDX-License-Identifier: Apache-2.0
#include "template/lexer.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "template/limits.h"
#include "template/literal.h"
#include "template/text.h"

namespace hearth::jinja {

Error error_at(ErrorCode code, uint32_t line, std::string_view message) {
  return Error(code, concat("line ", line, ": ", message));
}

namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

// "\r\n" and "\r" become "\n", and one newline at the very end goes.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
      continue;
    }
    out += '\n';
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) {
      HEARTH_TRY(lex_data());
      if (tokens_.size() > kTokensMax) {
        return limit_error("the number of tokens of the template", int64_t{kTokensMax});
      }
    }
    push(TokenKind::kEnd, {});
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return std::string_view(source_).substr(at_); }
  bool next_is(std::string_view text) const { return rest().starts_with(text); }

  void push(TokenKind kind, std::string_view text) {
    tokens_.push_back({kind, line_, std::string(text)});
  }

  // Moves on by `bytes` and keeps count of lines.
  void consume(std::size_t bytes) {
    const std::string_view text = rest().substr(0, bytes);
    line_ += static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n'));
    at_ += text.size();
    if (!text.empty()) line_starting_ = text.back() == '\n';
  }

  Error error(std::string_view message) const {
    return error_at(ErrorCode::kCorrupt, line_, message);
  }

  std::size_t find_tag() const {
    for (std::size_t at = source_.find('{', at_); at != std::string::npos;
         at = source_.find('{', at + 1)) {
      const char next = at + 1 < source_.size() ? source_[at + 1] : '\0';
      if (next == '%' || next == '{' || next == '#') return at;
    }
    return std::string::npos;
  }

  // The part of the `text` before a tag that the tag's sign and lstrip_blocks leave.
  std::string_view kept_before_tag(std::string_view text, char sign, bool is_variable) const {
    if (sign == '-') return text.substr(0, strip_white_space(text, StripSides::kRight).end);
    if (sign == '+' || is_variable) return text;
    const std::size_t newline = text.rfind('\n');
    if (newline == std::string_view::npos && !line_starting_) return text;
    const std::size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view line = text.substr(line_begin);
    const TextRange solid = strip_white_space(line, StripSides::kLeft);
    return solid.begin == line.size() ? text.substr(0, line_begin) : text;
  }

  char sign_at(std::size_t at) const {
    if (at >= source_.size() || (source_[at] != '-' && source_[at] != '+')) return '\0';
    return source_[at];
  }

  // One stretch of text, and the tag after it.
  Result<void> lex_data() {
    const std::size_t tag = find_tag();
    if (tag == std::string::npos) {
      push(TokenKind::kData, rest());
      consume(rest().size());
      return {};
    }
    const char kind = source_[tag + 1];
    const char sign = sign_at(tag + 2);
    const std::string_view before = rest().substr(0, tag - at_);
    const std::string_view kept = kept_before_tag(before, sign, kind == '{');
    if (!kept.empty()) push(TokenKind::kData, kept);
    consume(before.size());
    consume(sign == '\0' ? 2 : 3);
    if (kind == '#') return lex_comment();
    if (kind == '%' && at_raw_tag()) return lex_raw();
    push(kind == '%' ? TokenKind::kBlockBegin : TokenKind::kVariableBegin, {});
    return lex_tag(kind == '%');
  }

  // How many bytes the white space at the beginning of `text` takes.
  static std::size_t space_bytes(std::string_view text) {
    return strip_white_space(text, StripSides::kLeft).begin;
  }

  // The length of a tag's end ("%}", with the newline that trim_blocks removes; "-%}" with all
  // space after it; "+%}") at the beginning of `text`; 0 where there is none.
  static std::size_t end_bytes(std::string_view text, std::string_view end) {
    if (text.starts_with('-') && text.substr(1).starts_with(end)) {
      return 3 + space_bytes(text.substr(3));
    }
    if (text.starts_with('+') && text.substr(1).starts_with(end)) return end == "}}" ? 0 : 3;
    if (!text.starts_with(end)) return 0;
    return end != "}}" && text.substr(2).starts_with('\n') ? 3 : 2;
  }

  Result<void> lex_comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos) return error("missing end of comment: '#}'");
    const bool has_sign = end > at_ && sign_at(end - 1) != '\0';
    consume((has_sign ? end - 1 : end) - at_);
    consume(end_bytes(rest(), "#}"));
    return {};
  }

  // Whether "raw %}" stands here, behind "{%" and its sign.
  bool at_raw_tag() const { return raw_tag_bytes("raw") > 0; }

  std::size_t raw_tag_bytes(std::string_view name) const {
    std::string_view text = rest();
    text.remove_prefix(space_bytes(text));
    if (!text.starts_with(name)) return 0;
    text.remove_prefix(name.size());
    text.remove_prefix(space_bytes(text));
    const std::size_t end = end_bytes(text, "%}");
    if (end == 0 || (name == "raw" && text.starts_with('+'))) return 0;
    // trim_blocks does not apply to {% raw %} itself.
    const std::size_t end_used = name == "raw" && text.starts_with('%') ? 2 : end;
    return rest().size() - text.size() + end_used;
  }

  Result<void> lex_raw() {
    consume(raw_tag_bytes("raw"));
    const std::size_t begin = at_;
    const uint32_t line = line_;
    const bool line_starting = line_starting_;
    for (std::size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 1)) {
      const char sign = sign_at(tag + 2);
      at_ = tag + (sign == '\0' ? 2 : 3);
      const std::size_t tag_bytes = raw_tag_bytes("endraw");
      if (tag_bytes == 0) continue;
      const std::size_t tag_end = at_ + tag_bytes;
      at_ = begin;
      line_starting_ = line_starting;
      const std::string_view text = rest().substr(0, tag - begin);
      const std::string_view kept = kept_before_tag(text, sign, false);
      if (!kept.empty()) push(TokenKind::kData, kept);
      consume(tag_end - begin);
      return {};
    }
    return error_at(ErrorCode::kCorrupt, line, "missing end of raw block: '{% endraw %}'");
  }

  // The tokens up to the tag's end, and that.
  Result<void> lex_tag(bool is_block) {
    const uint32_t tag_line = line_;
    brackets_.clear();
    while (at_ < source_.size()) {
      if (tokens_.size() > kTokensMax) return {};  // reported by run()
      const std::size_t end = brackets_.empty() ? end_bytes(rest(), is_block ? "%}" : "}}") : 0;
      if (end > 0) {
        push(is_block ? TokenKind::kBlockEnd : TokenKind::kVariableEnd, {});
        consume(end);
        return {};
      }
      const std::size_t space = space_bytes(rest());
      if (space > 0) {
        consume(space);
      } else {
        HEARTH_TRY(lex_token());
      }
    }
    return error_at(ErrorCode::kCorrupt, tag_line,
                    is_block ? "missing end of tag: '%}'" : "missing end of tag: '}}'");
  }

  Result<void> lex_token() {
    const char first = source_[at_];
    if (is_digit(first)) return lex_number();
    if (is_name_start(first)) {
      std::size_t bytes = 1;
      while (bytes < rest().size() && is_name_part(rest()[bytes])) ++bytes;
      if (bytes < rest().size() && static_cast<unsigned char>(rest()[bytes]) >= 0x80) {
        return error("a name with a character outside ASCII");
      }
      push(TokenKind::kName, rest().substr(0, bytes));
      consume(bytes);
      return {};
    }
    if (first == '"' || first == '\'') return lex_string(first);
    return lex_operator();
  }

  Result<void> lex_number() {
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';
    HEARTH_ASSIGN(const NumberLiteral literal, read_number(rest(), after_dot));
    push(literal.is_float ? TokenKind::kFloat : TokenKind::kInteger, {});
    tokens_.back().integer = literal.integer;
    tokens_.back().number = literal.number;
    consume(literal.bytes);
    return {};
  }

  Result<void> lex_string(char quote) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) return error("a string without its end");
    auto decoded = decode_string(std::string_view(source_).substr(at_ + 1, end - at_ - 1));
    if (!decoded.ok()) return error(decoded.error().message());
    push(TokenKind::kString, *decoded);
    consume(end + 1 - at_);
    return {};
  }

  Result<void> lex_operator() {
    constexpr std::string_view kOperators[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                               "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                               ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    for (const std::string_view candidate : kOperators) {
      if (!next_is(candidate)) continue;
      HEARTH_TRY(balance(candidate[0]));
      push(TokenKind::kOperator, candidate);
      consume(candidate.size());
      return {};
    }
    const Utf8Char character = decode_utf8(rest());
    return error(
        concat("unexpected character '", printable(rest().substr(0, character.bytes)), "'"));
  }

  Result<void> balance(char bracket) {
    switch (bracket) {
      case '(':
        brackets_ += ')';
        return {};
      case '[':
        brackets_ += ']';
        return {};
      case '{':
        brackets_ += '}';
        return {};
      case ')':
      case ']':
      case '}':
        if (brackets_.empty()) return error(concat("unexpected '", bracket, "'"));
        if (brackets_.back() != bracket) {
          return error(concat("unexpected '", bracket, "', expected '", brackets_.back(), "'"));
        }
        brackets_.pop_back();
        return {};
      default:
        return {};
    }
  }

  const std::string source_;
  std::size_t at_ = 0;
  uint32_t line_ = 1;
  bool line_starting_ = true;
  std::string brackets_;  // the closing ones that are awaited
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source) {
  if (source.size() > kSourceBytesMax) {
    return limit_error("the size of the template in bytes", int64_t{kSourceBytesMax});
  }
  return Lexer(normalized(source)).run();
}

}  // namespace hearth::jinja
