// SPDX-License-Identifier: Apache-2.0
// A grammar in GBNF and a text that is held against it.
#include "grammar/gbnf.h"

#include "follow_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  hearth::follow_input(data, size, hearth::compile_gbnf);
  return 0;
}
