// SPDX-License-Identifier: Apache-2.0
// A text as a person would read it, and where each part of it stood: NFKC (UAX #15), without
// invisible characters, with digits of all scripts as ASCII's and the Latin letter for look-alikes
// of Cyrillic, Greek and Armenian. Bytes that are not UTF-8 stay. Linear time; ASCII is only looked
// at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// Borrows the input: valid while that is. Move-only; const calls are safe from any thread.
class NormalizedText {
 public:
  // `input` up to 4 GB.
  explicit NormalizedText(std::string_view input);
  NormalizedText(NormalizedText&&) = default;
  NormalizedText& operator=(NormalizedText&&) = default;

  std::string_view text() const { return segments_.empty() ? input_ : std::string_view(text_); }

  // Where the input's bytes begin that made the byte at `at` of text(); the input's end for
  // text()'s.
  std::size_t input_begin(std::size_t at) const;
  // Where the input's bytes end that made what stands before `at` (at least 1) of text().
  std::size_t input_end(std::size_t at) const;

 private:
  enum class Origin : uint8_t { kCopied, kReplaced };
  struct Segment {
    uint32_t begin;  // in text()
    uint32_t input;  // where it begins there
    Origin origin;   // copied: byte for byte
  };
  void copy(std::size_t begin, std::size_t end);
  void replace(std::size_t begin, std::size_t end);
  const Segment& segment_of(std::size_t at) const;

  std::string_view input_;
  std::string text_;
  std::vector<Segment> segments_;  // none: the text is the input
};

}  // namespace hearth
