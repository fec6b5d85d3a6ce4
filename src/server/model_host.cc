// SPDX-License-Identifier: Apache-2.0
#include "server/model_host.h"

#include <algorithm>

#include "base/strings.h"
#include "package/model_names.h"
#include "server/conversation.h"

namespace hearth {
namespace {

// When to look again for a model that is to go but still answers somebody.
constexpr std::chrono::seconds kBusyWait{1};

// "name:0.5", of a model's name behind a "+".
Result<AdapterUse> read_adapter(std::string_view text, AdapterSet& adapters) {
  const auto scaled = split_scale(text);
  if (!scaled) {
    return Error(ErrorCode::kUsage, concat("model: \"", printable(text.substr(text.rfind(':') + 1)),
                                           "\" is no scale of an adapter; give a number"));
  }
  AdapterUse use{.adapter = nullptr, .scale = scaled->scale};
  HEARTH_ASSIGN(use.adapter, adapters.get(std::string(scaled->name)));
  return use;
}

}  // namespace

std::optional<ModelHost::Clock::time_point> ModelHost::Entry::expires() const {
  if (keep_s < 0) return std::nullopt;
  constexpr double kYear = 365.0 * 86400.0;
  return used + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(std::min(keep_s, kYear)));
}

ModelHost::ModelHost(ModelHostOptions options)
    : options_(std::move(options)), expiring_([this] { expire(); }) {}

ModelHost::~ModelHost() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  expiring_.join();
  for (const Entry& entry : models_) entry.model->scheduler->stop();
}

std::shared_ptr<ServedModel> ModelHost::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(models_, [&](const Entry& entry) {
    return entry.model->name == name && !entry.is_forgotten;
  });
  if (found == models_.end()) return nullptr;
  std::rotate(models_.begin(), found, found + 1);
  models_.front().used = Clock::now();
  return models_.front().model;
}

Result<ModelUse> ModelHost::use(const std::string& name) {
  ModelUse use;
  use.name = name;
  std::size_t end = std::min(name.find('+'), name.size());
  // A "+" may be the model's own.
  if (auto whole = get(name); whole.ok() || end == name.size()) {
    if (!whole.ok()) return whole.error();
    use.model = std::move(whole).value();
    use.adapters = use.model->own_adapters;
    return use;
  }
  HEARTH_ASSIGN(use.model, get(name.substr(0, end)));
  use.adapters = use.model->own_adapters;
  while (end < name.size()) {
    const std::size_t begin = end + 1;
    end = std::min(name.find('+', begin), name.size());
    HEARTH_ASSIGN(
        AdapterUse adapter,
        read_adapter(std::string_view(name).substr(begin, end - begin), *use.model->adapters));
    use.adapters.push_back(std::move(adapter));
  }
  HEARTH_TRY(check_adapters(use.model->engine->model(), use.adapters));
  return use;
}

Result<std::shared_ptr<ServedModel>> ModelHost::get(const std::string& name) {
  if (auto known = find(name); known && is_current(*known)) return known;
  const std::lock_guard lock(loading_);
  if (auto known = find(name)) {
    if (is_current(*known)) return known;  // somebody else has loaded it meanwhile
    forget(name);
  }
  return load(name);
}

// Whether its name means what it did: another process may have made it anew, or removed it.
bool ModelHost::is_current(const ServedModel& model) const {
  const auto found = options_.find(model.name);
  return found.ok() && *found == model.found;
}

Result<std::shared_ptr<ServedModel>> ModelHost::load(const std::string& name) {
  auto model = std::make_shared<ServedModel>();
  model->name = name;
  HEARTH_ASSIGN(model->found, options_.find(name));
  const ModelSettings& settings = model->settings();
  if (!settings.chat_template.empty()) {
    HEARTH_ASSIGN(model->chat_template, ChatTemplate::parse(settings.chat_template));
  }
  SchedulerOptions scheduler = options_.scheduler;
  const auto context = settings.parameters.num_ctx;
  if (scheduler.context == 0 && context) scheduler.context = static_cast<int32_t>(*context);
  model->context_wanted = scheduler.context;
  std::error_code ignored;
  model->bytes = std::filesystem::file_size(model->found.weights, ignored);
  if (!share(*model)) {
    make_room(model->bytes);
    HEARTH_ASSIGN(model->engine, options_.load(model->found.weights));
    model->adapters = std::make_shared<AdapterSet>(options_.adapters, model->engine->model());
    keep_prefixes(*model->engine, scheduler);
    HEARTH_ASSIGN(model->scheduler, Scheduler::create(*model->engine, scheduler));
    model->bytes += model->scheduler->kv_bytes();
    make_room(model->bytes);
  }
  for (const AdapterPaths& paths : model->found.adapters) {
    HEARTH_ASSIGN(auto adapter, model->adapters->get(paths));
    model->own_adapters.push_back({std::move(adapter)});
  }
  HEARTH_TRY(check_adapters(model->engine->model(), model->own_adapters));
  const ChatTemplate* const own = model->chat_template ? &*model->chat_template : nullptr;
  model->syntax = learn_chat_syntax(*model->engine, own);
  const std::lock_guard lock(mutex_);
  models_.insert(models_.begin(), Entry{model, Clock::now()});
  return model;
}

