// SPDX-License-Identifier: Apache-2.0
// -m MODEL and what goes with it: which file, on how many threads, with which instructions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/environment.h"
#include "cli/options.h"
#include "engine/engine.h"
#include "package/store.h"

namespace hearth {

inline constexpr char kDefaultModel[] = "smollm2";

struct ModelFlags {
  std::string model = kDefaultModel;
  int32_t threads = 0;  // 0: all that this process may use
  std::string isa;      // empty: the best of this CPU
  int32_t kv_bits = 16;
  bool exact = false;
  int32_t context = 0;                // 0: the model's own up to 8,192
  std::vector<std::string> adapters;  // PATH or PATH:SCALE each

  void declare_model(Options& options);
  void declare_engine(Options& options);  // threads, isa, bits of keys and values
  void declare_context(Options& options);
  void declare_adapters(Options& options);
};

// What a model is made of and what results call it: the name in the store, or the path as given.
struct ModelChoice {
  std::string name;
  ResolvedModel model;
};

// `reference` is a path (it contains '/' or ends in .gguf), else a name in the store, else a file
// of that name. Errors: kNotFound (says how to get it), and those of Store::find.
Result<ModelChoice> choose_model(const Environment& environment, const std::string& reference);

// Errors: kUsage (a number of bits that is none, no such instruction set: lists them).
Result<EngineOptions> engine_options(const Environment& environment, const ModelFlags& flags);
// The engine of a file, with what `bench` measured of its model here, if anything. Errors: those of
// Engine::load.
Result<std::unique_ptr<Engine>> load_engine(const Environment& environment,
                                            const EngineOptions& options,
                                            const std::filesystem::path& path);

// Errors: those of choose_model, Engine::load and Adapter::load; kUsage (no such instruction set:
// lists them; a scale that is no number).
struct LoadedModel {
  std::unique_ptr<Engine> engine;
  std::string name;
  std::vector<AdapterUse> adapters;
};
Result<LoadedModel> load_model(const Environment& environment, const ModelFlags& flags);

}  // namespace hearth
