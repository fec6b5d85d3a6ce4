// SPDX-License-Identifier: Apache-2.0
#include "cli/machine.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/strings.h"

namespace hearth {

std::string kernel_text(const char* path) {
  std::string text;
  const int fd =
      ::open(path, O_RDONLY | O_CLOEXEC);  // they have no size: read_file is not for them
  if (fd < 0) return text;
  char buffer[4096];
  const ssize_t count = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  if (count > 0) text.assign(buffer, static_cast<std::size_t>(count));
  return text;
}

std::string cpu_name() {
  const std::string text = kernel_text("/proc/cpuinfo");
  const std::size_t key = text.find("model name");
  const std::size_t colon = text.find(": ", key == std::string::npos ? text.size() : key);
  if (colon == std::string::npos) return "unknown";
  return printable(text.substr(colon + 2, text.find('\n', colon) - colon - 2), 100);
}

}  // namespace hearth
