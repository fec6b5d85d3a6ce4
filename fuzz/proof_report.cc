// SPDX-License-Identifier: Apache-2.0
// A signed report of a proof, as somebody shows it. No input signs itself.
#include "check_error.h"
#include "proof/signed_report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace hearth;
  const auto checked = check_report({reinterpret_cast<const char*>(data), size});
  if (checked.ok()) {
    HEARTH_CHECK(checked->public_key.size() == kPublicKeyCharacters);
    return 0;
  }
  HEARTH_CHECK(checked.error().code() == ErrorCode::kCorrupt ||
               checked.error().code() == ErrorCode::kVerification);
  check_line(checked.error());
  return 0;
}
