// SPDX-License-Identifier: Apache-2.0
// hearth serve: models behind HTTP, for programs that speak OpenAI's or Ollama's API.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/files.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/kept_state.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"
#include "cli/privacy_page.h"
#include "cli/routing_flags.h"
#include "cli/telemetry_use.h"
#include "observe/kept_messages.h"
#include "package/sha256.h"
#include "package/store.h"
#include "server/service.h"

namespace hearth {
namespace {

constexpr std::size_t kKeyFileBytesMax = 1 << 20;
constexpr std::size_t kKeyBytesMin = 16;
constexpr double kFlushMs = 600'000;   // of counts, where there are any
constexpr int kFirstPassedSocket = 3;  // SD_LISTEN_FDS_START

class ServeCommand : public Command {
 public:
  std::string name() const override { return "serve"; }
  std::string summary() const override {
    return "Answer programs over HTTP, as OpenAI's and Ollama's APIs do";
  }
  void declare(Options& options) override;
  Result<int> run(const CommandContext& context) override;

 private:
  Result<ServiceOptions> service_options(const CommandContext& context) const;
  Result<std::vector<std::string>> key_hashes() const;
  bool is_local(const ServiceOptions& options) const;
  Result<void> check_exposure(const ServiceOptions& options) const;
  Result<std::shared_ptr<Controller>> open_controller(const Environment& environment) const;
  Result<void> forget_old(const Environment& environment) const;
  Result<void> give_up_rights(const Environment& environment) const;

