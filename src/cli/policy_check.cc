// SPDX-License-Identifier: Apache-2.0
// hearth policy check: compiles a policy and prints what it permits in every state.
#include <bit>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/policy_file.h"
#include "cli/table.h"
#include "route/policy_states.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

class PolicyCheckCommand : public Command {
 public:
  std::string name() const override { return "policy check"; }
  std::string summary() const override {
    return "Check a policy and print what may leave, and when";
  }
  void declare(Options& options) override {
    options.text({"FILE", "FILE", "The policy (TOML)"}, file_, Presence::kRequired);
  }
  Result<int> run(const CommandContext& context) override;

 private:
  std::string file_;
};

// The values of a dimension: "any", their names, or of many those that are missing.
std::string values_text(std::size_t dimension, BitSet values) {
  const auto names = state_values(dimension);
  if (values == all_of_first(names.size())) return "any";
  std::string text;
  const BitSet missing = all_of_first(names.size()) & ~values;
  if (std::popcount(values) > 4) return "all but " + values_text(dimension, missing);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (has_bit(values, i)) text += concat(text.empty() ? "" : ", ", names[i]);
  }
  return text;
}

std::string outcome_text(const Policy& policy, const StateGroup& group) {
  const BitSet plain = group.targets & ~group.redacted;
  std::string text = plain != 0 ? target_list(policy, plain, "") : "";
  if (group.redacted != 0) {
    text +=
        concat(text.empty() ? "" : "; ", "redacted to ", target_list(policy, group.redacted, ""));
  }
  return text;
}

// Groups in which something may leave, without the columns in which all of them say "any".
std::string outcome_table(const Policy& policy, const std::vector<StateGroup>& groups) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < kStateDimensions; ++i) {
    bool matters = false;
    for (const StateGroup& group : groups) {
      matters |= group.targets != 0 && values_text(i, group.values[i]) != "any";
    }
    if (matters) shown.push_back(i);
  }
  std::vector<std::string> heading;
  for (const std::size_t i : shown) heading.emplace_back(kStateDimensionNames[i]);
  heading.push_back("may go to");
  Table table(heading);
  for (const StateGroup& group : groups) {
    if (group.targets == 0) continue;
    std::vector<std::string> cells;
    for (const std::size_t i : shown) cells.push_back(values_text(i, group.values[i]));
    cells.push_back(outcome_text(policy, group));
    table.add(cells);
  }
  return table.text();
}

std::string check_text(const Policy& policy, std::size_t states,
                       const std::vector<StateGroup>& groups) {
  std::string text =
      concat(policy.file, ": sound; ", policy.targets.size(), " targets, ", policy.rules.size(),
             " rules, ", states, " states, of which none permits more than a better one\n");
  if (policy.targets.empty()) return text + "\nNothing leaves, in any state.\n";
  return concat(text, "\n", outcome_table(policy, groups),
                "\nEverywhere else nothing leaves. This machine may always answer.\n");
}

Json target_names(const Policy& policy, BitSet targets) {
  Json names = Json::array();
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    if (has_bit(targets, i)) names.push_back(policy.targets[i].name);
  }
  return names;
}

Json policy_json(const Policy& policy, std::size_t states, const std::vector<StateGroup>& groups) {
  Json targets = Json::array();
  for (const RemoteTarget& target : policy.targets) {
    targets.push_back({{"name", target.name},
                       {"url", target.url},
                       {"model", target.model},
                       {"accepts", sensitivity_name(target.accepts)}});
  }
  Json rules = Json::array();
  for (const PolicyRule& rule : policy.rules) {
    rules.push_back({{"name", rule.name}, {"line", rule.line}});
  }
  Json rows = Json::array();
  for (const StateGroup& group : groups) {
    Json row;
    for (std::size_t i = 0; i < kStateDimensions; ++i) {
      Json values = Json::array();
      for (std::size_t k = 0; k < state_values(i).size(); ++k) {
        if (has_bit(group.values[i], k)) values.push_back(state_values(i)[k]);
      }
      row[std::string(kStateDimensionNames[i])] = std::move(values);
    }
    row["targets"] = target_names(policy, group.targets);
    row["redacted"] = target_names(policy, group.redacted);
    rows.push_back(std::move(row));
  }
  Json outcomes = Json::array();
  for_each_state([&](const StatePoint& point) {
    const Permission permission = permit(policy, facts_of(point));
    Json outcome;
    for (std::size_t i = 0; i < kStateDimensions; ++i) {
      outcome[std::string(kStateDimensionNames[i])] = state_values(i)[point[i]];
    }
    outcome["targets"] = target_names(policy, permission.targets);
    outcome["redacted"] = target_names(policy, permission.redacted & permission.targets);
    outcomes.push_back(std::move(outcome));
  });
  return {{"file", policy.file},       {"targets", std::move(targets)},
          {"rules", std::move(rules)}, {"states", states},
          {"rows", std::move(rows)},   {"outcomes", std::move(outcomes)}};
}

Result<int> PolicyCheckCommand::run(const CommandContext& context) {
  HEARTH_ASSIGN(const Policy policy, read_policy_file(file_));
  if (const auto widening = find_widening(policy)) {
    return Error(ErrorCode::kInternal,
                 concat(policy.file, ": ", *widening, "; please report this with the file"));
  }
  std::size_t states = 0;
  for_each_state([&](const StatePoint&) { ++states; });
  const std::vector<StateGroup> groups = group_states(policy);
  if (context.json) {
    context.out.write_json(policy_json(policy, states, groups));
  } else {
    context.out.write(terminal_text(check_text(policy, states, groups)));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_policy_check_command() {
  return std::make_unique<PolicyCheckCommand>();
}

}  // namespace hearth
