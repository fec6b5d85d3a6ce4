// SPDX-License-Identifier: Apache-2.0
// Placeholders in place of what the guard found, and back. One object is one conversation: the same
// text of the same kind is the same placeholder all along, and its random nonce is what tells the
// placeholders of one conversation from all others and from what somebody typed.
//
// The originals lie in locked memory (locked_bytes.h); what redact() and restore() return is the
// caller's. One thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "guard/guard.h"
#include "guard/locked_bytes.h"

namespace hearth {

// What stands for an entity of a text.
struct Redacted {
  Entity entity;  // bytes of the text that was redacted
  std::string placeholder;
};

struct RedactedText {
  std::string text;
  std::vector<Redacted> entities;  // in order
  Sensitivity sensitivity;         // of what was found, the highest
};

struct Restoration {
  std::string text;
  std::size_t restored = 0;
  // What looks like a placeholder and is none of this conversation: left as it stands. In order,
  // each once, and only the first kUnknownMax of them.
  std::vector<std::string> unknown;
};

inline constexpr std::size_t kUnknownMax = 100;
inline constexpr std::size_t kPseudonymsMax = 1 << 20;  // of a conversation

class Pseudonyms {
 public:
  // Errors: kUnavailable (the system has no random bytes).
  static Result<Pseudonyms> create();
  // What serialize() wrote. Errors: kCorrupt (names the line or byte).
  static Result<Pseudonyms> parse(std::string_view map);
  // Holds all originals: whoever writes it down answers for it. Wipe it with wipe_text().
  std::string serialize() const;

  // Errors: kUnavailable (no memory, or more than kPseudonymsMax).
  Result<RedactedText> redact(const Guard& guard, std::string_view text);
  // Puts originals in place of placeholders of this conversation that stand there to the byte.
  Restoration restore(std::string_view answer) const;

  // The placeholder of `original`, made where there is none yet. Errors: as redact().
  Result<std::string> placeholder(EntityKind kind, std::string_view original);

  const std::string& nonce() const { return nonce_; }
  std::size_t count() const { return rows_.size(); }
  bool all_locked() const { return originals_.all_locked(); }

 private:
  struct Row {
    EntityKind kind;
    std::size_t number;  // within its kind, from 1
    std::string_view original;
  };
  explicit Pseudonyms(std::string nonce) : nonce_(std::move(nonce)) {}
  Result<std::string> add(EntityKind kind, std::size_t number, std::string_view original);

  std::string nonce_;
  LockedBytes originals_;
  std::vector<Row> rows_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_original_;  // rows
  std::unordered_map<std::string, std::size_t> by_placeholder_;                 // row
  std::vector<std::size_t> numbers_;                                            // used, by kind
};

// Overwrites `text` with zeros, and empties it.
void wipe_text(std::string& text);

}  // namespace hearth
