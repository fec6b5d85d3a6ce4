// SPDX-License-Identifier: Apache-2.0
#include "lockdown/seccomp_rules.h"

#include <cerrno>
#include <cstring>

#include "base/strings.h"

namespace hearth {

SeccompRules::SeccompRules() : filter_(seccomp_init(SCMP_ACT_ALLOW)) {
  if (filter_ == nullptr) {
    note("seccomp_init", -ENOMEM);
    return;
  }
  // i386 and x32 entries have other call numbers; the whole architecture is refused, not killed.
  note("seccomp_attr_set",
       seccomp_attr_set(filter_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)));
  note("seccomp_attr_set", seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_NNP, 1));
  note("seccomp_attr_set", seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_TSYNC, 1));
}

void SeccompRules::note(const char* step, int status) {
  if (status == 0 || failed_step_ != nullptr) return;
  failed_step_ = step;
  failure_ = status;
}

void SeccompRules::refuse(int call, std::initializer_list<scmp_arg_cmp> when) {
  if (failed_step_ != nullptr) return;
  note("seccomp_rule_add",
       seccomp_rule_add_array(filter_.get(), SCMP_ACT_ERRNO(EPERM), call,
                              static_cast<unsigned>(when.size()), when.begin()));
}

void SeccompRules::hide(int call) {
  if (failed_step_ != nullptr) return;
  note("seccomp_rule_add", seccomp_rule_add(filter_.get(), SCMP_ACT_ERRNO(ENOSYS), call, 0));
}

Result<void> SeccompRules::load() {
  if (failed_step_ == nullptr) note("seccomp_load", seccomp_load(filter_.get()));
  if (failed_step_ == nullptr) return {};
  return Error(ErrorCode::kUnavailable,
               concat("lockdown: ", failed_step_, ": ", std::strerror(-failure_),
                      "; hearth reads prompts only where the kernel has seccomp filters"));
}

}  // namespace hearth
