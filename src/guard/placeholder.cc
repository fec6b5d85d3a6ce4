// SPDX-License-Identifier: Apache-2.0
#include "guard/placeholder.h"

#include "base/strings.h"
#include "guard/detectors.h"

namespace hearth {

std::size_t bracketed_bytes(std::string_view text) {
  if (!text.starts_with(kPlaceholderOpen)) return 0;
  text = text.substr(0, kPlaceholderBytesMax);
  const std::size_t close = text.find(kPlaceholderClose, kPlaceholderOpen.size());
  if (close == std::string_view::npos ||
      text.substr(0, close).find('\n') != std::string_view::npos) {
    return 0;
  }
  // ⟦ ⟦PERSON_1:k7f3⟧: the inner one
  if (text.substr(0, close).rfind(kPlaceholderOpen) != 0) return 0;
  return close + kPlaceholderClose.size();
}

std::string make_placeholder(std::string_view kind, std::size_t number, std::string_view nonce) {
  return concat(kPlaceholderOpen, kind, "_", number, ":", nonce, kPlaceholderClose);
}

void detect_placeholders(Scan& scan) {
  for (std::size_t i = 0; i < scan.count(); ++i) {
    const ScanToken& token = scan.token(i);
    if (token.type != TokenType::kMark || token.end - token.begin != kPlaceholderOpen.size())
      continue;
    const std::size_t bytes = bracketed_bytes(scan.text().substr(token.begin));
    if (bytes == 0) continue;
    // Its form is what tells it: a colon, and no spaces.
    const std::string_view text = scan.text().substr(token.begin, bytes);
    if (text.find(':') == std::string_view::npos || text.find(' ') != std::string_view::npos)
      continue;
    scan.add(EntityKind::kLiteral, Certainty::kCertain, token.begin, token.begin + bytes);
  }
}

}  // namespace hearth
