// SPDX-License-Identifier: Apache-2.0
#include "grammar/gbnf.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "base/utf8.h"
#include "grammar/text_cursor.h"

namespace hearth {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

class GbnfParser : TextCursor {
 public:
  explicit GbnfParser(std::string_view text) : TextCursor(text) {}

  Result<Automaton> parse() {
    skip_blank(true);
    while (at_ < text_.size()) {
      HEARTH_TRY(parse_rule());
      skip_blank(true);
    }
    const auto root = names_.find("root");
    if (root == names_.end() || !defined_[static_cast<std::size_t>(root->second)])
      return fail("there is no rule root");
    return Automaton::compile(rules_, root->second);
  }

 private:
  Error fail(std::string_view what) const {
    const auto line =
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    return Error(ErrorCode::kUsage, concat("grammar: line ", line, ": ", what, "; correct it"));
  }
  Error fail_at(std::string_view expected) const {
    if (at_ >= text_.size()) return fail(concat("expected ", expected, ", the text ends"));
    const Utf8Char next = decode_utf8(text_.substr(at_));
    return fail(
        concat("expected ", expected, ", not \"", printable(text_.substr(at_, next.bytes)), "\""));
  }
  // Blanks and comments; line ends only where `lines`.
  void skip_blank(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string_view parse_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  RuleId rule_named(std::string_view name) {
    const auto found = names_.find(name);
    if (found != names_.end()) return found->second;
    const RuleId rule = rules_.add_rule(std::string(name));
    names_.emplace(name, rule);
    defined_.push_back(false);
    return rule;
  }

  Result<void> parse_rule() {
    const std::string_view name = parse_name();
    if (name.empty()) return fail_at("the name of a rule");
    skip_blank(false);
    if (!take("::=")) return fail_at(concat("::= behind the name ", printable(name)));
    const RuleId rule = rule_named(name);
    if (defined_[static_cast<std::size_t>(rule)])
      return fail(concat("rule ", printable(name), " is defined twice"));
    defined_[static_cast<std::size_t>(rule)] = true;
    skip_blank(true);
    HEARTH_ASSIGN(const ExpressionId body, parse_choice(0));
    rules_.define(rule, body);
    if (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r')
      return fail_at("the end of the rule");
    return {};
  }

  // Alternatives; those in groups go over lines.
  Result<ExpressionId> parse_choice(int depth) {
    if (depth > kGroupDepthMax)
      return fail(concat("more than ", kGroupDepthMax, " groups in each other"));
    std::vector<ExpressionId> choices;
    for (;;) {
      HEARTH_ASSIGN(const ExpressionId one, parse_sequence(depth));
      choices.push_back(one);
      skip_blank(depth > 0);
      if (!take("|")) return rules_.choice(std::move(choices));
      skip_blank(true);
    }
  }

  Result<ExpressionId> parse_sequence(int depth) {
    std::vector<ExpressionId> parts;
    for (;;) {
      skip_blank(depth > 0);
      if (at_ >= text_.size() || text_[at_] == '|' || text_[at_] == ')' || text_[at_] == '\n' ||
          text_[at_] == '\r') {
        return rules_.sequence(std::move(parts));
      }
      HEARTH_ASSIGN(const ExpressionId item, parse_item(depth));
      HEARTH_ASSIGN(const ExpressionId repeated, parse_repeats(item));
      parts.push_back(repeated);
    }
  }

  Result<ExpressionId> parse_item(int depth) {
    if (take("\"")) return parse_literal();
    if (take("[")) return parse_class();
    if (take(".")) return rules_.chars(other_chars({}));
    if (take("(")) {
      skip_blank(true);
      HEARTH_ASSIGN(const ExpressionId group, parse_choice(depth + 1));
      if (!take(")")) return fail_at(")");
      return group;
    }
    if (is_name_char(text_[at_])) return rules_.rule(rule_named(parse_name()));
    return fail_at("a literal, a class, a group or a rule");
  }

  Result<ExpressionId> parse_repeats(ExpressionId item) {
    for (;;) {
      if (take("*")) {
        item = rules_.repeat(item, 0, Rules::kNoLimit);
      } else if (take("+")) {
        item = rules_.repeat(item, 1, Rules::kNoLimit);
      } else if (take("?")) {
        item = rules_.optional(item);
      } else if (take("{")) {
        HEARTH_ASSIGN(item, parse_bounds(item));
      } else {
        return item;
      }
    }
  }

  Result<ExpressionId> parse_bounds(ExpressionId item) {
    skip_blank(false);
    HEARTH_ASSIGN(const int32_t min, parse_count());
    skip_blank(false);
    int32_t max = min;
    if (take(",")) {
      skip_blank(false);
      max = Rules::kNoLimit;
      if (!next_is("}")) {
        HEARTH_ASSIGN(max, parse_count());
        if (max < min) return fail(concat("{", min, ",", max, "}: the second is less"));
      }
      skip_blank(false);
    }
    if (!take("}")) return fail_at("}");
    return rules_.repeat(item, min, max);
  }
  Result<int32_t> parse_count() {
    const std::optional<int32_t> count = take_count();
    if (!count) return fail_at("a number");
    if (*count > kRepeatMax) return fail(concat("a repetition of more than ", kRepeatMax));
    return *count;
  }

  // A character of a literal or a class, or an escape: \n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH.
  Result<char32_t> parse_char() {
    if (at_ >= text_.size()) return fail_at("a character");
    if (!take("\\")) {
      const Utf8Char next = decode_utf8(text_.substr(at_));
      if (!next.valid) return fail("this is not UTF-8");
      at_ += next.bytes;
      return next.code_point;
    }
    if (at_ >= text_.size()) return fail_at("an escape");
    switch (text_[at_++]) {
      case 'n':
        return U'\n';
      case 'r':
        return U'\r';
      case 't':
        return U'\t';
      case 'x':
        return parse_hex(2);
      case 'u':
        return parse_hex(4);
      case 'U':
        return parse_hex(8);
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
      case '^':
        return static_cast<char32_t>(text_[at_ - 1]);
      default:
        --at_;
        return fail_at("an escape: one of n r t x u U \\ \" [ ] - ^");
    }
  }
  Result<char32_t> parse_hex(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const auto digit = at_ < text_.size() ? hex_digit(text_[at_]) : std::nullopt;
      if (!digit) return fail_at(concat(digits, " hexadecimal digits"));
      value = value * 16 + static_cast<char32_t>(*digit);
      ++at_;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
      return fail("this is no character of Unicode");
    return value;
  }

  Result<ExpressionId> parse_literal() {
    std::string bytes;
    while (!take("\"")) {
      if (at_ < text_.size() && text_[at_] == '\n')
        return fail("a literal does not end on its line");
      HEARTH_ASSIGN(const char32_t c, parse_char());
      append_utf8(bytes, c);
    }
    return rules_.literal(bytes);
  }

  Result<ExpressionId> parse_class() {
    const bool others = take("^");
    std::vector<CharRange> ranges;
    while (!take("]")) {
      HEARTH_ASSIGN(const char32_t first, parse_char());
      char32_t last = first;
      if (next_is("-") && text_.substr(at_, 2) != "-]") {
        ++at_;
        HEARTH_ASSIGN(last, parse_char());
        if (last < first) return fail("a range of a class ends before it begins");
      }
      ranges.push_back({first, last});
    }
    return rules_.chars(others ? other_chars(std::move(ranges)) : std::move(ranges));
  }

  Rules rules_;
  std::map<std::string, RuleId, std::less<>> names_;
  std::vector<bool> defined_;  // [rules]
};

}  // namespace

Result<Automaton> compile_gbnf(std::string_view text) {
  if (text.size() > kGbnfBytesMax) {
    return Error(ErrorCode::kUsage, concat("grammar: ", text.size(), " bytes are more than ",
                                           kGbnfBytesMax, "; use a smaller one"));
  }
  return GbnfParser(text).parse();
}

}  // namespace hearth
