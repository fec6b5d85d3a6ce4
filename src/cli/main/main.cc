// SPDX-License-Identifier: Apache-2.0
// The hearth binary.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "cli/command.h"

namespace {

// A caller may have closed stdin, stdout or stderr. Files that we open must not take their numbers,
// and using them must fail: each closed one is opened on /dev/null the wrong way round.
void open_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) {
      const int opened = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
      if (opened < 0) ::_exit(1);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  try {
    return hearth::run_command_line(argc, argv);
  } catch (const std::exception& error) {  // out of memory, or a bug
    std::fprintf(stderr, "hearth: internal: %s; please report this\n", error.what());
    return 1;
  }
}
