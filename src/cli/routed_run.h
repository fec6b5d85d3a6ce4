// SPDX-License-Identifier: Apache-2.0
// One prompt, one answer, by way of a policy.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/generation.h"
#include "cli/routing_flags.h"

namespace hearth {

struct RoutedPrompt {
  std::string text;
  bool is_raw = false;
  Consent consent = Consent::kNone;
};

// Behind the lockdown. Returns the exit status. Errors: those of RoutingStart::open(), of loading
// the model and, where nobody else answers, of generating.
Result<int> run_routed(const CommandContext& context, const GenerationFlags& flags,
                       RoutingStart& start, const RoutedPrompt& prompt);

}  // namespace hearth
