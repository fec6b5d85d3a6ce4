// SPDX-License-Identifier: Apache-2.0
// The models that are served, loaded when they are asked for first, and let go when others need
// their memory.
//
// Ownership: whoever got a model keeps it alive. Threading: any thread; get() blocks while it
// loads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "package/store.h"
#include "scheduler/scheduler.h"
#include "server/adapter_set.h"
#include "server/kept_prefixes.h"
#include "toolcalls/tool_syntax.h"

namespace hearth {

// How the model's template and answers write what is more than text.
struct ChatSyntax {
  ToolSyntax tools;
  bool thinks = false;  // answers may begin with thoughts
};

struct ServedModel {
  std::string name;
  uint64_t bytes = 0;  // of its file and its KV cache: what it is counted with
  ChatSyntax syntax;
  ResolvedModel found = {};                        // its files, and what requests leave open
  std::optional<ChatTemplate> chat_template = {};  // of its settings
  std::vector<AdapterUse> own_adapters = {};       // of its files
  int32_t context_wanted = 0;                      // tokens; 0: the model's own up to 8,192
  // Shared by models of the same file and context, which differ in their settings.
  std::shared_ptr<Engine> engine;
  std::shared_ptr<AdapterSet> adapters;  // below the engine, whose model it borrows
  std::shared_ptr<Scheduler> scheduler;  // below the engine, which it borrows

  const ModelSettings& settings() const { return found.settings; }
  bool has_chat_template() const { return chat_template || engine->has_chat_template(); }
};

// A model as a request names it: "base", or with adapters "base+first+second:0.5".
struct ModelUse {
  std::shared_ptr<ServedModel> model;
  std::vector<AdapterUse> adapters;  // the model's own in front
  std::string name;                  // as it was named
};

struct ModelHostOptions {
  SchedulerOptions scheduler;
  uint64_t bytes_max = uint64_t{8} << 30;  // of all loaded models; one is always loaded
  std::filesystem::path adapters;          // the folder of all models' adapters; empty: none
  std::optional<KeptPrefixes> prefixes;    // absent: what was read is forgotten at the end
  // What a name means. Errors: kNotFound, those of Store::find() and resolve().
  std::function<Result<ResolvedModel>(const std::string& name)> find;
  // Errors: those of Engine::load().
  std::function<Result<std::unique_ptr<Engine>>(const std::filesystem::path& path)> load;
  // Told, on any thread, of what went wrong without an answer going wrong.
  std::function<void(const std::string& line)> note = [](const std::string&) {};
};

// A model that is loaded, for lists.
struct HostedModel {
  std::string name;
  uint64_t bytes = 0;
  std::optional<double> expires_in_s = {};  // absent: when its memory is needed
  SchedulerState state;
};

class ModelHost {
 public:
  explicit ModelHost(ModelHostOptions options);
  ~ModelHost();  // ends what is being answered, which holds the models that answer it
  ModelHost(const ModelHost&) = delete;
  ModelHost& operator=(const ModelHost&) = delete;

  // Errors: those of get() and AdapterSet::get(); kUsage (a scale that is no number, more adapters
  // than kAdapterUsesMax).
  Result<ModelUse> use(const std::string& name);
  // Errors: those of find(), load(), Adapter::load(), ChatTemplate::parse() and
  // Scheduler::create().
  Result<std::shared_ptr<ServedModel>> get(const std::string& name);
  // The name, or a version of it, means something else now: what is loaded under it answers what
  // was asked, no more.
  void forget(const std::string& name);
  // Lets a loaded model go once nobody has asked it for so long; below 0: when its memory is
  // needed.
  void keep_alive(const std::string& name, double seconds);
  std::vector<HostedModel> loaded() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    std::shared_ptr<ServedModel> model;
    Clock::time_point used;
    double keep_s = -1;
    bool is_forgotten = false;
    std::optional<Clock::time_point> expires() const;
  };

  std::shared_ptr<ServedModel> find(const std::string& name);
  Result<std::shared_ptr<ServedModel>> load(const std::string& name);
  bool is_current(const ServedModel& model) const;
  bool share(ServedModel& model) const;
  void keep_prefixes(Engine& engine, SchedulerOptions& scheduler) const;
  bool is_counted(std::size_t index) const;
  void make_room(uint64_t bytes);
  void expire();

  const ModelHostOptions options_;
  std::mutex loading_;        // one at a time
  mutable std::mutex mutex_;  // of the list
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::vector<Entry> models_;  // the last used first
  std::thread expiring_;       // last: it uses all of the above
};

}  // namespace hearth
