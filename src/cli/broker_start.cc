// SPDX-License-Identifier: Apache-2.0
#include "cli/broker_start.h"

#include <utility>

#include "egress/broker.h"

namespace hearth {

Result<std::shared_ptr<RemoteCaller>> start_broker(const Policy& policy,
                                                   std::vector<int>& descriptors) {
  HEARTH_ASSIGN(const auto program, broker_program());
  HEARTH_ASSIGN(auto broker, Broker::start(program, policy));
  descriptors.push_back(broker->descriptor());
  return std::shared_ptr<RemoteCaller>(std::move(broker));
}

}  // namespace hearth
