// SPDX-License-Identifier: Apache-2.0
// A text that is searched, redacted and restored; and a map that was kept (input "hearth-map ..."
// up to a NUL byte) with an answer behind it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "check_error.h"
#include "guard/output_checks.h"
#include "guard/pseudonyms.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

void check_text(std::string_view text) {
  const Guard guard;
  std::size_t end = 0;
  for (const Entity& entity : guard.find(text)) {
    HEARTH_CHECK(entity.begin >= end && entity.begin < entity.end && entity.end <= text.size());
    end = entity.end;
  }
  Pseudonyms pseudonyms = Pseudonyms::create().value();
  const RedactedText redaction = pseudonyms.redact(guard, text).value();
  const Restoration restoration = pseudonyms.restore(redaction.text);
  HEARTH_CHECK(restoration.text == text);
  HEARTH_CHECK(restoration.restored == redaction.entities.size());
  const Pseudonyms again = Pseudonyms::parse(pseudonyms.serialize()).value();
  HEARTH_CHECK(again.restore(redaction.text).text == text);
  (void)guard.rescan(text, Sensitivity::kPublic);
  for (const OutputFinding& finding : check_output(guard, text, {.canaries = {"canary"}})) {
    HEARTH_CHECK(finding.begin <= finding.end && finding.end <= text.size());
  }
}

void check_map(std::string_view text) {
  const std::size_t end = std::min(text.find('\0'), text.size());
  const auto map = Pseudonyms::parse(text.substr(0, end));
  if (!map.ok()) return check_error(map.error());
  HEARTH_CHECK(map->serialize() == text.substr(0, end));
  (void)map->restore(text.substr(end));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("hearth-map ")) {
    check_map(text);
  } else {
    check_text(text);
  }
  return 0;
}
