// SPDX-License-Identifier: Apache-2.0
// The proof that a locked process cannot send anything anywhere, made on the machine where it is to
// hold: every way out that we know (route.h) is tried from within.
//
// What it shows is that the kernel refuses these; what it cannot show stands in
// docs/guide/privacy.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth {

// A way to lock a process in: of which command, and what that does.
struct ProofProfile {
  std::string name;  // "run"
  std::function<Result<void>()> lock;
};

enum class RouteOutcome {
  kProved,       // without the lockdown it leads out, with it the kernel refuses as expected
  kNotProvable,  // it does not lead out of any process here, or (Landlock) needs what is missing
  kEscaped,      // it leads out of the locked process
  kUnexpectedError,  // refused, but not by what should have refused it
};

struct ProofRoute {
  std::string name;
  std::string profile;
  std::string tried;     // for people
  std::string control;   // without the lockdown: "works", or the error: "EPERM"
  std::string expected;  // how it should fail
  std::string error;     // how it failed; empty where it got out or was not tried
  RouteOutcome outcome;

  bool ok() const {
    return outcome == RouteOutcome::kProved || outcome == RouteOutcome::kNotProvable;
  }
};

struct Proof {
  std::string kernel;        // "Linux 6.1.0-18-amd64"
  std::string architecture;  // "x86_64"
  int landlock_abi = 0;
  std::vector<ProofRoute> routes;  // by profile, then in one order

  bool ok() const;
};

// Tries all routes, with each of `profiles`. Takes a second or two.
//
// Threading: the process must have one thread, as it forks.
// Errors: kUnavailable (no child can be started or locked in), and those of making a folder in the
// temporary one.
Result<Proof> prove_offline(const std::vector<ProofProfile>& profiles);

// "proved", "not provable here", "escaped", "unexpected error".
std::string_view outcome_name(RouteOutcome outcome);

}  // namespace hearth
