// SPDX-License-Identifier: Apache-2.0
// A regular expression and a text that is held against it.
#include "grammar/regex.h"

#include "follow_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  hearth::follow_input(data, size, hearth::compile_regex);
  return 0;
}