// What its engine reads outlives its scheduler, where that is wanted.
void ModelHost::keep_prefixes(Engine& engine, SchedulerOptions& scheduler) const {
  if (!options_.prefixes) return;
  scheduler.restore_prefixes = [this, &engine](PrefixCache& prefixes) {
    const auto restored = options_.prefixes->restore(engine, prefixes);
    if (!restored.ok()) options_.note(restored.error().message());
  };
  scheduler.save_prefixes = [this, &engine](const PrefixCache& prefixes) {
    const auto saved = options_.prefixes->save(engine, prefixes);
    if (!saved.ok()) options_.note(saved.error().message());
  };
}

// Takes the engine of a loaded model that differs in its settings only.
bool ModelHost::share(ServedModel& model) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(models_, [&](const Entry& entry) {
    return entry.model->found.weights == model.found.weights &&
           entry.model->context_wanted == model.context_wanted;
  });
  if (found == models_.end()) return false;
  model.bytes = found->model->bytes;
  model.engine = found->model->engine;
  model.adapters = found->model->adapters;
  model.scheduler = found->model->scheduler;
  return true;
}

// Of those that share an engine, the first.
bool ModelHost::is_counted(std::size_t index) const {
  const auto here = models_.begin() + static_cast<std::ptrdiff_t>(index);
  return std::none_of(models_.begin(), here, [&](const Entry& entry) {
    return entry.model->engine == here->model->engine;
  });
}

void ModelHost::forget(const std::string& name) {
  const std::string bare = name.substr(0, name.find('@'));
  const std::lock_guard lock(mutex_);
  for (Entry& entry : models_) {
    const std::string& loaded = entry.model->name;
    if (loaded != bare && !loaded.starts_with(bare + "@")) continue;
    entry.is_forgotten = true;
    entry.keep_s = 0;
  }
  changed_.notify_all();
}

void ModelHost::keep_alive(const std::string& name, double seconds) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : models_) {
    if (entry.model->name != name || entry.is_forgotten) continue;
    entry.keep_s = seconds;
    entry.used = Clock::now();
  }
  changed_.notify_all();
}

std::vector<HostedModel> ModelHost::loaded() const {
  std::vector<HostedModel> list;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const Entry& entry = models_[i];
    if (entry.is_forgotten) continue;
    HostedModel model{entry.model->name, entry.model->bytes, {}, {}};
    if (is_counted(i)) model.state = entry.model->scheduler->state();
    if (const auto expires = entry.expires())
      model.expires_in_s = std::chrono::duration<double>(*expires - Clock::now()).count();
    list.push_back(std::move(model));
  }
  return list;
}

// Lets go of those that were used longest ago and answer nobody now.
void ModelHost::make_room(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < models_.size(); ++i)
    bytes += is_counted(i) ? models_[i].model->bytes : 0;
  for (std::size_t i = models_.size(); i-- > 0 && bytes > options_.bytes_max;) {
    if (models_[i].model.use_count() > 1) continue;
    if (models_[i].model->engine.use_count() == 1) bytes -= models_[i].model->bytes;
    models_.erase(models_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// Lets go of those whose time is over, until the end.
void ModelHost::expire() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    const auto now = Clock::now();
    std::optional<Clock::time_point> next;
    std::vector<Entry> gone;  // destroyed without the lock
    for (std::size_t i = models_.size(); i-- > 0;) {
      auto expires = models_[i].expires();
      if (!expires) continue;
      if (*expires <= now && models_[i].model.use_count() == 1) {
        gone.push_back(std::move(models_[i]));
        models_.erase(models_.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      if (*expires <= now) expires = now + kBusyWait;
      if (!next || *expires < *next) next = expires;
    }
    if (!gone.empty()) {
      lock.unlock();
      gone.clear();
      lock.lock();
    } else if (next) {
      changed_.wait_until(lock, *next);
    } else {
      changed_.wait(lock);
    }
  }
}

}  // namespace hearth
