// SPDX-License-Identifier: Apache-2.0
// The models that are served, loaded when they are asked for first, and let go when others need
// their memory.
//
// Ownership: whoever got a model keeps it alive. Threading: any thread; get() blocks while it
// loads.
#pragma once

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
  SchedulerOptions scheduler;
  uint64_t bytes_max = uint64_t{8} << 30;  // of all loaded models' files; one is always loaded
  // A name's file. Errors: kNotFound.
  std::function<Result<std::filesystem::path>(const std::string& name)> locate;
  // Errors: those of Engine::load().
  std::function<Result<std::unique_ptr<Engine>>(const std::filesystem::path& path)> load;
};

class ModelHost {
 public:
  explicit ModelHost(ModelHostOptions options) : options_(std::move(options)) {}
  ~ModelHost();  // ends what is being answered, which holds the models that answer it
  ModelHost(const ModelHost&) = delete;
  ModelHost& operator=(const ModelHost&) = delete;

  // Errors: those of locate(), load() and Scheduler::create().
  Result<std::shared_ptr<ServedModel>> get(const std::string& name);

 private:
  Result<std::shared_ptr<ServedModel>> load(const std::string& name);
  void make_room(uint64_t bytes);

  const ModelHostOptions options_;
  std::mutex loading_;                                // one at a time
  std::mutex mutex_;                                  // of the list
  std::vector<std::shared_ptr<ServedModel>> models_;  // the last used first
};

}  // namespace hearth
