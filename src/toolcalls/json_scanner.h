// SPDX-License-Identifier: Apache-2.0
// Finds the end of a JSON object in a text that comes in pieces, by its braces and strings alone.
//
// Threading: a value of one thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth {

class JsonScanner {
 public:
  // Goes on by one byte of the object, which begins with the first.
  void push(char byte);
  // How many braces and brackets are open.
  int depth() const { return depth_; }
  bool is_in_string() const { return is_in_string_; }

 private:
  int depth_ = 0;
  bool is_in_string_ = false;
  bool is_escaped_ = false;
};

// How many bytes the object has that `text` begins with; all of them where it does not end.
std::size_t json_object_bytes(std::string_view text);

}  // namespace hearth
