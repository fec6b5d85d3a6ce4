// SPDX-License-Identifier: Apache-2.0
// A list of refusals, made and installed by libseccomp. Internal to the folder.
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <initializer_list>
#include <memory>

#include "base/result.h"

namespace hearth {

// A condition on an argument of a call. libseccomp's macros for it are C99, not C++.
constexpr scmp_arg_cmp argument(unsigned index, scmp_compare compare, uint64_t a, uint64_t b = 0) {
  return {index, compare, a, b};
}

// What fails on the way is remembered, and told by load(). One thread at a time.
class SeccompRules {
 public:
  SeccompRules();

  // EPERM for the call, where all conditions hold; each must be on another argument.
  void refuse(int call, std::initializer_list<scmp_arg_cmp> when = {});
  // ENOSYS, so that libc falls back to a call that a filter can look into.
  void hide(int call);

  // Installs it on all threads of the process, and no_new_privs with it. Errors: kUnavailable (the
  // kernel or the library refused: names the step).
  Result<void> load();

 private:
  struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
  };

  void note(const char* step, int status);

  std::unique_ptr<void, Release> filter_;  // scmp_filter_ctx is a void*
  const char* failed_step_ = nullptr;
  int failure_ = 0;  // a negative errno
};

}  // namespace hearth