  ModelFlags flags_;
  std::vector<std::string> models_;
  std::string host_ = "127.0.0.1";
  int32_t port_ = 4327;
  std::string socket_;
  std::string key_file_;
  std::string tls_certificate_;
  std::string tls_key_;
  int32_t parallel_ = 16;
  int32_t memory_gb_ = 8;
  int32_t kept_days_ = 0;
  std::vector<std::string> allowed_origins_;
  std::string adapters_;
  std::string sessions_;
  std::string log_file_;
  bool insecure_ = false;
  RoutingFlags routing_;
};

void ServeCommand::declare(Options& options) {
  options.texts({"-m,--model", "MODEL",
                 "Loaded at once, the first one meant by requests that name none; repeatable"},
                models_);
  options.text({"--host", "ADDRESS", "Where to listen (default 127.0.0.1)", "host"}, host_);
  options.number({"--port", "N", "On which port, 0 for any (default 4327)", "port"}, port_, 0,
                 65535);
  options.text({"--socket", "PATH", "A Unix socket in place of host and port"}, socket_);
  options.text({"--api-key-file", "FILE", "Keys, one a line, of which requests need one"},
               key_file_);
  options.text({"--tls-cert", "FILE", "Certificate chain in PEM: HTTPS"}, tls_certificate_);
  options.text({"--tls-key", "FILE", "Its key in PEM"}, tls_key_);
  options.number({"--parallel", "N", "Answers at once of each model (default 16)", "parallel"},
                 parallel_, 1, 64);
  options.number({"--memory", "GB", "Of all loaded models together (default 8)", "memory"},
                 memory_gb_, 1, 4096);
  options.texts(
      {"--allow-origin", "ORIGIN", "Pages there may ask, as https://example.org; repeatable"},
      allowed_origins_);
  options.text({"--adapters", "FOLDER",
                "LoRA adapters that requests may name, as MODEL+ADAPTER: PEFT's folders, .gguf"},
               adapters_);
  options.text({"--sessions", "FOLDER",
                "Keep what models have read there, sealed, from one start to the next"},
               sessions_);
  options.number({"--kept-days", "N",
                  "Forget the bytes of messages that left after N days; 0 keeps them (default 0)",
                  "kept_days"},
                 kept_days_, 0, 36'500);
  options.text({"--log", "FILE", "A line of JSON for each request, without what was said"},
               log_file_);
  options.flag({"--insecure", "", "Listen beyond this machine without keys"}, insecure_);
  routing_.declare(options);
  flags_.declare_context(options);
  flags_.declare_engine(options);
}

// Errors: those of reading the file; kUsage (no key, a short one).
Result<std::vector<std::string>> ServeCommand::key_hashes() const {
  std::vector<std::string> hashes;
  if (key_file_.empty()) return hashes;
  HEARTH_ASSIGN(const std::string text, read_file(key_file_, kKeyFileBytesMax));
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view key = std::string_view(text).substr(begin, end - begin);
    if (key.ends_with('\r')) key.remove_suffix(1);
    begin = end + 1;
    if (key.empty()) continue;
    if (key.size() < kKeyBytesMin) {
      return Error(ErrorCode::kUsage,
                   concat(printable(key_file_), ": a key of ", key.size(),
                          " characters is too short; use ", kKeyBytesMin, " or more"));
    }
    hashes.push_back(sha256_hex(key));
  }
  if (hashes.empty())
    return Error(ErrorCode::kUsage,
                 concat(printable(key_file_), ": holds no key; write one a line"));
  return hashes;
}

// What systemd passes by sd_listen_fds(3).
std::optional<int> passed_socket(const Environment& environment) {
  const auto process = environment.variable("LISTEN_PID");
  const auto count = environment.variable("LISTEN_FDS");
  if (!process || !count || *process != std::to_string(::getpid()) || *count != "1")
    return std::nullopt;
  return kFirstPassedSocket;
}

// A path is only what this command was given: clients must not open files. Errors: kNotFound.
Result<ResolvedModel> find_model(const Environment& environment,
                                 const std::vector<std::string>& given, const std::string& name) {
  if (std::find(given.begin(), given.end(), name) != given.end()) {
    HEARTH_ASSIGN(ModelChoice choice, choose_model(environment, name));
    return std::move(choice.model);
  }
  HEARTH_ASSIGN(const auto folder, environment.data_folder());
  const Store store(folder);
  const auto found = store.find(name);
  if (found.ok()) return store.resolve(found->manifest);
  return Error(ErrorCode::kNotFound,
               concat("model: \"", printable(name),
                      "\" is not here; ask for one that GET /v1/models lists"));
}

// A line of JSON for each request, behind what the file holds. Errors: kUnavailable.
Result<std::function<void(const ServedRequest&)>> open_log(const std::string& path) {
  const auto file = std::make_shared<std::ofstream>(path, std::ios::app);
  if (!*file) {
    return Error(ErrorCode::kUnavailable,
                 concat("--log ", printable(path), ": cannot be written to; choose another file"));
  }
  return std::function([file](const ServedRequest& request) {
    const nlohmann::ordered_json line = {{"time", utc_text(std::time(nullptr))},
                                         {"id", request.id},
                                         {"endpoint", request.endpoint},
                                         {"status", request.status},
                                         {"ms", std::round(request.ms * 10) / 10}};
    *file << line.dump() << '\n' << std::flush;
  });
}

// A folder for its owner only; the key lies elsewhere. Errors: those of make_folder() and
// session_key().
Result<KeptPrefixes> kept_prefixes(const Environment& environment, const std::string& folder) {
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(folder, ignored);
  HEARTH_TRY(make_folder(folder));
  if (is_new) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  HEARTH_ASSIGN(const auto state, environment.state_folder());
  HEARTH_ASSIGN(SealKey key, session_key(state, folder));
  return KeptPrefixes(folder, std::move(key));
}

Result<ServiceOptions> ServeCommand::service_options(const CommandContext& context) const {
  const Environment& environment = context.environment;
  ServiceOptions options;
  options.http.host = host_;
  options.http.port = static_cast<uint16_t>(port_);
  options.http.unix_path = socket_;
  options.http.listening_fd = passed_socket(environment);
  options.http.tls_certificate = tls_certificate_;
  options.http.tls_key = tls_key_;
  HEARTH_ASSIGN(const EngineOptions of_engine, engine_options(environment, flags_));
  options.models.load = [&environment, of_engine](const std::filesystem::path& path) {
    return load_engine(environment, of_engine, path);
  };
  options.models.scheduler.answers_max = parallel_;
  options.models.scheduler.context = flags_.context;
  options.models.adapters = adapters_;
  options.models.bytes_max = static_cast<uint64_t>(memory_gb_) * 1'000'000'000u;
  options.models.find = [&environment, given = models_](const std::string& name) {
    return find_model(environment, given, name);
  };
  options.default_model = models_.empty() ? kDefaultModel : models_.front();
  options.given = models_;
  if (auto folder = environment.data_folder(); folder.ok()) options.store.emplace(*folder);
  HEARTH_ASSIGN(options.guard.key_hashes, key_hashes());
  options.guard.allowed_origins = allowed_origins_;
  // Without a name that is listened on, or where anybody may ask, any host is right.
  if (!insecure_ && socket_.empty()) options.guard.host = host_;
  options.version = HEARTH_VERSION;
  options.models.note = [](const std::string& line) { print_note(line); };
  if (!sessions_.empty()) {
    HEARTH_ASSIGN(options.models.prefixes, kept_prefixes(environment, sessions_));
  }
  if (!log_file_.empty()) {
    HEARTH_ASSIGN(options.log, open_log(log_file_));
  }
  return options;
}

bool ServeCommand::is_local(const ServiceOptions& options) const {
  const std::string& host = options.http.host;
  return host.starts_with("127.") || host == "::1" || host == "localhost" ||
         !options.http.unix_path.empty() || options.http.listening_fd;
}

// Errors: kUsage (strangers could ask).
Result<void> ServeCommand::check_exposure(const ServiceOptions& options) const {
  const std::string& host = options.http.host;
  if (is_local(options) || insecure_ || !options.guard.key_hashes.empty()) return {};
  return Error(ErrorCode::kUsage,
               concat("--host ", printable(host),
                      ": lets other machines ask without a key; give --api-key-file, or "
                      "--insecure where that is meant"));
}

// What chats go by; null without a policy. Errors: those of RoutingStart.
Result<std::shared_ptr<Controller>> ServeCommand::open_controller(
    const Environment& environment) const {
  if (!routing_.given()) {
    if (routing_.calibration.empty() && routing_.network.empty())
      return std::shared_ptr<Controller>();
    return Error(ErrorCode::kUsage,
                 "--calibration, --network: mean something with --policy only; give it");
  }
  HEARTH_ASSIGN(RoutingStart start, RoutingStart::prepare(environment, routing_));
  HEARTH_ASSIGN(auto controller, start.open());
  HangUp::install();
  return std::shared_ptr<Controller>(std::move(controller));
}

// Once it listens: from here on it lets connections in, and cannot open any. It writes to hearth's
// own folders, made here where they are not there (those that cannot be, nothing could be written
// to), and to that of --sessions, and takes its socket's file away at the end. The log is open
// already. Errors: those of lockdown().
Result<void> ServeCommand::give_up_rights(const Environment& environment) const {
  LockdownOptions options{{}, Connections::kAccepted};
  for (const auto& folder : {environment.data_folder(), environment.state_folder(),
                             environment.packed_folder(), environment.costs_folder()}) {
    if (folder.ok() && make_folder(*folder).ok()) options.writable.push_back(*folder);
  }
  if (!sessions_.empty()) options.writable.push_back(sessions_);
  if (!socket_.empty()) {
    const auto folder = std::filesystem::path(socket_).parent_path();
    options.removable.push_back(folder.empty() ? "." : folder);
  }
  return lock_in(std::move(options));
}

// By --kept-days, when a server starts. Errors: kUnavailable (permission, disk).
Result<void> ServeCommand::forget_old(const Environment& environment) const {
  if (kept_days_ == 0) return {};
  HEARTH_ASSIGN(const auto state, environment.state_folder());
  const int64_t first_ms = (std::time(nullptr) - kept_days_ * int64_t{86'400}) * 1000;
  HEARTH_TRY(forget_kept_messages(keys_folder(state), day_of(first_ms)));
  return {};
}

// Adds to `options` that answers are counted, if the user has agreed to that.
void count_answers(ServiceOptions& options, TelemetryUse& telemetry) {
  if (!telemetry.is_on()) return;
  options.log = [log = options.log, &telemetry](const ServedRequest& request) {
    if (log) log(request);
    if (request.status != 200) return;
    Observation observation;
    observation.seconds = request.ms / 1e3;
    if (request.endpoint == endpoint_name(Endpoint::kChat)) {
      observation.kind = AnswerKind::kChat;
    } else if (request.endpoint == endpoint_name(Endpoint::kCompletion)) {
      observation.kind = AnswerKind::kText;
    } else if (request.endpoint == endpoint_name(Endpoint::kEmbedding)) {
      observation.kind = AnswerKind::kEmbeddings;
    } else {
      return;
    }
    telemetry.note(observation);
  };
}

Result<int> ServeCommand::run(const CommandContext& context) {
  std::vector<int> passed;
  if (const auto socket = passed_socket(context.environment)) passed.push_back(*socket);
  HEARTH_TRY(close_inherited(std::move(passed)));
  HEARTH_ASSIGN(ServiceOptions options, service_options(context));
  HEARTH_TRY(check_exposure(options));
  HEARTH_ASSIGN(options.controller, open_controller(context.environment));
  const std::shared_ptr<Controller> controller = options.controller;
  HEARTH_TRY(forget_old(context.environment));
  TelemetryUse telemetry(context.environment);
  count_answers(options, telemetry);
  if (auto state = context.environment.state_folder(); state.ok() && is_local(options))
    options.privacy = privacy_actions(context.environment, *state);
  options.listening = [&] { return give_up_rights(context.environment); };
  HEARTH_ASSIGN(const auto service, Service::create(std::move(options)));
  const InterruptScope interrupt;
  if (context.json) {
    context.out.write_json({{"address", service->address()}, {"port", service->port()}});
  } else {
    print_note(concat("listening on ", service->address()));
  }
  std::thread watcher([&] {
    std::optional<PolicyWatch> policy;
    if (controller != nullptr) policy.emplace(routing_.policy, *controller);
    const Stopwatch watch;
    double flushed_ms = 0;
    while (!InterruptScope::interrupted()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (policy) policy->look(HangUp::take());
      if (watch.elapsed_ms() - flushed_ms < kFlushMs) continue;
      telemetry.flush();
      flushed_ms = watch.elapsed_ms();
    }
    service->stop();
  });
  service->run();
  watcher.join();
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_serve_command() { return std::make_unique<ServeCommand>(); }

}  // namespace hearth
