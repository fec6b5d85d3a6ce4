// SPDX-License-Identifier: Apache-2.0
// The words of `hearth forget`, which the page uses too.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/kept_state.h"

namespace hearth {

struct ForgetChoice {
  std::string_view word;
  std::string_view what_it_is;  // as in "Erase ...?"
  std::vector<Forgettable> what;
};

// Lives as long as the program. Errors: kUsage (no such word; names those there are).
Result<const ForgetChoice*> find_forget_choice(std::string_view word);

nlohmann::ordered_json erased_json(const Erased& erased);

}  // namespace hearth
