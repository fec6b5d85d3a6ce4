// SPDX-License-Identifier: Apache-2.0
// What ends a call early: its deadline, and the flag in a caller's hearth_cancel.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "hearth/hearth.h"

namespace hearth::capi {

// The flag, valid while the caller's memory is; null for NULL. Errors: kUsage (hearth_cancel_init()
// was not called).
Result<const std::atomic<bool>*> read_cancel(const hearth_cancel* cancel);

// The deadline, which begins to run here; none for 0. Errors: kUsage (negative).
Result<Deadline> read_deadline(int64_t deadline_ms);

}  // namespace hearth::capi
