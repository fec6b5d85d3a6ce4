// SPDX-License-Identifier: Apache-2.0
// A policy: whatever compiles permits no more in a worse state, and decides without a fault.
#include "route/policy.h"

#include "check_error.h"
#include "route/decision.h"
#include "route/policy_states.h"

namespace {

using namespace hearth;

// Facts from the input's bytes, so that the fuzzer chooses the state too.
Facts facts_from(std::string_view text) {
  uint32_t bits = 0;
  for (const char c : text.substr(0, 64)) bits = bits * 31 + static_cast<unsigned char>(c);
  return {.sensitivity = static_cast<Sensitivity>(bits % 4),
          .task = static_cast<RequestTask>(bits / 4 % 9),
          .consent = static_cast<Consent>(bits / 36 % 3),
          .network = static_cast<Network>(bits / 108 % 3),
          .power = static_cast<Power>(bits / 324 % 3),
          .deadline = static_cast<DeadlineClass>(bits / 972 % 3)};
}

// The same a step worse in each ordered dimension.
void check_worse(const Policy& policy, const Facts& better) {
  const Permission more = permit(policy, better);
  for (int dimension = 0; dimension < 4; ++dimension) {
    Facts worse = better;
    if (dimension == 0 && worse.sensitivity != Sensitivity::kSecret) {
      worse.sensitivity = static_cast<Sensitivity>(static_cast<int>(worse.sensitivity) + 1);
    } else if (dimension == 1 && worse.consent != Consent::kNone) {
      worse.consent = static_cast<Consent>(static_cast<int>(worse.consent) + 1);
    } else if (dimension == 2 && worse.network != Network::kOffline) {
      worse.network = static_cast<Network>(static_cast<int>(worse.network) + 1);
    } else {
      worse.spent_usd = kAllSpentUsd;
    }
    const Permission less = permit(policy, worse);
    HEARTH_CHECK((less.targets & ~more.targets) == 0);
    HEARTH_CHECK((more.redacted & ~less.redacted) == 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = parse_policy(text, "policy.toml");
  if (!policy.ok()) {
    HEARTH_CHECK(policy.error().code() == ErrorCode::kCorrupt);
    check_line(policy.error());
    return 0;
  }
  for (const RemoteTarget& target : policy->targets) {
    HEARTH_CHECK(target.accepts != Sensitivity::kSecret);
    HEARTH_CHECK(target.endpoint.scheme == UrlScheme::kHttps || target.endpoint.is_loopback);
  }
  const Facts facts = facts_from(text);
  check_worse(*policy, facts);
  const RouteRequest request{.sensitivity = facts.sensitivity,
                             .task = facts.task,
                             .consent = facts.consent,
                             .network = facts.network,
                             .power = facts.power,
                             .prompt_tokens = 100};
  const Decision decision = decide(*policy, request, {});
  HEARTH_CHECK(!decision.chain.empty() && decision.chain.back().is_local());
  HEARTH_CHECK(facts.sensitivity != Sensitivity::kSecret || decision.first().is_local());
  return 0;
}
