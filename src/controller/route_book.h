// SPDX-License-Identifier: Apache-2.0
// What the router knows beside the policy: what was spent, how targets did lately. Kept in a file,
// which is on the disk before a message leaves and after its answer has come.
//
// Where that file cannot be trusted (damaged, or kept by another process now), nothing is known of
// what was spent: targets that cost something must not be asked then, and nothing is written.
//
// Threading: the caller serialises.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "base/result.h"
#include "route/decision.h"

namespace hearth {

class RouteBook {
 public:
  // In `folder`, which exists.
  static RouteBook open(const std::filesystem::path& folder, const Policy& policy);

  // Why nothing is known of what was spent, in one line; empty: all is well.
  const std::string& trouble() const { return trouble_; }

  RouteState state;  // of the policy's targets; `spending` advanced by whoever decides

  // On the disk once it returns; nothing where there is trouble. Errors: those of write_file().
  Result<void> save(const Policy& policy) const;
  // The targets are those of `after` now; what is known of them goes with their names.
  void change_policy(const Policy& before, const Policy& after);

 private:
  RouteBook() = default;

  std::filesystem::path file_;
  std::optional<FileLock> lock_;  // one process at a time keeps the book
  std::string trouble_;
};

}  // namespace hearth
