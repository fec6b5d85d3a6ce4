// SPDX-License-Identifier: Apache-2.0
// The models that can be asked for: those that the server was given, and those of the store; and
// what their files say about them.
//
// Threading: any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "package/store.h"
#include "server/model_host.h"

namespace hearth {

struct ListedModel {
  std::string name;
  uint64_t bytes = 0;
  std::string sha256 = {};    // of its file; empty where it is not of the store
  std::string modified = {};  // as in 2024-05-01T12:00:00Z
};

// What a model's file says.
struct ModelFacts {
  std::string architecture;
  std::string quantization;  // the type of most of its bytes
  uint64_t parameters = 0;
  uint64_t context = 0;  // tokens
  std::string chat_template;
  std::string licence;
  nlohmann::ordered_json metadata;  // all keys, long lists as null
};

class ModelList {
 public:
  // `store`: absent where there is no folder for one. `models`: how what a name means is found.
  ModelList(std::optional<Store> store, std::vector<std::string> given,
            const ModelHostOptions& models)
      : store_(std::move(store)), given_(std::move(given)), find_(models.find) {}

  std::vector<ListedModel> all() const;
  // Errors: kNotFound.
  Result<ListedModel> find(const std::string& name) const;
  // Kept for the next time. Errors: kNotFound, those of MappedGguf::open().
  Result<std::shared_ptr<const ModelFacts>> facts(const std::string& name) const;
  // What a model brings along. Errors: those of ModelHostOptions::find.
  Result<ModelSettings> settings(const std::string& name) const;
  // Makes `name` a model of the files of `from`, which is of the store, with settings that have
  // been checked. Errors: those of Store::create(), facts() and check_settings_fit(); kUnavailable
  // where there is no store.
  Result<Manifest> create(const std::string& from, const std::string& name,
                          const ModelSettings& settings) const;
  // Errors: those of Store::remove() and copy(); kUnavailable where there is no store.
  Result<void> remove(const std::string& name) const;
  Result<void> copy(const std::string& from, const std::string& to) const;

 private:
  const std::optional<Store> store_;
  const std::vector<std::string> given_;
  const std::function<Result<ResolvedModel>(const std::string&)> find_;
  mutable std::mutex mutex_;
  mutable std::map<std::filesystem::path, std::shared_ptr<const ModelFacts>> facts_;
};

}  // namespace hearth
