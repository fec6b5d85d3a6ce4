// SPDX-License-Identifier: Apache-2.0
// How many entries a ledger has and the hash of the last one, kept outside of it: in a file beside
// it and, where the kernel lets us, in the user's keyring, which lives in the kernel's memory. Who
// cuts entries off a ledger, or puts an older copy of it back, must have changed both.
//
// Threading: pure, but for the disk and the keyring.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "seal/seal_key.h"

namespace hearth {

using LedgerHash = std::array<unsigned char, 32>;

struct LedgerHead {
  int64_t entries = 0;
  LedgerHash hash = {};  // of the last one

  bool operator==(const LedgerHead&) const = default;
};

class LedgerAnchor {
 public:
  LedgerAnchor(std::filesystem::path file, const SubKey& key) : file_(std::move(file)), key_(key) {}

  // Errors: kUnavailable (the file cannot be written).
  Result<void> store(const LedgerHead& head) const;
  // The one with more entries of the two, of those that were not tampered with; none: neither is
  // there.
  std::optional<LedgerHead> load() const;

 private:
  std::string keyring_name() const;

  std::filesystem::path file_;
  SubKey key_;
};

}  // namespace hearth
