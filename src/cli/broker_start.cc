// SPDX-License-Identifier: Apache-2.0
#include "cli/broker_start.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/strings.h"
#if __has_include("egress/broker.h")
#include "egress/broker.h"
#endif

namespace hearth {

Result<std::shared_ptr<RemoteCaller>> start_broker(const Policy& policy,
                                                   std::vector<int>& descriptors) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto program = self.parent_path() / "hearth-egress";
  if (error || !std::filesystem::exists(program, error)) {
    return Error(ErrorCode::kNotFound,
                 concat(printable(program.string(), 300),
                        ": is not there, and nothing else sends for the policy's targets; install "
                        "hearth-egress beside hearth, or use a policy without targets"));
  }
#if __has_include("egress/broker.h")
  HEARTH_ASSIGN(auto broker, Broker::start(program, policy));
  descriptors.push_back(broker->descriptor());
  return std::shared_ptr<RemoteCaller>(std::move(broker));
#else
  static_cast<void>(policy);
  static_cast<void>(descriptors);
  return Error(ErrorCode::kUnsupported, "hearth-egress: this build has none");
#endif
}

}  // namespace hearth
