// SPDX-License-Identifier: Apache-2.0
#include "observe/anchor.h"

#include <linux/keyctl.h>
#include <sodium.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <span>
#include <string_view>

#include "base/files.h"
#include "base/strings.h"
#include "base/xxh64.h"

namespace hearth {
namespace {

// What is stored: the head and a keyed hash of it.
struct Stored {
  LedgerHead head;
  LedgerHash proof;
};
static_assert(sizeof(Stored) == 72);  // no padding

LedgerHash proof_of(const LedgerHead& head, const SubKey& key) {
  LedgerHash proof;
  crypto_generichash(proof.data(), proof.size(), reinterpret_cast<const unsigned char*>(&head),
                     sizeof head, key.data(), key.size());
  return proof;
}

std::optional<LedgerHead> checked(std::string_view bytes, const SubKey& key) {
  Stored stored;
  if (bytes.size() != sizeof stored) return std::nullopt;
  std::memcpy(&stored, bytes.data(), sizeof stored);
  const LedgerHash proof = proof_of(stored.head, key);
  if (sodium_memcmp(proof.data(), stored.proof.data(), proof.size()) != 0) return std::nullopt;
  return stored.head;
}

// Source: keyrings(7), add_key(2), keyctl(2). What fails here is a keyring that there is none of.
void keep_in_keyring(const std::string& name, std::string_view bytes) {
  ::syscall(SYS_add_key, "user", name.c_str(), bytes.data(), bytes.size(), KEY_SPEC_USER_KEYRING);
}

std::string read_from_keyring(const std::string& name) {
  const long key =
      ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name.c_str(), 0);
  if (key < 0) return {};
  std::string bytes(sizeof(Stored), '\0');
  const long size = ::syscall(SYS_keyctl, KEYCTL_READ, key, bytes.data(), bytes.size());
  return size == static_cast<long>(bytes.size()) ? bytes : std::string();
}

}  // namespace

// Of this ledger among all of the user's.
std::string LedgerAnchor::keyring_name() const {
  const std::string path = std::filesystem::absolute(file_).lexically_normal().string();
  return concat("hearth:ledger:", xxh64(std::as_bytes(std::span(path))));
}

Result<void> LedgerAnchor::store(const LedgerHead& head) const {
  const Stored stored = {head, proof_of(head, key_)};
  const std::string_view bytes(reinterpret_cast<const char*>(&stored), sizeof stored);
  keep_in_keyring(keyring_name(), bytes);
  return write_file(file_, bytes);
}

std::optional<LedgerHead> LedgerAnchor::load() const {
  const auto file = read_file(file_, sizeof(Stored));
  const auto on_disk = file.ok() ? checked(*file, key_) : std::nullopt;
  const auto in_kernel = checked(read_from_keyring(keyring_name()), key_);
  if (on_disk && in_kernel) return on_disk->entries >= in_kernel->entries ? on_disk : in_kernel;
  return on_disk ? on_disk : in_kernel;
}

}  // namespace hearth
