// SPDX-License-Identifier: Apache-2.0
// A conversation at the terminal or through a pipe; started by `chat`, and by `run` without a
// prompt.
#pragma once

#include "base/result.h"
#include "cli/command.h"
#include "cli/generation.h"

namespace hearth {

// Returns the exit status. `flags` have been finished; nothing has been locked down yet.
// Errors: those of loading the model; errors of a single turn are shown and the conversation goes
// on.
Result<int> run_chat(const CommandContext& context, const GenerationFlags& flags);

}  // namespace hearth
