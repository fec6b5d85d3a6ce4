// SPDX-License-Identifier: Apache-2.0
#include "evaluate/pattern.h"

#include <regex>

#include "base/strings.h"

namespace hearth {

struct Pattern::Compiled {
  std::regex regex;
};

Result<Pattern> Pattern::compile(std::string_view expression) {
  if (expression.size() > kBytesMax) {
    return Error(ErrorCode::kUsage, concat("pattern: ", expression.size(), " bytes are more than ",
                                           kBytesMax, "; write a shorter one"));
  }
  try {
    // libstdc++'s flag for the executor that follows all alternatives at once: it never goes back,
    // and refuses back references.
    const auto flags = std::regex::ECMAScript | std::regex_constants::__polynomial;
    return Pattern(std::make_shared<const Compiled>(
        Compiled{std::regex(expression.begin(), expression.end(), flags)}));
  } catch (const std::regex_error& error) {
    return Error(ErrorCode::kUsage,
                 concat("pattern: \"", printable(expression),
                        "\" is no regular expression: ", printable(error.what()), "; correct it"));
  }
}

bool Pattern::is_in(std::string_view text) const {
  try {
    return std::regex_search(text.begin(), text.end(), compiled_->regex);
  } catch (const std::regex_error&) {
    return false;  // only for lack of memory or stack; the polynomial executor has neither limit
  }
}

}  // namespace hearth
