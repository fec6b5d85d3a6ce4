// SPDX-License-Identifier: Apache-2.0
#include "cli/token_ids.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth {

Result<std::vector<TokenId>> parse_token_ids(const std::string& text, std::string_view place) {
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const Error malformed(ErrorCode::kCorrupt,
                        concat(place, ": is not a JSON array of token ids; give one"));
  if (!document.is_array()) return malformed;
  std::vector<TokenId> ids;
  ids.reserve(document.size());
  for (const auto& element : document) {
    if (!element.is_number_integer()) return malformed;
    const bool possible = element.is_number_unsigned() &&
                          element.get<uint64_t>() <= std::numeric_limits<TokenId>::max();
    if (!possible) {
      return Error(ErrorCode::kUsage, concat(place, ": token id ", element.dump(),
                                             " is in no vocabulary; give ids of this model"));
    }
    ids.push_back(element.get<TokenId>());
  }
  return ids;
}

}  // namespace hearth
