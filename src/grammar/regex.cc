// SPDX-License-Identifier: Apache-2.0
#include "grammar/regex.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "grammar/text_cursor.h"

namespace hearth {
namespace {

std::vector<CharRange> digits() { return {{'0', '9'}}; }
std::vector<CharRange> word_chars() { return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}; }
std::vector<CharRange> line_ends() { return {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}; }
std::vector<CharRange> blanks() {
  return {{'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
          {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
}

std::optional<std::vector<CharRange>> class_of_escape(char32_t c) {
  switch (c) {
    case 'd':
      return digits();
    case 'D':
      return other_chars(digits());
    case 'w':
      return word_chars();
    case 'W':
      return other_chars(word_chars());
    case 's':
      return blanks();
    case 'S':
      return other_chars(blanks());
    default:
      return std::nullopt;
  }
}

class RegexParser : TextCursor {
 public:
  RegexParser(std::string_view pattern, RegexFit fit, Rules& rules, SpellChars spell)
      : TextCursor(pattern), fit_(fit), rules_(rules), spell_(spell) {}

  Result<ExpressionId> parse() {
    HEARTH_ASSIGN(const ExpressionId all, parse_choice(0));
    if (at_ < text_.size()) return fail("a ) without its (");
    return all;
  }

 private:
  Error fail(std::string_view what) const {
    return Error(ErrorCode::kUsage, concat("pattern \"", printable(text_), "\": ", what,
                                           " at byte ", at_, "; correct it"));
  }
  Error unsupported(std::string_view what) const {
    return Error(ErrorCode::kUsage, concat("pattern \"", printable(text_), "\": ", what,
                                           " at byte ", at_, ": not supported; write it without"));
  }
  bool at_end_of_sequence() const { return at_ == text_.size() || next_is("|") || next_is(")"); }

  Result<ExpressionId> parse_choice(int depth) {
    if (depth > kGroupDepthMax)
      return fail(concat("more than ", kGroupDepthMax, " groups in each other"));
    std::vector<ExpressionId> choices;
    do {
      HEARTH_ASSIGN(const ExpressionId one, parse_sequence(depth));
      choices.push_back(one);
    } while (take("|"));
    return rules_.choice(std::move(choices));
  }

  ExpressionId anything() { return rules_.repeat(spell_(other_chars({})), 0, Rules::kNoLimit); }

  Result<ExpressionId> parse_sequence(int depth) {
    std::vector<ExpressionId> parts;
    const bool free_ends = depth == 0 && fit_ == RegexFit::kSomewhere;
    const bool begins = depth == 0 && take("^");
    if (free_ends && !begins) parts.push_back(anything());
    bool ends = false;
    while (!at_end_of_sequence()) {
      if (next_is("^") || next_is("$")) {
        ends = depth == 0 && take("$") && at_end_of_sequence();
        if (!ends) return unsupported("^ or $ elsewhere than at the ends of an alternative");
        break;
      }
      HEARTH_ASSIGN(const ExpressionId item, parse_item(depth));
      HEARTH_ASSIGN(const ExpressionId repeated, parse_repeats(item));
      parts.push_back(repeated);
    }
    if (free_ends && !ends) parts.push_back(anything());
    return rules_.sequence(std::move(parts));
  }

  Result<ExpressionId> parse_item(int depth) {
    if (take("(")) return parse_group(depth);
    if (take("[")) return parse_class();
    if (take(".")) return spell_(other_chars(line_ends()));
    for (const std::string_view mark : {"*", "+", "?", "{"}) {
      if (next_is(mark)) return fail(concat("a ", mark, " with nothing to repeat"));
    }
    if (take("\\")) {
      HEARTH_ASSIGN(std::vector<CharRange> ranges, parse_escape());
      return spell_(std::move(ranges));
    }
    HEARTH_ASSIGN(const char32_t c, parse_plain());
    return spell_({{c, c}});
  }

  Result<ExpressionId> parse_group(int depth) {
    if (take("?")) {
      for (const std::string_view look : {"=", "!", "<=", "<!"}) {
        if (next_is(look)) return unsupported(concat("(?", look, ", which looks around,"));
      }
      if (take("<")) {
        while (at_ < text_.size() && !next_is(">")) ++at_;
        if (!take(">")) return fail("a name of a group that does not end");
      } else if (!take(":")) {
        return unsupported("this kind of group");
      }
    }
    HEARTH_ASSIGN(const ExpressionId group, parse_choice(depth + 1));
    if (!take(")")) return fail("a ( without its )");
    return group;
  }

  Result<ExpressionId> parse_repeats(ExpressionId item) {
    int32_t min = 0;
    int32_t max = Rules::kNoLimit;
    if (take("+")) {
      min = 1;
    } else if (take("?")) {
      max = 1;
    } else if (take("{")) {
      HEARTH_ASSIGN(min, parse_count());
      max = min;
      if (take(",")) {
        max = Rules::kNoLimit;
        if (!next_is("}")) {
          HEARTH_ASSIGN(max, parse_count());
          if (max < min) return fail("a {m,n} whose n is less than its m");
        }
      }
      if (!take("}")) return fail("a { that is no {m,n}");
    } else if (!take("*")) {
      return item;
    }
    take("?");  // lazy: the same texts fit
    if (next_is("*") || next_is("+") || next_is("?") || next_is("{"))
      return fail("a repetition of a repetition");
    return rules_.repeat(item, min, max);
  }
  Result<int32_t> parse_count() {
    const std::optional<int32_t> count = take_count();
    if (!count) return fail("a { that is no {m,n}");
    if (*count > kRepeatMax) return fail(concat("a repetition of more than ", kRepeatMax));
    return *count;
  }

  Result<char32_t> parse_plain() {
    const Utf8Char next = decode_utf8(text_.substr(at_));
    if (!next.valid) return fail("bytes that are not UTF-8");
    at_ += next.bytes;
    return next.code_point;
  }

  // Behind a backslash.
  Result<std::vector<CharRange>> parse_escape() {
    if (at_ == text_.size()) return fail("a \\ with nothing behind it");
    HEARTH_ASSIGN(const char32_t c, parse_plain());
    if (auto ranges = class_of_escape(c)) return *std::move(ranges);
    const auto one = [](char32_t value) { return std::vector<CharRange>{{value, value}}; };
    switch (c) {
      case 't':
        return one('\t');
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case '0':
        return one(0);
      case 'x':
      case 'u': {
        HEARTH_ASSIGN(const char32_t value, parse_hex(c == 'x' ? 2 : 4));
        return one(value);
      }
      default:
        break;
    }
    if (c == 'b' || c == 'B') return unsupported("\\b, a border of words,");
    if (c == 'p' || c == 'P') return unsupported("\\p, a property of Unicode,");
    if (c == 'k' || (c >= '1' && c <= '9')) return unsupported("a reference to a group");
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return fail("an unknown escape");
    return one(c);
  }
  Result<char32_t> parse_hex(std::size_t digits) {
    const bool in_braces = digits == 4 && take("{");
    const std::size_t end = in_braces ? text_.find('}', at_) : at_ + digits;
    const std::string_view spelled = text_.substr(at_, end - at_);
    uint32_t value = 0;
    const auto read = std::from_chars(spelled.data(), spelled.data() + spelled.size(), value, 16);
    const bool whole = end <= text_.size() && read.ec == std::errc() &&
                       read.ptr == spelled.data() + spelled.size();
    if (!whole || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
      return fail("an escape that is no character");
    at_ = end + (in_braces ? 1 : 0);
    return value;
  }

  Result<std::vector<CharRange>> parse_class_part() {
    if (take("\\")) {
      if (take("b")) return std::vector<CharRange>{{'\b', '\b'}};
      return parse_escape();
    }
    HEARTH_ASSIGN(const char32_t c, parse_plain());
    return std::vector<CharRange>{{c, c}};
  }

  Result<ExpressionId> parse_class() {
    const bool others = take("^");
    std::vector<CharRange> ranges;
    while (!take("]")) {
      if (at_ == text_.size()) return fail("a [ without its ]");
      HEARTH_ASSIGN(std::vector<CharRange> part, parse_class_part());
      if (next_is("-") && !next_is("-]")) {
        ++at_;
        if (at_ == text_.size()) return fail("a [ without its ]");
        HEARTH_ASSIGN(const std::vector<CharRange> last, parse_class_part());
        const bool are_chars = part.size() == 1 && part.front().first == part.front().last &&
                               last.size() == 1 && last.front().first == last.front().last;
        if (!are_chars || last.front().last < part.front().first)
          return fail("a range of a class that is none");
        part.front().last = last.front().last;
      }
      ranges.insert(ranges.end(), part.begin(), part.end());
    }
    return spell_(others ? other_chars(std::move(ranges)) : std::move(ranges));
  }

  RegexFit fit_;
  Rules& rules_;
  SpellChars spell_;
};

}  // namespace

Result<ExpressionId> read_regex(std::string_view pattern, RegexFit fit, Rules& rules,
                                SpellChars spell) {
  if (pattern.size() > kRegexBytesMax) {
    return Error(ErrorCode::kUsage, concat("pattern: ", pattern.size(), " bytes are more than ",
                                           kRegexBytesMax, "; write a shorter one"));
  }
  return RegexParser(pattern, fit, rules, spell).parse();
}

Result<Automaton> compile_regex(std::string_view pattern) {
  Rules rules;
  const auto spell = [&](std::vector<CharRange> ranges) { return rules.chars(std::move(ranges)); };
  HEARTH_ASSIGN(const ExpressionId body, read_regex(pattern, RegexFit::kWhole, rules, spell));
  const RuleId root = rules.add_rule("pattern");
  rules.define(root, body);
  return Automaton::compile(rules, root);
}

}  // namespace hearth
