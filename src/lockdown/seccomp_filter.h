// SPDX-License-Identifier: Apache-2.0
// The seccomp filter of the lockdown. Internal to the folder.
#pragma once

#include "base/result.h"
#include "lockdown/lockdown.h"

namespace hearth {

// Installs the filter on all threads of the process, and no_new_privs with it.
// Errors: kUnavailable (the kernel or the library refused: names the step).
Result<void> install_seccomp_filter(Connections connections);

}  // namespace hearth
