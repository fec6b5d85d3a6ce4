// SPDX-License-Identifier: Apache-2.0
// hearth telemetry send: the reports that wait go out, through the process that sends everything
// (egress/broker.h), each with an entry in the ledger first. This process reads no prompt.
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <stop_token>
#include <utility>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/telemetry_use.h"
#include "controller/controller.h"
#include "egress/broker.h"
#include "guard/declassified.h"
#include "observe/ledger.h"
#include "seal/state_key.h"

namespace hearth {
namespace {

constexpr uint32_t kTimeoutMs = 30000;
constexpr std::size_t kAnswerBytesMax = 64 << 10;
constexpr std::string_view kTarget = "telemetry";

// Starts the broker with the first report: without one, nothing is started.
class BrokerTelemetry final : public TelemetrySender {
 public:
  explicit BrokerTelemetry(std::filesystem::path state) : state_(std::move(state)) {}

  Result<void> send(const std::string& url, const std::string& bytes) override {
    HEARTH_TRY(start(url));
    // No text fits into a report, but some of its numbers look like those of telephones.
    HEARTH_ASSIGN(auto body, declassify(Guard{}, bytes, Sensitivity::kSensitive));
    HEARTH_TRY(write_down(url, bytes));
    const RemoteResult result =
        broker_->ask({std::string(kTarget), std::move(body), kTimeoutMs, kAnswerBytesMax}, {}, {});
    if (result.fault == RemoteFault::kNone) return {};
    return Error(ErrorCode::kUnavailable,
                 concat(result.text, "; the report stays and can be sent again"));
  }

 private:
  Result<void> start(const std::string& url) {
    if (broker_) return {};
    HEARTH_ASSIGN(const auto program, broker_program());
    BrokerTarget target;
    target.name = std::string(kTarget);
    target.url = url;
    target.use = RemoteUse::kPlain;
    target.timeout_ms = kTimeoutMs;
    HEARTH_ASSIGN(broker_, Broker::start(program, {target}));
    HEARTH_ASSIGN(const SealKey key, open_state_key(state_));
    HEARTH_ASSIGN(Ledger ledger, Ledger::open(state_, key, Database::Access::kWrite));
    ledger_.emplace(std::move(ledger));
    return {};
  }

  Result<void> write_down(const std::string& url, const std::string& bytes) {
    HEARTH_ASSIGN(const EndpointUrl endpoint, parse_endpoint_url(url));
    EgressRecord record;
    record.time_ms = wall_clock_ms();
    record.request = concat("telemetry-", record.time_ms);
    record.target = std::string(kTarget);
    record.host = host_and_port(endpoint);
    record.sensitivity = std::string(sensitivity_name(Sensitivity::kPublic));
    record.bytes = static_cast<int64_t>(bytes.size());
    record.content = content_hash(std::as_bytes(std::span(bytes)));
    const auto number = ledger_->append(record);
    if (!number.ok()) return number.error();
    return {};
  }

  std::filesystem::path state_;
  std::unique_ptr<Broker> broker_;
  std::optional<Ledger> ledger_;
};

class TelemetrySendCommand : public Command {
 public:
  std::string name() const override { return "telemetry send"; }
  std::string summary() const override {
    return "Send the reports that wait, to the address that you agreed to";
  }
  void declare(Options& /*options*/) override {}

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const auto state, context.environment.state_folder());
    BrokerTelemetry sender(state);
    HEARTH_ASSIGN(const int sent, send_telemetry(context.environment, sender));
    if (context.json) {
      context.out.write_json(nlohmann::ordered_json{{"sent", sent}});
    } else {
      context.out.write(sent == 0 ? "no report waits; one does once a week is over\n"
                                  : concat(sent, sent == 1 ? " report was" : " reports were",
                                           " sent; hearth ledger show lists them\n"));
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_telemetry_send_command() {
  return std::make_unique<TelemetrySendCommand>();
}

}  // namespace hearth
