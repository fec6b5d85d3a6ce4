// SPDX-License-Identifier: Apache-2.0
// Puts originals back into an answer that comes in pieces: a placeholder may be split over several,
// so what may be the beginning of one waits.
//
// Ownership: borrows the pseudonyms. Threading: one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "guard/pseudonyms.h"

namespace hearth {

class PlaceholderStream {
 public:
  explicit PlaceholderStream(const Pseudonyms& pseudonyms) : pseudonyms_(&pseudonyms) {}

  // What is settled with this piece.
  std::string push(std::string_view piece);
  // The rest, once there are no more pieces.
  std::string finish();

  // What looked like a placeholder and is none of this conversation; each once.
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  std::string restore(std::string_view settled);

  const Pseudonyms* pseudonyms_;
  std::string waiting_;
  std::vector<std::string> unknown_;
};

}  // namespace hearth
