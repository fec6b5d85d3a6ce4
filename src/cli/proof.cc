// SPDX-License-Identifier: Apache-2.0
#include "cli/proof.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/files.h"
#include "base/status_codes.h"
#include "base/strings.h"
#include "cli/lock_in.h"
#include "cli/table.h"
#include "proof/proof.h"
#include "proof/signed_report.h"

namespace hearth {
namespace {

constexpr std::size_t kReportBytesMax = 1 << 20;
constexpr std::string_view kKeyFile = "proof.key";
constexpr std::string_view kReportFile = "proof.json";

// What the commands do before they read a prompt (RunCommand::run and the like).
Result<void> lock_as_run() { return lock_in({}); }

// What the server does first thing, and once it listens (ServeCommand::run).
Result<void> lock_as_serve() {
  HEARTH_TRY(close_inherited({}));
  return lock_in({.writable = {}, .connections = Connections::kAccepted});
}

std::string_view profile_title(const std::string& profile) {
  return profile == "run" ? "hearth run, and all that reads a prompt or a text"
                          : "hearth serve, once it listens";
}

std::string verdict(const ProofRoute& route, bool colour) {
  const std::string text(outcome_name(route.outcome));
  if (!colour || route.outcome == RouteOutcome::kNotProvable) return text;
  return concat(route.ok() ? "\x1b[32m" : "\x1b[31m", text, "\x1b[0m");
}

std::string locked_text(const ProofRoute& route) {
  if (route.outcome == RouteOutcome::kEscaped) return "works";
  if (route.error.empty()) return "-";
  return route.ok() ? route.error : concat(route.error, ", not ", route.expected);
}

std::size_t count(const Proof& proof, RouteOutcome outcome) {
  return static_cast<std::size_t>(std::ranges::count(proof.routes, outcome, &ProofRoute::outcome));
}

// "3 ways out are open: run: tcp4, ...".
Error failed(const Proof& proof) {
  std::string open;
  for (const ProofRoute& route : proof.routes) {
    if (route.ok()) continue;
    open += concat(open.empty() ? "" : ", ", route.profile, ": ", route.name, " (",
                   outcome_name(route.outcome), ")");
  }
  return Error(ErrorCode::kVerification,
               concat("proof: failed: ", open,
                      "; give this build nothing that must not leave, and report it"));
}

std::string report_text(const Proof& proof, const nlohmann::ordered_json& report, bool colour) {
  std::string text =
      concat("hearth ", HEARTH_VERSION, ", ", proof.kernel, ", ", proof.architecture,
             ", Landlock ABI ", proof.landlock_abi, ", ", report.value("time", ""), "\n");
  for (std::size_t begin = 0; begin < proof.routes.size();) {
    const std::string& profile = proof.routes[begin].profile;
    Table table({"ROUTE", "TRIED", "FREE", "LOCKED IN", "VERDICT"});
    std::size_t end = begin;
    for (; end < proof.routes.size() && proof.routes[end].profile == profile; ++end) {
      const ProofRoute& route = proof.routes[end];
      table.add(
          {route.name, route.tried, route.control, locked_text(route), verdict(route, colour)});
    }
    text += concat("\n", profile_title(profile), "\n", table.text());
    begin = end;
  }
  const std::size_t unproved = count(proof, RouteOutcome::kNotProvable);
  text += concat("\n", count(proof, RouteOutcome::kProved), " proved, ", unproved,
                 " not provable here, ",
                 proof.routes.size() - count(proof, RouteOutcome::kProved) - unproved, " failed\n");
  if (unproved > 0) {
    text +=
        "Not provable here: what fails in any process of this user, or needs Landlock where the "
        "kernel has none.\n";
  }
  text += concat("key        ", report.value("public_key", ""), "\nsignature  ",
                 report.value("signature", ""), "\n");
  return text;
}

}  // namespace

Result<int> run_proof(const CommandContext& context) {
  HEARTH_ASSIGN(const auto state, context.environment.state_folder());
  HEARTH_ASSIGN(const Proof proof, prove_offline({{"run", lock_as_run}, {"serve", lock_as_serve}}));
  nlohmann::ordered_json report = proof_json(proof, HEARTH_VERSION, utc_text(std::time(nullptr)));
  HEARTH_TRY(sign_report(report, state / kKeyFile));
  if (context.json) {
    context.out.write_json(report);
  } else {
    context.out.write(report_text(proof, report, context.environment.colour()));
    const auto path = state / kReportFile;
    HEARTH_TRY(write_file(path, report.dump(2) + "\n"));
    context.out.write(concat("report     ", printable(path.string(), 300),
                             " (check it: hearth doctor --verify-report FILE)\n"));
  }
  if (proof.ok()) return 0;
  const Error error = failed(proof);
  print_note(printable(error.message(), 2000));
  return exit_status(error.code());
}

Result<int> verify_report(const CommandContext& context, const std::string& path) {
  HEARTH_ASSIGN(const std::string text, read_file(path, kReportBytesMax));
  auto checked = check_report(text);
  if (!checked.ok()) return std::move(checked).error().with_context(printable(path, 300));
  const auto state = context.environment.state_folder();
  const auto own_key =
      state.ok() ? public_key_of(*state / kKeyFile) : Result<std::string>(state.error());
  const bool is_own = own_key.ok() && *own_key == checked->public_key;
  if (context.json) {
    context.out.write_json(
        {{"signature_ok", true},
         {"proof_ok", checked->ok},
         {"own_key", is_own},
         {"public_key", checked->public_key},
         {"time", checked->time},
         {"routes", checked->routes},
         {"versions", {{"hearth", checked->hearth_version}, {"kernel", checked->kernel}}}});
  } else {
    context.out.write(concat(
        "signature  holds, by ", is_own ? "this user's key" : "another's key", " ",
        checked->public_key, "\nproof      ", checked->ok ? "all ways out were closed" : "FAILED",
        ": ", checked->routes, " tried, ", printable(checked->time), ", hearth ",
        printable(checked->hearth_version), " on ", printable(checked->kernel, 200), "\n"));
  }
  if (checked->ok) return 0;
  print_note(concat(printable(path, 300),
                    ": says that a way out was open; see its routes whose \"ok\" is false"));
  return exit_status(ErrorCode::kVerification);
}

}  // namespace hearth
