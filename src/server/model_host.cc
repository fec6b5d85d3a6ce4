// SPDX-License-Identifier: Apache-2.0
#include "server/model_host.h"

#include <algorithm>

namespace hearth {

ModelHost::~ModelHost() {
  for (const auto& model : models_) model->scheduler->stop();
}

Result<std::shared_ptr<ServedModel>> ModelHost::get(const std::string& name) {
  const auto find = [&]() -> std::shared_ptr<ServedModel> {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(models_, name, &ServedModel::name);
    if (found == models_.end()) return nullptr;
    std::rotate(models_.begin(), found, found + 1);
    return models_.front();
  };
  if (auto known = find()) return known;
  const std::lock_guard lock(loading_);
  if (auto known = find()) return known;  // somebody else has loaded it meanwhile
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
  HEARTH_ASSIGN(model->scheduler, Scheduler::create(*model->engine, options_.scheduler));
  const std::lock_guard lock(mutex_);
  models_.insert(models_.begin(), model);
  return model;
}

// Lets go of those that were used longest ago and answer nobody now.
void ModelHost::make_room(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  for (const auto& model : models_) bytes += model->bytes;
  for (std::size_t i = models_.size(); i-- > 0 && bytes > options_.bytes_max;) {
    if (models_[i].use_count() > 1) continue;
    bytes -= models_[i]->bytes;
    models_.erase(models_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace hearth
