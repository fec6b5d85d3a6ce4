// SPDX-License-Identifier: Apache-2.0
// Starts hearth-egress, the process that sends, from beside this program.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "egress/remote.h"
#include "route/policy.h"

namespace hearth {

// Before the process locks itself in. Adds what must stay open to `descriptors`. Errors: kNotFound
// (no such program: says where it was looked for), those of Broker::start().
Result<std::shared_ptr<RemoteCaller>> start_broker(const Policy& policy,
                                                   std::vector<int>& descriptors);

}  // namespace hearth
