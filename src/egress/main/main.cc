// SPDX-License-Identifier: Apache-2.0
// The hearth-egress binary, which hearth starts where a policy has remote targets.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "egress/frames.h"
#include "egress/process/broker_process.h"

int main() {
  struct stat info {};
  if (::fstat(hearth::kBrokerChannel, &info) != 0 || !S_ISSOCK(info.st_mode)) {
    std::fputs("hearth-egress: is started by hearth, which talks to it; run hearth\n", stderr);
    return 2;
  }
  // hearth hands over nothing but what concerns proxies.
  const auto proxies =
      environ[0] == nullptr ? hearth::Proxies::kNone : hearth::Proxies::kInEnvironment;
  int status = 1;
  try {
    status = hearth::run_broker(hearth::kBrokerChannel, proxies);
  } catch (const std::exception& error) {  // out of memory, or a bug
    std::fprintf(stderr, "hearth-egress: internal: %s; please report this\n", error.what());
  }
  ::_exit(status);  // a thread of libcurl may still be looking a name up
}
