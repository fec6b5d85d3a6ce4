// SPDX-License-Identifier: Apache-2.0
// hearth doctor: what this machine offers, what hearth chose, and whether all is in place.
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "base/files.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/machine.h"
#include "cli/model_choice.h"
#include "cli/proof.h"
#include "cli/table.h"
#include "engine/engine.h"
#include "format/mapped_gguf.h"
#include "kernels/isa.h"
#include "kernels/peak.h"
#include "lockdown/lockdown.h"
#include "model/operations.h"
#include "package/store.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kDiskBytesMin = 1'000'000'000;

struct Check {
  std::string name;
  bool ok;
  std::string detail;
};

Check check_huge_pages() {
  const std::string text = kernel_text("/sys/kernel/mm/transparent_hugepage/enabled");
  const std::size_t begin = text.find('[');
  const std::size_t end = text.find(']', begin == std::string::npos ? text.size() : begin);
  if (end == std::string::npos) {
    return {"huge_pages", false, "this kernel has none: reading weights is slower"};
  }
  const std::string mode = text.substr(begin + 1, end - begin - 1);
  return {"huge_pages", mode != "never",
          mode == "never" ? "off: reading weights is slower; madvise is enough" : mode};
}

// Locks a child down and lets it try to leave.
Check check_lockdown() {
  const pid_t child = ::fork();
  if (child < 0) return {"lockdown", false, "cannot be tried: fork failed"};
  if (child == 0) {
    const bool locked = lockdown({}).ok();
    const bool escaped = ::socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM;
    ::_exit(!locked ? 2 : escaped ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {"lockdown", true, "a locked process tried to open a socket and was refused"};
  }
  return {"lockdown", false, "a process could not be locked down: prompts will be refused"};
}

Check check_landlock() {
  const int abi = landlock_abi();
  return {"landlock", abi > 0,
          abi > 0 ? concat("ABI ", abi, ": writes are confined")
                  : std::string("not in this kernel: seccomp still refuses sockets")};
}

Check check_config(const Environment& environment) {
  const auto path = environment.config_file();
  if (!path.ok()) return {"config", false, path.error().message()};
  const auto config = read_config(*path);
  if (!config.ok()) return {"config", false, config.error().message()};
  std::error_code ignored;
  if (!std::filesystem::exists(*path, ignored)) {
    return {"config", true, concat("none at ", printable(path->string(), 200))};
  }
  return {"config", true,
          concat(printable(path->string(), 200), ", ", config->size(), " settings")};
}

Check check_store(const Environment& environment) {
  const auto folder = environment.data_folder();
  if (!folder.ok()) return {"store", false, folder.error().message()};
  const auto models = Store(*folder).list();
  if (!models.ok()) return {"store", false, models.error().message()};
  return {"store", true, concat(printable(folder->string(), 200), ", ", models->size(), " models")};
}

Result<ModelChoice> choose_default_model(const Environment& environment) {
  return choose_model(environment,
                      environment.variable(setting_variable("model")).value_or(kDefaultModel));
}

Check check_default_model(const Environment& environment) {
  const auto choice = choose_default_model(environment);
  if (!choice.ok()) return {"default_model", false, choice.error().message()};
  const auto opened = MappedGguf::open(choice->model.weights, choice->name);
  if (!opened.ok()) return {"default_model", false, opened.error().message()};
  return {"default_model", true,
          concat(printable(choice->name, 200), ", ", opened->bytes(), " bytes")};
}

// Free space where models go: of the nearest folder that exists.
Check check_disk(const Environment& environment) {
  const auto folder = environment.data_folder();
  if (!folder.ok()) return {"disk", false, folder.error().message()};
  std::filesystem::path path = *folder;
  struct statvfs info {};
  while (::statvfs(path.c_str(), &info) != 0) {
    if (!path.has_relative_path()) return {"disk", false, "free space is unknown"};
    path = path.parent_path();
  }
  const uint64_t bytes = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  return {"disk", bytes >= kDiskBytesMin,
          concat(bytes / 1'000'000, " MB free at ", printable(path.string(), 200))};
}

// The speed that a model cannot exceed here, and what bounds it.
struct Bound {
  double tokens_per_s;
  Work work;  // of one token
  bool by_memory;
};

// Of tokens that go through the model `count` at a time.
Bound bound(const Model& model, int32_t count, double gb_per_s, double gmac_per_s) {
  const Work pass = total(work_of_pass(model, count, 0, 1));
  const double reading_s = pass.bytes / (gb_per_s * 1e9);
  const double multiplying_s = pass.macs / (gmac_per_s * 1e9);
  return {count / std::max(reading_s, multiplying_s),
          {pass.macs / count, pass.bytes / count},
          reading_s > multiplying_s};
}

struct Expectation {
  std::string model;
  double gb_per_s;
  double gmac_per_s;
  Bound prefill;
  Bound decode;
};

// Of the default model; none where it is not there, which check_default_model() says, or computes
// in float.
std::optional<Expectation> expect_speed(const Environment& environment, double gb_per_s) {
  const auto choice = choose_default_model(environment);
  if (!choice.ok()) return std::nullopt;
  const auto engine = Engine::load(choice->model.weights, {});
  if (!engine.ok() || (*engine)->model().numerics() == Numerics::kFloat) return std::nullopt;
  const Model& model = (*engine)->model();
  const double gmac_per_s =
      measure_peak_gmac_per_s(model.kernels(), model.has_tiles(), (*engine)->pool());
  return Expectation{printable(choice->name, 200), gb_per_s, gmac_per_s,
                     bound(model, kForwardTokensMax, gb_per_s, gmac_per_s),
                     bound(model, 1, gb_per_s, gmac_per_s)};
}

Json bound_json(const Bound& bound) {
  return {{"tokens_per_s_max", bound.tokens_per_s},
          {"bound_by", bound.by_memory ? "memory" : "arithmetic"}};
}

std::string bound_text(const Bound& bound, const Expectation& expected) {
  const std::string speed = concat("at most ", std::lround(bound.tokens_per_s), " token/s: each ");
  if (bound.by_memory) {
    return concat(speed, "reads ", std::lround(bound.work.bytes / 1e6), " MB, memory gives ",
                  std::lround(expected.gb_per_s), " GB/s");
  }
  return concat(speed, "takes ", std::lround(bound.work.macs / 1e6), " million products, ",
                isa_name(best_isa()), " does ", std::lround(expected.gmac_per_s),
                " thousand million a second");
}

class DoctorCommand : public Command {
 public:
  std::string name() const override { return "doctor"; }
  std::string summary() const override {
    return "What this machine offers, and whether all is well";
  }
  void declare(Options& options) override;
  Result<int> run(const CommandContext& context) override;

 private:
  Result<int> examine(const CommandContext& context);

  bool prove_offline_ = false;
  std::string report_;
};

void DoctorCommand::declare(Options& options) {
  options.flag(
      {"--prove-offline", "", "Try every way out of a locked process, and print a signed report"},
      prove_offline_);
  options.text({"--verify-report", "FILE", "Check a report that --prove-offline made"}, report_);
}

Result<int> DoctorCommand::run(const CommandContext& context) {
  if (prove_offline_ && !report_.empty()) {
    return Error(ErrorCode::kUsage,
                 "--verify-report: checks a report that is there; give it without --prove-offline");
  }
  if (prove_offline_) return run_proof(context);  // before threads are started: it forks
  return report_.empty() ? examine(context) : verify_report(context, report_);
}

Result<int> DoctorCommand::examine(const CommandContext& context) {
  const Environment& environment = context.environment;
  std::vector<Check> checks;
  checks.push_back({"seccomp", seccomp_available(),
                    seccomp_available() ? "filters on all threads" : "not in this kernel"});
  checks.push_back(check_landlock());
  checks.push_back(check_lockdown());  // before threads are started: it forks
  checks.push_back(check_huge_pages());
  checks.push_back(check_config(environment));
  checks.push_back(check_store(environment));
  checks.push_back(check_default_model(environment));
  checks.push_back(check_disk(environment));

  std::vector<std::string> isas;
  for (const Isa isa : available_isas()) isas.emplace_back(isa_name(isa));
  HEARTH_ASSIGN(const auto pool, ThreadPool::create(usable_cpu_count()));
  HEARTH_ASSIGN(const double bandwidth, measure_bandwidth_gb_per_s(*pool));
  const double bandwidth_shown = std::round(bandwidth * 100) / 100;
  const std::optional<Expectation> expected = expect_speed(environment, bandwidth);
  if (context.json) {
    Json list = Json::array();
    for (const Check& check : checks) {
      list.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}});
    }
    Json document = {{"version", HEARTH_VERSION},
                     {"cpu", cpu_name()},
                     {"isa", std::string(isa_name(best_isa()))},
                     {"isa_available", isas},
                     {"threads", pool->size()},
                     {"bandwidth_gb_per_s", bandwidth_shown},
                     {"checks", std::move(list)}};
    if (expected) {
      document["expected"] = {{"model", expected->model},
                              {"peak_gmac_per_s", expected->gmac_per_s},
                              {"prefill", bound_json(expected->prefill)},
                              {"decode", bound_json(expected->decode)}};
    }
    context.out.write_json(document);
    return 0;
  }
  std::string available;
  for (const std::string& isa : isas) available += (available.empty() ? "" : ", ") + isa;
  context.out.write(concat("hearth ", HEARTH_VERSION, "\ncpu        ", cpu_name(), "\nisa        ",
                           isa_name(best_isa()), " (of ", available, ")\nthreads    ", pool->size(),
                           "\nbandwidth  ", bandwidth_shown, " GB/s\n"));
  if (expected) {
    context.out.write(concat("model      ", expected->model, "\n  prompts  ",
                             bound_text(expected->prefill, *expected), "\n  answers  ",
                             bound_text(expected->decode, *expected), "\n"));
  }
  context.out.write("\n");
  Table table({"CHECK", "", "DETAIL"});
  for (const Check& check : checks) {
    table.add({check.name, check.ok ? "ok" : "NO", printable(check.detail, 300)});
  }
  context.out.write(table.text());
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_doctor_command() { return std::make_unique<DoctorCommand>(); }

}  // namespace hearth
