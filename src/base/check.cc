// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace hearth {
namespace {

std::atomic<CheckHandler> check_handler{nullptr};

}  // namespace

void set_check_handler(CheckHandler handler) { check_handler.store(handler); }

void check_failed(const char* condition, const char* file, int line) {
  if (const CheckHandler handler = check_handler.load()) handler(condition, file, line);
  std::fprintf(stderr, "hearth: internal error: %s does not hold (%s:%d); please report it\n",
               condition, file, line);
  std::abort();
}

}  // namespace hearth
