// SPDX-License-Identifier: Apache-2.0
#include "toolcalls/json_scanner.h"

namespace hearth {

void JsonScanner::push(char byte) {
  if (is_escaped_) {
    is_escaped_ = false;
  } else if (is_in_string_) {
    if (byte == '\\') is_escaped_ = true;
    if (byte == '"') is_in_string_ = false;
  } else if (byte == '"') {
    is_in_string_ = true;
  } else if (byte == '{' || byte == '[') {
    ++depth_;
  } else if (byte == '}' || byte == ']') {
    --depth_;
  }
}

std::size_t json_object_bytes(std::string_view text) {
  JsonScanner scanner;
  for (std::size_t i = 0; i < text.size(); ++i) {
    scanner.push(text[i]);
    if (scanner.depth() == 0) return i + 1;
  }
  return text.size();
}

}  // namespace hearth
