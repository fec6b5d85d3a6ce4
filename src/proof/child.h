// SPDX-License-Identifier: Apache-2.0
// One attempt at a route, in a child process. Internal to the folder.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "proof/route.h"
#include "proof/witness.h"

namespace hearth {

struct Attempt {
  bool got_out = false;  // the attempt says so, or the witness saw something
  // Where it did not: "EPERM", "EAI_AGAIN", "SIGSEGV" (the child died of it), "exit 7" (of a
  // program that did not say why).
  std::string error;
};

// `lock`: called in the child before the attempt; none: the child stays as free as it was born.
//
// Threading: the process must have one thread, as it forks.
// Errors: kUnavailable (no child can be started; it could not be locked in: what lock() said).
Result<Attempt> try_in_child(const Route& route, Witness& witness,
                             const std::function<Result<void>()>& lock);

}  // namespace hearth
