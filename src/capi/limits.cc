// SPDX-License-Identifier: Apache-2.0
#include "capi/limits.h"

#include <algorithm>
#include <new>

#include "capi/boundary.h"

namespace hearth::capi {
namespace {

constexpr uint64_t kInitialised = 0x6865617274682e31;  // tells that init() was called

struct CancelState {
  uint64_t mark = kInitialised;
  std::atomic<bool> requested{false};
};
static_assert(sizeof(CancelState) == sizeof(hearth_cancel));
static_assert(alignof(CancelState) <= alignof(hearth_cancel));
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers may not take locks");

bool is_initialised(const hearth_cancel* cancel) { return cancel->state[0] == kInitialised; }

}  // namespace

Result<const std::atomic<bool>*> read_cancel(const hearth_cancel* cancel) {
  if (cancel == nullptr) return static_cast<const std::atomic<bool>*>(nullptr);
  if (!is_initialised(cancel)) {
    return usage("cancel: is not initialised; call hearth_cancel_init() before");
  }
  return &std::launder(reinterpret_cast<const CancelState*>(cancel))->requested;
}

Result<Deadline> read_deadline(int64_t deadline_ms) {
  if (deadline_ms < 0) {
    return usage(
        concat("deadline_ms: ", deadline_ms, " is negative; give 1 or more, or 0 for none"));
  }
  if (deadline_ms == 0) return Deadline();
  constexpr int64_t kAgesMs = int64_t{1} << 40;  // 34 years: what the clock can add
  return Deadline::after_ms(static_cast<double>(std::min(deadline_ms, kAgesMs)));
}

}  // namespace hearth::capi

using namespace hearth::capi;

void hearth_cancel_init(hearth_cancel* cancel) {
  if (cancel != nullptr) new (cancel) CancelState;
}

void hearth_cancel_request(hearth_cancel* cancel) {
  if (cancel == nullptr || !is_initialised(cancel)) return;
  std::launder(reinterpret_cast<CancelState*>(cancel))->requested.store(true);
}
