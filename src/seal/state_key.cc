// SPDX-License-Identifier: Apache-2.0
#include "seal/state_key.h"

#include <string>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kCheckBytesMax = 256;

std::filesystem::path key_path(const std::filesystem::path& state) { return state / "seal.key"; }
std::filesystem::path check_path(const std::filesystem::path& state) {
  return state / "seal.check";
}

// By which the key is known; the key cannot be found from it.
std::string check_of(const SealKey& key) { return hexadecimal(key.derive("hearth key check")); }

Error lost(const std::filesystem::path& state, std::string_view what) {
  return Error(ErrorCode::kVerification,
               concat("key ", printable(key_path(state).string(), 300), ": ", what,
                      ": histories, sessions and kept messages that were sealed with the old one "
                      "cannot be read by anybody, nor can the ledger be verified; put the old key "
                      "back, or begin anew with hearth forget lost"));
}

}  // namespace

Result<SealKey> open_state_key(const std::filesystem::path& state) {
  const auto check = read_file(check_path(state), kCheckBytesMax);
  if (!check.ok() && check.error().code() != ErrorCode::kNotFound) return check.error();
  if (!check.ok()) return accept_state_key(state);
  auto key = SealKey::load(key_path(state));
  if (!key.ok() && key.error().code() == ErrorCode::kNotFound) return lost(state, "is gone");
  if (key.ok() && check_of(*key) != *check) return lost(state, "is another one than was used here");
  return key;
}

Result<SealKey> accept_state_key(const std::filesystem::path& state) {
  HEARTH_ASSIGN(SealKey key, SealKey::load_or_create(key_path(state)));
  // Where it cannot be written, in a folder that may only be read, nothing is sealed anew either.
  const Result<void> noted = write_file(check_path(state), check_of(key), FileReaders::kOwner);
  static_cast<void>(noted);
  return key;
}

}  // namespace hearth
