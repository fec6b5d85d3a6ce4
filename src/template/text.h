// SPDX-License-Identifier: Apache-2.0
// The strings that templates compute with, and Python's view of a string: positions are code
// points, white space and case are Unicode's. A byte that is not valid UTF-8 counts as one code
// point and passes through unchanged.
//
// A Text knows which of its bytes came from the conversation and which from the template, so that a
// caller can take
// "<|im_end|>" for a special token only where the template wrote it. Joining, slicing, stripping
// and splitting keep that apart byte by byte; any other operation on a text with foreign bytes
// yields a text that is all foreign.
//
// Ownership: a Text shares its bytes, or borrows them from the template or the variables, which
// outlive rendering. Threading: as std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "template/chat_template.h"
#include "template/limits.h"

namespace hearth::jinja {

enum class Origin : uint8_t { kTemplate, kInput };

class Text {
 public:
  Text() = default;
  static Text borrow(std::string_view bytes, Origin origin) { return Text(nullptr, bytes, origin); }
  static Text own(std::string bytes, Origin origin);

  std::string_view view() const { return view_; }
  // The bytes [begin, end) of this text, which are shared, not copied.
  Text slice(std::size_t begin, std::size_t end) const;
  // kInput where any byte came from the conversation.
  Origin origin() const;
  // Whether the filters safe or escape have made it markupsafe's Markup: what is added to it gets
  // escaped.
  bool is_markup() const { return is_markup_; }
  Text as_markup() const;
  Text as_plain() const;

 private:
  friend class TextBuilder;
  struct Shared {
    std::string bytes;
    std::vector<TextRange> input;  // ascending, disjoint; used where the origin is mixed
  };
  Text(std::shared_ptr<const Shared> shared, std::string_view view, Origin origin)
      : shared_(std::move(shared)), view_(view), origin_(origin) {}

  std::span<const TextRange> mixed_ranges() const;

  std::shared_ptr<const Shared> shared_;  // null: borrowed
  std::string_view view_;
  Origin origin_ = Origin::kTemplate;  // kTemplate with ranges in `shared_`: mixed
  bool is_markup_ = false;
};

// Builds a text out of pieces. What goes beyond kTextBytesMax is dropped and reported by finish().
class TextBuilder {
 public:
  void append(std::string_view bytes, Origin origin);
  void append(const Text& text);
  void append(std::size_t count, char byte, Origin origin);
  std::size_t size() const { return bytes_.size(); }
  bool full() const { return full_; }

  // Leaves the builder empty. Errors: kCorrupt (text too long, steps used up).
  Result<Text> finish(Budget& budget);
  // The same for the whole output. Errors: kCorrupt (output too long).
  Result<RenderedText> finish_output();

 private:
  bool fits(std::size_t more);
  void mark(std::size_t begin, std::size_t end);

  std::string bytes_;
  std::vector<TextRange> input_;
  bool full_ = false;
};

// Python's str.isspace() of one character: what strip(), split() and Jinja's "-" signs remove.
bool is_space(char32_t code_point);

enum class StripSides : uint8_t { kLeft, kRight, kBoth };
// What is left of `text` without the white space, or without the code points of `characters`, at
// its ends.
TextRange strip_white_space(std::string_view text, StripSides sides);
TextRange strip_characters(std::string_view text, std::string_view characters, StripSides sides);

// As std::string_view::find, in linear time whatever the texts are.
std::size_t find_bytes(std::string_view text, std::string_view part, std::size_t from = 0);

std::size_t count_code_points(std::string_view text);
// Where each code point begins, and the size at the end.
std::vector<std::size_t> code_point_offsets(std::string_view text);

// Simple case mapping, one code point to one (of Unicode's longer mappings only the one of sharp
// s).
std::string upper(std::string_view text);
std::string lower(std::string_view text);
char32_t upper_code_point(char32_t code_point);
char32_t lower_code_point(char32_t code_point);
bool is_upper(char32_t code_point);  // what has a lower case
bool is_lower(char32_t code_point);
std::string capitalize(std::string_view text);    // str.capitalize()
std::string title_method(std::string_view text);  // str.title()
std::string title_filter(
    std::string_view text);  // Jinja's filter: words begin after white space and -({[<

// The text with & < > " ' as HTML entities.
std::string escape_html(std::string_view text);

// str.splitlines(): the ranges of the lines without their ends; not more than kItemsMax + 1 of
// them.
std::vector<TextRange> split_lines(std::string_view text);

// repr() of a Python string.
std::string python_quoted(std::string_view text);

}  // namespace hearth::jinja
