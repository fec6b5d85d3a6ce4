// SPDX-License-Identifier: Apache-2.0
// A JSON Schema and a text that is held against it: what fits is JSON.
#include <nlohmann/json.hpp>

#include "follow_text.h"
#include "grammar/schema_grammar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto [fitting, is_complete] =
      hearth::follow_input(data, size, hearth::compile_json_schema_text);
  HEARTH_CHECK(!is_complete || nlohmann::json::accept(fitting));
  return 0;
}
