// SPDX-License-Identifier: Apache-2.0
// What models have read, kept in a folder from one start of the server to the next, so that nothing
// of it is computed anew. Each file is of one engine's arithmetic, and sealed: it holds texts.
// docs/formats/prefixes.md.
//
// Threading: any thread; of two that save for the same engine, the last one's stays.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/engine.h"
#include "scheduler/prefix_cache.h"
#include "seal/seal_key.h"

namespace hearth {

class KeptPrefixes {
 public:
  KeptPrefixes(std::filesystem::path folder, SealKey key)
      : folder_(std::move(folder)), key_(std::move(key)) {}

  // Takes in what was kept for this engine, as far as there is room; none is no error. Returns how
  // many pages. Errors: kCorrupt (the file was changed, or sealed with another key), kUnavailable;
  // what was taken in before stays, and is right.
  Result<int32_t> restore(Engine& engine, PrefixCache& prefixes) const;
  // Replaces what is kept for this engine, unless there is nothing to keep. Errors: kUnavailable.
  Result<void> save(Engine& engine, const PrefixCache& prefixes) const;

 private:
  std::filesystem::path path_for(Engine& engine) const;

  std::filesystem::path folder_;
  SealKey key_;
};

}  // namespace hearth
