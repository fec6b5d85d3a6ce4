// SPDX-License-Identifier: Apache-2.0
#include "cli/startup_code.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace hearth {
namespace {

int release_object(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    // What can be written holds what was written: relocated addresses, variables.
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
    const std::uintptr_t end =
        (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) / page * page;
    // A refusal costs memory and nothing else.
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void release_startup_code() { ::dl_iterate_phdr(release_object, nullptr); }

}  // namespace hearth
