// SPDX-License-Identifier: Apache-2.0
#include "server/model_list.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "format/mapped_gguf.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFactsMax = 256;  // kept

// Lists are long: vocabularies.
Json value_json(const GgufEntry& entry) {
  Json json;
  std::visit(
      [&](const auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, GgufArray>) json = value;
      },
      entry.value);
  return json;
}

ModelFacts facts_of(const GgufFile& gguf) {
  ModelFacts facts;
  const auto text = [&](std::string_view key) {
    const auto value = gguf.get_string(key);
    return value.ok() ? std::string(value->value_or("")) : std::string();
  };
  const auto number = [&](std::string_view key) {
    const auto value = gguf.get_uint(key);
    return value.ok() ? value->value_or(0) : 0;
  };
  facts.architecture = text("general.architecture");
  facts.context = number(concat(facts.architecture, ".context_length"));
  facts.chat_template = text("tokenizer.chat_template");
  facts.licence = text("general.license");
  std::map<std::string, uint64_t> bytes_by_type;
  for (const GgufTensor& tensor : gguf.tensors()) {
    facts.parameters += tensor.row_values() * tensor.row_count();
    bytes_by_type[std::string(dtype_info(tensor.dtype).name)] += tensor.data.size();
  }
  const auto most = std::ranges::max_element(bytes_by_type, {},
                                             [](const auto& of_type) { return of_type.second; });
  if (most != bytes_by_type.end()) facts.quantization = most->first;
  facts.metadata = Json::object();
  for (const GgufEntry& entry : gguf.metadata())
    facts.metadata[std::string(entry.key)] = value_json(entry);
  facts.metadata["general.parameter_count"] = facts.parameters;
  return facts;
}

Error no_store() {
  return Error(ErrorCode::kUnavailable, "store: there is no folder for it; set XDG_DATA_HOME");
}

}  // namespace

std::vector<ListedModel> ModelList::all() const {
  std::vector<ListedModel> list;
  if (const auto stored = store_ ? store_->list() : std::vector<StoredModel>(); stored.ok()) {
    for (const StoredModel& model : *stored) {
      const Manifest& manifest = model.manifest;
      list.push_back({model.active ? manifest.name : concat(manifest.name, "@", manifest.version),
                      manifest.bytes(), manifest.model_file().sha256, manifest.created});
    }
  }
  for (const std::string& name : given_) {
    if (std::ranges::find(list, name, &ListedModel::name) != list.end()) continue;
    ListedModel model{name};
    if (const auto found = find_(name); found.ok()) {
      std::error_code ignored;
      model.bytes = std::filesystem::file_size(found->weights, ignored);
    }
    list.push_back(std::move(model));
  }
  return list;
}

Result<ListedModel> ModelList::find(const std::string& name) const {
  for (ListedModel& model : all()) {
    if (model.name == name) return std::move(model);
  }
  return Error(ErrorCode::kNotFound,
               concat("model: \"", printable(name),
                      "\" is not here; ask for one that GET /v1/models lists"));
}

Result<std::shared_ptr<const ModelFacts>> ModelList::facts(const std::string& name) const {
  HEARTH_ASSIGN(const ResolvedModel found, find_(name));
  const std::filesystem::path& path = found.weights;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = facts_.find(path); known != facts_.end()) return known->second;
  }
  HEARTH_ASSIGN(const MappedGguf file, MappedGguf::open(path, name));
  auto facts = std::make_shared<const ModelFacts>(facts_of(file.gguf));
  const std::lock_guard lock(mutex_);
  if (facts_.size() >= kFactsMax) facts_.clear();
  facts_[path] = facts;
  return std::shared_ptr<const ModelFacts>(std::move(facts));
}

Result<ModelSettings> ModelList::settings(const std::string& name) const {
  HEARTH_ASSIGN(ResolvedModel found, find_(name));
  return std::move(found.settings);
}

Result<Manifest> ModelList::create(const std::string& from, const std::string& name,
                                   const ModelSettings& settings) const {
  if (!store_) return no_store();
  HEARTH_ASSIGN(const StoredModel base, store_->find(from));
  HEARTH_ASSIGN(const auto of_file, facts(from));
  HEARTH_TRY(check_settings_fit(overlay(base.manifest.settings, settings),
                                {!of_file->chat_template.empty(), of_file->context}));
  return store_->create(from, name, settings);
}

Result<void> ModelList::remove(const std::string& name) const {
  if (!store_) return no_store();
  HEARTH_ASSIGN(const uint64_t freed, store_->remove(name));
  static_cast<void>(freed);
  return {};
}

Result<void> ModelList::copy(const std::string& from, const std::string& to) const {
  if (!store_) return no_store();
  return store_->copy(from, to);
}

}  // namespace hearth
