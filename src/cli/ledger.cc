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
#include "cli/kept_state.h"
#include "cli/ledger_entries.h"
#include "cli/table.h"
#include "observe/kept_messages.h"
#include "seal/state_key.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

std::string time_text(int64_t time_ms) {
  return utc_text(static_cast<std::time_t>(time_ms / 1000));
}

class LedgerShowCommand : public Command {
 public:
  std::string name() const override { return "ledger show"; }
  std::string summary() const override { return "What left this machine, the last first"; }

  void declare(Options& options) override {
    options.number({"-n,--count", "N", "Of the last messages (default 20)"}, count_, 1,
                   std::numeric_limits<int32_t>::max());
    options.number({"--message", "NUMBER", "The bytes of one message, if it was kept"}, message_, 1,
                   std::numeric_limits<int32_t>::max());
  }

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(auto ledger, open_ledger(context.environment));
    if (message_ > 0) return show_message(context, ledger);
    std::vector<LedgerEntry> entries;
    if (ledger) {
      HEARTH_ASSIGN(entries, ledger->last(count_));
    }
    if (context.json) {
      Json list = Json::array();
      for (const LedgerEntry& entry : entries) list.push_back(ledger_entry_json(entry));
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
  Result<int> show_message(const CommandContext& context, std::optional<Ledger>& ledger) const {
    if (!ledger)
      return Error(ErrorCode::kNotFound,
                   "ledger: nothing has left this machine; no message is there");
    HEARTH_ASSIGN(const LedgerEntry entry, ledger->entry(message_));
    HEARTH_ASSIGN(const auto state, context.environment.state_folder());
    HEARTH_ASSIGN(const SealKey key, open_state_key(state));
    HEARTH_ASSIGN(const auto bytes,
                  open_kept_message(KeyFolder(keys_folder(state), key), entry.record));
    const std::string_view message(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (context.json) {
      context.out.write_json({{"number", entry.number}, {"message", message}});
    } else {
      context.out.write(context.environment.stdout_is_terminal() ? terminal_text(message)
                                                                 : std::string(message));
    }
    return 0;
  }

  int32_t count_ = 20;
  int32_t message_ = 0;
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
