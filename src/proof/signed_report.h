// SPDX-License-Identifier: Apache-2.0
// A proof as a JSON document that is signed: for keeping, and for showing to others.
//
// The signature (Ed25519) is over the compact text of the document without its member "signature",
// behind a line that says what it is. It says that the document is as the holder of the key made
// it, no more: who runs the machine can make any.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proof/proof.h"

namespace hearth {

// A key in hexadecimal: 32 bytes.
inline constexpr std::size_t kPublicKeyCharacters = 64;

// The document, not signed yet. `time` as utc_text() writes it.
nlohmann::ordered_json proof_json(const Proof& proof, std::string_view hearth_version,
                                  std::string_view time);

// Adds "public_key" and "signature" with the key in `key_file`, which is made where it is not
// there. Errors: those of SealKey::load_or_create().
Result<void> sign_report(nlohmann::ordered_json& report, const std::filesystem::path& key_file);

// The public key of `key_file`; errors as above, and kNotFound where there is none.
Result<std::string> public_key_of(const std::filesystem::path& key_file);

// What a report says, once its signature has held.
struct CheckedReport {
  bool ok = false;         // that all routes held
  std::size_t routes = 0;  // how many were tried
  std::string time;
  std::string kernel;
  std::string hearth_version;
  std::string public_key;
};

// Errors: kCorrupt (no such document), kVerification (it was changed after it was signed).
Result<CheckedReport> check_report(std::string_view text);

}  // namespace hearth
