// SPDX-License-Identifier: Apache-2.0
#include "base/cpu_quota.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace hearth {
namespace {

// Processors of one group; nothing where it has no quota, or no such files.
std::optional<double> quota_of(const std::filesystem::path& group) {
  double quota_us = 0;
  double period_us = 0;
  std::ifstream unified(group / "cpu.max");  // "max 100000" reads no number
  if (!(unified >> quota_us >> period_us)) {
    std::ifstream(group / "cpu.cfs_quota_us") >> quota_us;  // -1: none
    std::ifstream(group / "cpu.cfs_period_us") >> period_us;
  }
  if (!(quota_us > 0) || !(period_us > 0)) return std::nullopt;
  return quota_us / period_us;
}

bool has_item(const std::string& list, const std::string& item) {
  return ("," + list + ",").find("," + item + ",") != std::string::npos;
}

}  // namespace

std::optional<double> cpu_quota(const std::filesystem::path& membership,
                                const std::filesystem::path& root) {
  std::optional<double> least;
  std::ifstream lines(membership);
  std::string number;
  std::string controllers;
  std::string path;
  while (std::getline(lines, number, ':') && std::getline(lines, controllers, ':') &&
         std::getline(lines, path)) {
    const bool unified = controllers.empty();
    if (!unified && !has_item(controllers, "cpu")) continue;
    const std::filesystem::path top = unified ? root : root / "cpu";
    std::filesystem::path group = std::filesystem::path(path).relative_path();
    for (bool inside = true; inside; group = group.parent_path()) {
      inside = !group.empty();
      const auto quota = quota_of(inside ? top / group : top);
      if (quota) least = std::min(least.value_or(*quota), *quota);
    }
  }
  return least;
}

}  // namespace hearth
