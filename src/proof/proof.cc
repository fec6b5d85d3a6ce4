// SPDX-License-Identifier: Apache-2.0
#include "proof/proof.h"

#include <sys/prctl.h>
#include <sys/utsname.h>

#include <algorithm>

#include "base/strings.h"
#include "lockdown/lockdown.h"
#include "proof/child.h"
#include "proof/route.h"
#include "proof/witness.h"

namespace hearth {
namespace {

// Yama lets a process be traced by its own children only where it agrees: without that, some routes
// would fail here for another reason than the lockdown. Taken back at the end of its scope.
class TracingAllowed {
 public:
  TracingAllowed() { ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); }
  ~TracingAllowed() { ::prctl(PR_SET_PTRACER, 0, 0, 0, 0); }
  TracingAllowed(const TracingAllowed&) = delete;
  TracingAllowed& operator=(const TracingAllowed&) = delete;
};

RouteOutcome judge(const Route& route, const Attempt& control, const Attempt& locked) {
  if (locked.got_out) return RouteOutcome::kEscaped;
  if (!control.got_out) return RouteOutcome::kNotProvable;
  return locked.error == route.expected ? RouteOutcome::kProved : RouteOutcome::kUnexpectedError;
}

}  // namespace

bool Proof::ok() const { return !routes.empty() && std::ranges::all_of(routes, &ProofRoute::ok); }

Result<Proof> prove_offline(const std::vector<ProofProfile>& profiles) {
  Proof proof;
  utsname system{};
  if (::uname(&system) == 0) {
    proof.kernel = concat(system.sysname, " ", system.release);
    proof.architecture = system.machine;
  }
  proof.landlock_abi = landlock_abi();
  std::vector<Route> routes = socket_routes();
  for (const Route& route : process_routes()) routes.push_back(route);

  const TracingAllowed tracing;
  HEARTH_ASSIGN(const auto witness, Witness::create());
  std::vector<Attempt> controls;
  for (const Route& route : routes) {
    HEARTH_ASSIGN(Attempt control, try_in_child(route, *witness, nullptr));
    controls.push_back(std::move(control));
  }
  for (const ProofProfile& profile : profiles) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
      const Route& route = routes[i];
      ProofRoute result{
          std::string(route.name),     profile.name,
          std::string(route.tried),    controls[i].got_out ? "works" : controls[i].error,
          std::string(route.expected), "",
          RouteOutcome::kNotProvable};
      if (route.needs == Needs::kNothing || proof.landlock_abi > 0) {
        HEARTH_ASSIGN(const Attempt locked, try_in_child(route, *witness, profile.lock));
        result.outcome = judge(route, controls[i], locked);
        result.error = locked.error;
      }
      proof.routes.push_back(std::move(result));
    }
  }
  return proof;
}

std::string_view outcome_name(RouteOutcome outcome) {
  switch (outcome) {
    case RouteOutcome::kProved:
      return "proved";
    case RouteOutcome::kNotProvable:
      return "not provable here";
    case RouteOutcome::kEscaped:
      return "escaped";
    case RouteOutcome::kUnexpectedError:
      return "unexpected error";
  }
  return "";
}

}  // namespace hearth
