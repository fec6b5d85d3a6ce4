// SPDX-License-Identifier: Apache-2.0
// The cancellation flag that lives in a caller's hearth_cancel.
#pragma once

#include <atomic>

#include "base/result.h"
#include "hearth/hearth.h"

namespace hearth::capi {

// The flag, valid while the caller's memory is; null for NULL. Errors: kUsage (hearth_cancel_init()
// was not called).
Result<const std::atomic<bool>*> read_cancel(const hearth_cancel* cancel);

}  // namespace hearth::capi
