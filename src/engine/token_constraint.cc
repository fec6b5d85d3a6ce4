// SPDX-License-Identifier: Apache-2.0
#include "engine/token_constraint.h"

#include <string_view>

#include "base/check.h"

namespace hearth {

TokenConstraint::TokenConstraint(const Automaton& automaton, const Tokenizer& tokenizer,
                                 TokenId previous, std::size_t tokens_max)
    : matcher_(automaton), tokenizer_(&tokenizer), previous_(previous), tokens_left_(tokens_max) {}

std::string_view TokenConstraint::bytes_of(TokenId id) const {
  return tokenizer_->bytes_after(previous_, id, SpecialTokens::kAsText);
}

bool TokenConstraint::allows(TokenId id) {
  if (tokenizer_->is_end(id)) return matcher_.can_end();
  const std::string_view bytes = bytes_of(id);
  if (bytes.empty()) return false;
  const auto left = static_cast<int64_t>(tokens_left_);
  // Where the end was out of reach before, nothing is lost by going on.
  const bool reachable = matcher_.bytes_to_end() <= left;
  return matcher_.allows(bytes, reachable ? left - 1 : Automaton::kUnending);
}

void TokenConstraint::accept(TokenId id) {
  const bool fits = matcher_.accept(bytes_of(id));
  HEARTH_CHECK(fits);
  previous_ = id;
  --tokens_left_;
}

std::vector<bool> TokenConstraint::allowed_first_bytes() {
  std::vector<bool> allowed(256);
  for (int byte = 0; byte < 256; ++byte) {
    const char text = static_cast<char>(byte);
    allowed[static_cast<std::size_t>(byte)] = matcher_.allows({&text, 1});
  }
  return allowed;
}

bool TokenConstraint::begins_with(TokenId id, const std::vector<bool>& first_bytes) const {
  if (tokenizer_->is_end(id)) return true;
  const std::string_view bytes = bytes_of(id);
  return !bytes.empty() && first_bytes[static_cast<unsigned char>(bytes.front())];
}

}  // namespace hearth
