// SPDX-License-Identifier: Apache-2.0
// Where a text came from. What a document, a tool or an endpoint wrote may inform an answer, but
// never widen what is allowed: whoever decides takes the trust of all that is in the prompt, which
// only falls. Values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace hearth {

enum class Trust : uint8_t {
  kUntrusted,  // documents, results of tools, answers of endpoints
  kUser,       // typed by the user
};

// What is made of both is trusted as the less trusted of them.
constexpr Trust combined(Trust a, Trust b) { return a < b ? a : b; }

// Whether a permission that `asked` by a text of this trust may be granted beyond `granted` so far:
// untrusted text can only lower. Levels are ordered by <, higher being more permissive.
template <typename Level>
constexpr Level lowered(Level granted, Level asked, Trust trust) {
  return trust == Trust::kUser || asked < granted ? asked : granted;
}

// A text that keeps its mark through concatenation.
class MarkedText {
 public:
  MarkedText(std::string text, Trust trust) : text_(std::move(text)), trust_(trust) {}

  void append(const MarkedText& other) {
    text_ += other.text_;
    trust_ = combined(trust_, other.trust_);
  }
  const std::string& text() const { return text_; }
  Trust trust() const { return trust_; }

 private:
  std::string text_;
  Trust trust_;
};

}  // namespace hearth
