// SPDX-License-Identifier: Apache-2.0
// The models that are served, loaded when they are asked for first, and let go when others need
// their memory.
//
// Ownership: whoever got a model keeps it alive. Threading: any thread; get() blocks while it
// loads.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "scheduler/scheduler.h"

namespace hearth {

struct ServedModel {
  std::string name;
  uint64_t bytes = 0;  // of its file: what it is counted with
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Scheduler> scheduler;  // below the engine, which it borrows
};

struct ModelHostOptions {
  EngineOptions engine;
  SchedulerOptions scheduler;
  uint64_t bytes_max = uint64_t{8} << 30;  // of all loaded models' files; one is always loaded
  // A name's file. Errors: kNotFound.
  std::function<Result<std::filesystem::path>(const std::string& name)> locate;
  // Told of each engine before it is used.
  std::function<void(Engine& engine)> on_loaded;
};

class ModelHost {
 public:
  explicit ModelHost(ModelHostOptions options) : options_(std::move(options)) {}
  ~ModelHost();  // ends what is being answered, which holds the models that answer it
  ModelHost(const ModelHost&) = delete;
  ModelHost& operator=(const ModelHost&) = delete;

  // Errors: those of locate(), Engine::load() and Scheduler::create().
  Result<std::shared_ptr<ServedModel>> get(const std::string& name);
  // Those that are loaded, the last used first.
  std::vector<std::shared_ptr<ServedModel>> loaded() const;

 private:
  Result<std::shared_ptr<ServedModel>> load(const std::string& name);
  void make_room(uint64_t bytes);

  const ModelHostOptions options_;
  std::mutex loading_;                                // one at a time
  mutable std::mutex mutex_;                          // of the list
  std::vector<std::shared_ptr<ServedModel>> models_;  // the last used first
};

}  // namespace hearth
