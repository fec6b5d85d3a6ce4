// SPDX-License-Identifier: Apache-2.0
// Cuts a template into tokens and applies Jinja's white space rules: trim_blocks, lstrip_blocks,
// the signs "-" and "+" at tags, and the last newline dropped. Source: jinja2.lexer 3.1, the rules
// of which are reproduced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::jinja {

enum class TokenKind : uint8_t {
  kData,  // text between tags
  kBlockBegin,
  kBlockEnd,
  kVariableBegin,
  kVariableEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd
};

struct Token {
  TokenKind kind;
  uint32_t line;
  std::string text;  // kData, kName, kString (decoded), kOperator
  int64_t integer = 0;
  double number = 0;
};

// The tokens of `source`, the last of which is kEnd. Errors: kCorrupt (line and cause; a bound).
Result<std::vector<Token>> tokenize(std::string_view source);

// "line 12: message". Errors of parsing and rendering carry the line of the template that they stem
// from.
Error error_at(ErrorCode code, uint32_t line, std::string_view message);

}  // namespace hearth::jinja
