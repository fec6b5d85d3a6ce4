// SPDX-License-Identifier: Apache-2.0
#include "server/model_host.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "server/conversation.h"

namespace hearth {
namespace {

// When to look again for a model that is to go but still answers somebody.
constexpr std::chrono::seconds kBusyWait{1};

// "name:0.5", of a model's name behind a "+".
Result<AdapterUse> read_adapter(std::string_view text, AdapterSet& adapters) {
  AdapterUse use;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), use.scale);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
      return Error(ErrorCode::kUsage, concat("model: \"", printable(digits),
                                             "\" is no scale of an adapter; give a number"));
    }
    text = text.substr(0, colon);
  }
  HEARTH_ASSIGN(use.adapter, adapters.get(std::string(text)));
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
  const auto found =
      std::ranges::find_if(models_, [&](const Entry& entry) { return entry.model->name == name; });
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
    return use;
  }
  HEARTH_ASSIGN(use.model, get(name.substr(0, end)));
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
  if (auto known = find(name)) return known;
  const std::lock_guard lock(loading_);
  if (auto known = find(name)) return known;  // somebody else has loaded it meanwhile
  return load(name);
}

Result<std::shared_ptr<ServedModel>> ModelHost::load(const std::string& name) {
  HEARTH_ASSIGN(const std::filesystem::path path, options_.locate(name));
  auto model = std::make_shared<ServedModel>();
  model->name = name;
  std::error_code ignored;
  model->bytes = std::filesystem::file_size(path, ignored);
  make_room(model->bytes);
  HEARTH_ASSIGN(model->engine, options_.load(path));
  model->syntax = learn_chat_syntax(*model->engine);
  model->adapters = std::make_unique<AdapterSet>(options_.adapters, model->engine->model());
  HEARTH_ASSIGN(model->scheduler, Scheduler::create(*model->engine, options_.scheduler));
  model->bytes += model->scheduler->kv_bytes();
  make_room(model->bytes);
  const std::lock_guard lock(mutex_);
  models_.insert(models_.begin(), Entry{model, Clock::now()});
  return model;
}

void ModelHost::keep_alive(const std::string& name, double seconds) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : models_) {
    if (entry.model->name != name) continue;
    entry.keep_s = seconds;
    entry.used = Clock::now();
  }
  changed_.notify_all();
}

std::vector<HostedModel> ModelHost::loaded() const {
  std::vector<HostedModel> list;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : models_) {
    HostedModel model{entry.model->name, entry.model->bytes, {}, entry.model->scheduler->state()};
    if (const auto expires = entry.expires())
      model.expires_in_s = std::chrono::duration<double>(*expires - Clock::now()).count();
    list.push_back(std::move(model));
  }
  return list;
}

// Lets go of those that were used longest ago and answer nobody now.
void ModelHost::make_room(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : models_) bytes += entry.model->bytes;
  for (std::size_t i = models_.size(); i-- > 0 && bytes > options_.bytes_max;) {
    if (models_[i].model.use_count() > 1) continue;
    bytes -= models_[i].model->bytes;
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
