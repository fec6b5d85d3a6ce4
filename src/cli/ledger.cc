// SPDX-License-Identifier: Apache-2.0
// hearth ledger show, verify: what left this machine, and whether somebody changed the record of
// it.
#include <algorithm>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/table.h"
#include "observe/ledger.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// Nothing: no message ever left. Errors: those of Environment::state_folder(),
// SealKey::load_or_create() and Ledger::open().
Result<std::optional<Ledger>> open_ledger(const Environment& environment) {
  HEARTH_ASSIGN(const auto folder, environment.state_folder());
  HEARTH_ASSIGN(const SealKey key, SealKey::load_or_create(folder / "seal.key"));
  auto ledger = Ledger::open(folder, key, Database::Access::kRead);
  if (ledger.ok()) return std::optional<Ledger>(std::move(ledger).value());
  if (ledger.error().code() == ErrorCode::kNotFound) return std::optional<Ledger>();
  return ledger.error();
}

std::string time_text(int64_t time_ms) {
  return utc_text(static_cast<std::time_t>(time_ms / 1000));
}

Json entry_json(const LedgerEntry& entry) {
  const EgressRecord& record = entry.record;
  return {{"number", entry.number},
          {"time", time_text(record.time_ms)},
          {"request", record.request},
          {"target", record.target},
          {"host", record.host},
          {"bytes", record.bytes},
          {"blake2b", hexadecimal(record.content)},
          {"sensitivity", record.sensitivity},
          {"redactions", record.redactions},
          {"kept", !record.kept.empty()}};
}

class LedgerShowCommand : public Command {
 public:
  std::string name() const override { return "ledger show"; }
  std::string summary() const override { return "What left this machine, the last first"; }

  void declare(Options& options) override {
    options.number({"-n,--count", "N", "Of the last messages (default 20)"}, count_, 1,
                   std::numeric_limits<int32_t>::max());
  }

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(auto ledger, open_ledger(context.environment));
    std::vector<LedgerEntry> entries;
    if (ledger) {
      HEARTH_ASSIGN(entries, ledger->last(count_));
    }
    if (context.json) {
      Json list = Json::array();
      for (const LedgerEntry& entry : entries) list.push_back(entry_json(entry));
      context.out.write_json({{"entries", std::move(list)}});
      return 0;
    }
    if (entries.empty()) {
      context.out.write("nothing has left this machine\n");
      return 0;
    }
    Table table({"NUMBER", "TIME", "TARGET", "HOST", "BYTES", "SENSITIVITY", "REDACTED"});
    for (const LedgerEntry& entry : entries) {
      const EgressRecord& record = entry.record;
      table.add({concat(entry.number), time_text(record.time_ms), printable(record.target, 40),
                 printable(record.host, 60), concat(record.bytes), record.sensitivity,
                 record.redactions.empty() ? "-" : printable(record.redactions, 80)});
    }
    context.out.write(table.text());
    return 0;
  }

 private:
  int32_t count_ = 20;
};

class LedgerVerifyCommand : public Command {
 public:
  std::string name() const override { return "ledger verify"; }
  std::string summary() const override { return "Whether the record of what left is as written"; }
  void declare(Options& /*options*/) override {}

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(auto ledger, open_ledger(context.environment));
    LedgerReport report;
    if (ledger) {
      const InterruptScope interrupt;
      HEARTH_ASSIGN(report, ledger->verify([](int64_t) { return !InterruptScope::interrupted(); }));
    }
    if (report.finding) {
      return Error(ErrorCode::kVerification,
                   concat("ledger: entry ", report.finding->number, " ", report.finding->what, "; ",
                          report.entries, " before it are right, trust no later one"));
    }
    if (context.json) {
      context.out.write_json({{"ok", true}, {"entries", report.entries}});
    } else {
      context.out.write(concat(report.entries, " entries, as they were written\n"));
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_ledger_show_command() {
  return std::make_unique<LedgerShowCommand>();
}
std::unique_ptr<Command> make_ledger_verify_command() {
  return std::make_unique<LedgerVerifyCommand>();
}

}  // namespace hearth
