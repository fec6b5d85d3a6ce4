// SPDX-License-Identifier: Apache-2.0
// What `hearth doctor` does about proofs: makes one, and checks one that somebody shows.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command.h"

namespace hearth {

// Tries to get out of a process that is locked in as `hearth run` is, and as `hearth serve` is, and
// prints the signed report. Returns the exit status: that of a failed verification where a way out
// is open. For a process with one thread. Errors: those of prove_offline() and sign_report().
Result<int> run_proof(const CommandContext& context);

// Errors: those of read_file() and check_report(). A proof that failed is a failed verification
// too.
Result<int> verify_report(const CommandContext& context, const std::string& path);

}  // namespace hearth
