// SPDX-License-Identifier: Apache-2.0
// Pre-tokenizers that are one published regular expression, as hand-written scanners: one pass, no
// backtracking beyond a word, no regex engine. Each returns the length in bytes of the piece that
// `text` (not empty) begins with, at least 1; no piece depends on what stands before it. Any bytes
// are accepted: one that is not part of valid UTF-8 is a character that is no letter, number or
// space. Threading: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth {

std::size_t next_piece_gpt2(std::string_view text);
// Numeric characters by themselves, GPT-2's pattern between them.
std::size_t next_piece_digits_gpt2(std::string_view text);
std::size_t next_piece_llama3(std::string_view text);
std::size_t next_piece_qwen2(std::string_view text);
std::size_t next_piece_qwen35(std::string_view text);
std::size_t next_piece_gpt4o(std::string_view text);
std::size_t next_piece_tekken(std::string_view text);

}  // namespace hearth
