// SPDX-License-Identifier: Apache-2.0
// remake FROM.gguf TO.gguf TYPE: a model with its matrices in another type (remake.h). A tool of
// the golden data's maker (tools/golden/remakes.py), not of users.
#include <cstdio>

#include "remake.h"

int main(int argc, char** argv) {
  using namespace hearth;  // NOLINT: a program of its own
  const DTypeInfo* type = argc == 4 ? find_dtype(std::string_view(argv[3])) : nullptr;
  if (type == nullptr) {
    std::fprintf(stderr,
                 "usage: remake FROM.gguf TO.gguf TYPE, where TYPE is F16, Q4_0, Q4_K, ...\n");
    return 2;
  }
  const auto pool = ThreadPool::create(usable_cpu_count()).value();
  const auto done = remake(argv[1], argv[2], type->dtype, *pool, [](std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  });
  if (done.ok()) return 0;
  std::fprintf(stderr, "remake: %s\n", done.error().message().c_str());
  return 1;
}
