// SPDX-License-Identifier: Apache-2.0
// What in a text is personal or secret, found by rules and lists: no model, no network, linear in
// the text's length whatever it is (docs/decisions/0039-guard.md says how, and what it misses).
//
// Threading: const calls are safe from any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "guard/entity.h"

namespace hearth {

// Longer texts are looked at in pieces of this size, so that memory does not grow with the text.
inline constexpr std::size_t kGuardWindowBytes = 256 << 10;

class Guard {
 public:
  // Byte offsets into `text`, in order and without overlap; of what overlaps the surest stays. Any
  // bytes are a text; it may be up to 4 GB long.
  std::vector<Entity> find(std::string_view text) const;

  // The highest class of what find() finds; kPublic where that is nothing.
  Sensitivity sensitivity(std::string_view text) const;

  // What is above `ceiling` in bytes as they are about to leave: read as they are, and once more
  // with JSON's escapes and URLs' %xx undone, where there are any. Kinds in order, each once;
  // empty: the bytes may go.
  std::vector<EntityKind> rescan(std::string_view bytes, Sensitivity ceiling) const;
};

}  // namespace hearth
