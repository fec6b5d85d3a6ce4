// SPDX-License-Identifier: Apache-2.0
// A Modelfile; what was read is written and read again.
#include "package/modelfile.h"

#include "check_error.h"
#include "package/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace hearth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = parse_modelfile(text, "Modelfile");
  if (!read.ok()) {
    check_error(read.error());
    return 0;
  }
  HEARTH_CHECK(check_settings(read->settings).ok());
  const auto again = parse_modelfile(modelfile_text(read->from, read->settings), "Modelfile");
  HEARTH_CHECK(again.ok());
  HEARTH_CHECK(again->from == read->from);
  HEARTH_CHECK(again->settings == read->settings);

  Manifest manifest{"name", "1", "", "", {{"model", "f", std::string(64, '0'), 1}}, read->settings};
  const auto stored = manifest_from_json(manifest_to_json(manifest), "manifest.json");
  HEARTH_CHECK(stored.ok());
  HEARTH_CHECK(stored->settings == read->settings);
  return 0;
}
