// SPDX-License-Identifier: Apache-2.0
#include "guard/declassified.h"

#include <algorithm>

#include "base/strings.h"

namespace hearth {

template class Declassified<std::string>;

Result<Declassified<std::string>> declassify(const Guard& guard, std::string bytes,
                                             Sensitivity ceiling) {
  ceiling = std::min(ceiling, Sensitivity::kSensitive);
  std::string kinds;
  for (const EntityKind kind : guard.rescan(bytes, ceiling)) {
    kinds += concat(kinds.empty() ? "" : ", ", kind_info(kind).name);
  }
  if (kinds.empty()) return Declassified<std::string>(std::move(bytes));
  return Error(ErrorCode::kRefused,
               concat("message: holds ", kinds, ", which is more than ", sensitivity_name(ceiling),
                      "; it is not sent: take that out or answer here"));
}

}  // namespace hearth
