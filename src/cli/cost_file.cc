// SPDX-License-Identifier: Apache-2.0
#include "cli/cost_file.h"

#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "base/files.h"
#include "base/strings.h"
#include "base/xxh64.h"
#include "cli/machine.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kBytesMax = 4096;
constexpr double kMsMax = 1e7;  // nearly three hours, for a single step: no measurement

struct Field {
  const char* name;
  double CostModel::*ms;
};
constexpr std::array kFields = {Field{"load_ms", &CostModel::load_ms},
                                Field{"pass_ms", &CostModel::pass_ms},
                                Field{"token_ms", &CostModel::token_ms},
                                Field{"token_position_ms", &CostModel::token_position_ms},
                                Field{"answer_ms", &CostModel::answer_ms},
                                Field{"answer_position_ms", &CostModel::answer_position_ms}};

}  // namespace

Result<std::filesystem::path> costs_path(const Environment& environment, Engine& engine) {
  HEARTH_ASSIGN(const auto folder, environment.costs_folder());
  const Model& model = engine.model();
  const std::string name =
      concat(model.weights().identity.source, " ", cpu_name(), " ", isa_name(model.isa()), " ",
             engine.pool().size(), " ", static_cast<int>(model.kv_type()));
  return folder / concat(xxh64(std::as_bytes(std::span(name))), ".json");
}

std::optional<CostModel> read_costs(const std::filesystem::path& path) {
  const auto text = read_file(path, kBytesMax);
  if (!text.ok()) return std::nullopt;
  const Json document = Json::parse(*text, nullptr, false);
  if (!document.is_object() || document.value("version", Json()) != kVersion) return std::nullopt;
  CostModel costs;
  for (const auto& [name, ms] : kFields) {
    const auto field = document.find(name);
    if (field == document.end() || !field->is_number()) return std::nullopt;
    costs.*ms = field->get<double>();
    if (!(costs.*ms >= 0 && costs.*ms <= kMsMax)) return std::nullopt;
  }
  return costs;
}

Json costs_json(const CostModel& costs) {
  Json document;
  for (const auto& [name, ms] : kFields) document[name] = costs.*ms;
  return document;
}

Result<void> write_costs(const std::filesystem::path& path, const CostModel& costs) {
  Json document = costs_json(costs);
  document["version"] = kVersion;
  return write_file(path, document.dump() + "\n");
}

}  // namespace hearth
