// SPDX-License-Identifier: Apache-2.0
#include "cli/model_choice.h"

#include <cmath>
#include <limits>
#include <system_error>

#include "base/strings.h"
#include "cli/cost_file.h"
#include "cli/output.h"
#include "cli/startup_code.h"
#include "kernels/isa.h"
#include "package/model_names.h"
#include "package/store.h"

namespace hearth {
namespace {

// Which command gets the missing model; quickstart knows only the default one.
Error add_remedy(const Error& error, const std::string& reference) {
  std::string message = error.message();
  if (reference == kDefaultModel) message += ", ./quickstart fetches this one";
  return Error(error.code(),
               concat(message, ", `hearth import FILE --name NAME` adds one, -m takes a path too"));
}

// "PATH" or "PATH:SCALE"; what is a path as a whole is one.
Result<AdapterUse> load_adapter(const std::string& text, const Model& model) {
  std::error_code ignored;
  const auto scaled = std::filesystem::exists(text, ignored) ? ScaledName{text} : split_scale(text);
  if (!scaled || !std::isfinite(scaled->scale)) {
    return Error(ErrorCode::kUsage,
                 concat("--lora: \"", printable(text, 300),
                        "\" is neither a path nor PATH:SCALE; give the scale as a number"));
  }
  auto adapter = Adapter::load(adapter_paths(scaled->name), model);
  if (!adapter.ok()) return Error(adapter.error()).with_context("--lora");
  return AdapterUse{std::move(*adapter), scaled->scale};
}

}  // namespace

Result<EngineOptions> engine_options(const Environment& environment, const ModelFlags& flags) {
  EngineOptions options;
  if (auto folder = environment.packed_folder(); folder.ok()) options.packed_folder = *folder;
  options.threads = flags.threads;
  if (flags.kv_bits != 8 && flags.kv_bits != 16) {
    return Error(ErrorCode::kUsage, concat("--kv-bits: ", flags.kv_bits, " is not known; 8 or 16"));
  }
  options.kv_bytes = flags.kv_bits == 8;
  options.exact = flags.exact;
  if (flags.isa.empty()) return options;
  options.isa = parse_isa(flags.isa);
  if (options.isa) return options;
  std::string names;
  for (const Isa isa : available_isas()) names += concat(names.empty() ? "" : ", ", isa_name(isa));
  return Error(ErrorCode::kUsage,
               concat("--isa: \"", printable(flags.isa), "\" is not known; this CPU has ", names));
}

void ModelFlags::declare_model(Options& options) {
  options.text(
      {"-m,--model", "MODEL", "A GGUF file, or a name in the store (default smollm2)", "model"},
      model);
}

void ModelFlags::declare_engine(Options& options) {
  options.number(
      {"-t,--threads", "N", "Threads (default: all that this process may use)", "threads"}, threads,
      1, 256);
  options.text(
      {"--isa", "NAME", "Instruction set, one that doctor lists (default: the best)", "isa"}, isa);
  options.number({"--kv-bits", "N",
                  "Bits of keys and values: 16, or 8 in half the memory (default 16)", "kv_bits"},
                 kv_bits, 8, 16);
  options.flag(
      {"--exact", "", "Same bits however it is computed; slower prompts on CPUs with AMX", "exact"},
      exact);
}

void ModelFlags::declare_context(Options& options) {
  options.number({"-c,--context", "TOKENS",
                  "Room for prompt and answer (default: the model's own, up to 8192)", "context"},
                 context, 1, std::numeric_limits<int32_t>::max());
}

void ModelFlags::declare_adapters(Options& options) {
  options.texts(
      {"--lora", "ADAPTER[:SCALE]", "A LoRA adapter, a PEFT folder or a GGUF file; repeatable"},
      adapters);
}

Result<ModelChoice> choose_model(const Environment& environment, const std::string& reference) {
  if (reference.empty()) {
    return Error(ErrorCode::kUsage, "model: its name is empty; give a path or a name");
  }
  if (is_model_path(reference)) {
    return ModelChoice{reference, {reference}};
  }
  HEARTH_ASSIGN(const auto folder, environment.data_folder());
  const Store store(folder);
  const auto found = store.find(reference);
  if (found.ok()) {
    HEARTH_ASSIGN(ResolvedModel model, store.resolve(found->manifest));
    return ModelChoice{reference, std::move(model)};
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(reference, ignored)) {
    return ModelChoice{reference, {reference}};
  }
  if (found.error().code() != ErrorCode::kNotFound) return found.error();
  return add_remedy(found.error(), reference);
}

Result<std::unique_ptr<Engine>> load_engine(const Environment& environment,
                                            const EngineOptions& options,
                                            const std::filesystem::path& path) {
  HEARTH_ASSIGN(auto engine, Engine::load(path, options));
  if (const auto costs_file = costs_path(environment, *engine); costs_file.ok()) {
    if (const auto costs = read_costs(*costs_file)) engine->set_costs(*costs);
  }
  release_startup_code();
  return engine;
}

Result<LoadedModel> load_model(const Environment& environment, const ModelFlags& flags) {
  HEARTH_ASSIGN(const EngineOptions options, engine_options(environment, flags));
  if (options.threads > 0 && options.threads > usable_cpu_count()) {
    print_note(concat("threads: ", options.threads, " share the ", usable_cpu_count(),
                      " processors that this process may use; fewer are faster"));
  }
  HEARTH_ASSIGN(const ModelChoice choice, choose_model(environment, flags.model));
  HEARTH_ASSIGN(auto engine, load_engine(environment, options, choice.model.weights));
  LoadedModel loaded{std::move(engine), choice.name, {}};
  for (const AdapterPaths& paths : choice.model.adapters) {
    HEARTH_ASSIGN(auto adapter, Adapter::load(paths, loaded.engine->model()));
    loaded.adapters.push_back({std::move(adapter)});
  }
  for (const std::string& text : flags.adapters) {
    HEARTH_ASSIGN(AdapterUse use, load_adapter(text, loaded.engine->model()));
    loaded.adapters.push_back(std::move(use));
  }
  return loaded;
}

}  // namespace hearth
