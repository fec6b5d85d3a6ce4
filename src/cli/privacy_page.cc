// SPDX-License-Identifier: Apache-2.0
#include "cli/privacy_page.h"

#include <ctime>

#include "base/strings.h"
#include "cli/forget_choices.h"
#include "cli/kept_state.h"
#include "cli/ledger_entries.h"
#include "cli/telemetry_use.h"

namespace hearth {
namespace {

using Json = PrivacyActions::Json;

constexpr int64_t kEntriesShown = 100;
constexpr const char* kEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

// {"entries"}, or {"entries": [], "problem"} where it cannot be read.
Json ledger_json(const std::filesystem::path& state) {
  Json entries = Json::array();
  const auto read = [&]() -> Result<void> {
    HEARTH_ASSIGN(auto ledger, open_ledger(state));
    if (!ledger) return {};
    HEARTH_ASSIGN(const auto last, ledger->last(kEntriesShown));
    for (const LedgerEntry& entry : last) entries.push_back(ledger_entry_json(entry));
    return {};
  }();
  Json ledger = {{"entries", std::move(entries)}, {"problem", nullptr}};
  if (!read.ok()) ledger["problem"] = printable(read.error().message(), 500);
  return ledger;
}

Json telemetry_json(const Environment& environment, const std::filesystem::path& state) {
  const ConsentState found = consent_state(environment, state);
  const auto reports = telemetry_in(state).preview(std::time(nullptr));
  const ConsentBy by = found.consent.by;
  const auto proposed = environment.variable(kEndpointVariable);
  std::string problem = found.problem;
  if (!reports.ok()) problem = reports.error().message();
  return {{"on", found.consent.is_given},
          {"decided_by", consent_by_name(by)},
          {"can_be_changed", by == ConsentBy::kUser || by == ConsentBy::kNobodySaid},
          {"endpoint", found.endpoint ? Json(*found.endpoint) : Json(nullptr)},
          {"proposed_endpoint", proposed ? Json(*proposed) : Json(nullptr)},
          {"reports", reports.ok() ? Json(*reports) : Json::array()},
          {"epsilon_per_answer", kEpsilonPerAnswer},
          {"epsilon_per_week", kEpsilonPerWeek},
          {"problem", problem.empty() ? Json(nullptr) : Json(printable(problem, 500))}};
}

Json kept_json(const std::filesystem::path& state) {
  const KeptState kept = kept_state(state);
  return {{"conversations", kept.conversations.size() + (kept.has_plain_history ? 1 : 0)},
          {"session_keys", kept.session_keys},
          {"kept_days", kept.kept_days.size()},
          {"telemetry", kept.has_telemetry}};
}

Result<void> set_telemetry(const Environment& environment, const std::filesystem::path& state,
                           bool on, const std::string& endpoint) {
  if (on) return agree_to_telemetry(environment, state, endpoint);
  HEARTH_TRY(telemetry_in(state).withdraw());
  return {};
}

}  // namespace

PrivacyActions privacy_actions(const Environment& environment, const std::filesystem::path& state) {
  PrivacyActions actions;
  actions.show = [&environment, state]() -> Result<Json> {
    return Json{{"ledger", ledger_json(state)},
                {"telemetry", telemetry_json(environment, state)},
                {"kept", kept_json(state)}};
  };
  actions.set_telemetry = [&environment, state](bool on, const std::string& endpoint) {
    return set_telemetry(environment, state, on, endpoint);
  };
  actions.forget = [state](const std::string& what) -> Result<Json> {
    HEARTH_ASSIGN(const ForgetChoice* choice, find_forget_choice(what));
    HEARTH_ASSIGN(const Erased erased, forget(state, choice->what));
    return erased_json(erased);
  };
  return actions;
}

}  // namespace hearth
