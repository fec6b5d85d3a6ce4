// SPDX-License-Identifier: Apache-2.0
// Statements, scopes and macros.
#include "template/interpreter.h"

#include <algorithm>

#include "base/strings.h"
#include "template/lexer.h"
#include "template/operators.h"

namespace hearth::jinja {
namespace {

bool is_deeper_than(const TemplateValue& value, int limit) {
  if (limit < 0) return true;
  if (const auto* array = std::get_if<TemplateArray>(&value.value)) {
    return std::any_of(array->begin(), array->end(),
                       [&](const TemplateValue& item) { return is_deeper_than(item, limit - 1); });
  }
  if (const auto* object = std::get_if<TemplateObject>(&value.value)) {
    return std::any_of(object->begin(), object->end(),
                       [&](const auto& item) { return is_deeper_than(item.value, limit - 1); });
  }
  return false;
}

}  // namespace

Interpreter::Interpreter(const Program& program, const TemplateObject& variables,
                         const RenderOptions& options)
    : program_(program), options_(options), variables_(variables) {}

Interpreter::~Interpreter() = default;

Result<RenderedText> Interpreter::run() {
  globals_.resize(program_.symbols.size());
  for (const auto& [name, value] : variables_) {
    if (is_deeper_than(value, kVariableDepthMax)) {
      return limit_error(concat("the depth of the variable '", printable(name), "'"),
                         kVariableDepthMax);
    }
    // bos_token and the like are the model's own; all else may hold what a user typed.
    const Origin origin = name.ends_with("_token") ? Origin::kTemplate : Origin::kInput;
    const auto symbol = std::find(program_.symbols.begin(), program_.symbols.end(), name);
    if (symbol != program_.symbols.end()) {
      globals_[static_cast<std::size_t>(symbol - program_.symbols.begin())] = {&value, origin};
    }
  }
  const auto loop = std::find(program_.symbols.begin(), program_.symbols.end(), "loop");
  if (loop != program_.symbols.end()) {
    loop_symbol_ = static_cast<SymbolId>(loop - program_.symbols.begin());
  }
  TextBuilder out;
  out_ = &out;
  scope_ = std::make_shared<Scope>();
  HEARTH_TRY(execute(program_.body));
  return out.finish_output();
}

Error Interpreter::located(Error error, uint32_t line) {
  if (std::exchange(is_located_, true)) return error;
  return error_at(error.code(), line, error.message());
}

Result<void> Interpreter::enter(uint32_t line) {
  ++depth_;
  if (depth_ > kEvaluationDepthMax) {
    --depth_;
    return located(limit_error("the depth of evaluation", kEvaluationDepthMax), line);
  }
  auto spent = budget_.spend(1);
  if (spent.ok()) return spent;
  --depth_;
  return located(std::move(spent).error(), line);
}

Interpreter::ScopeGuard::ScopeGuard(Interpreter& interpreter, std::shared_ptr<Scope> scope)
    : interpreter_(interpreter), before_(std::exchange(interpreter.scope_, std::move(scope))) {}

Interpreter::ScopeGuard::~ScopeGuard() { interpreter_.scope_ = std::move(before_); }

std::shared_ptr<Scope> Interpreter::inner_scope(std::shared_ptr<Scope> outer) {
  return std::make_shared<Scope>(Scope{std::move(outer), {}});
}

Result<Interpreter::Flow> Interpreter::execute(const Block& block) {
  for (const Statement* statement : block) {
    HEARTH_ASSIGN(const Flow flow, execute(*statement));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const Statement& statement) {
  HEARTH_TRY(enter(statement.line));
  auto flow = std::visit([&](const auto& node) { return execute(node); }, statement.node);
  leave();
  if (!flow.ok()) return located(std::move(flow).error(), statement.line);
  return flow;
}

Result<Interpreter::Flow> Interpreter::execute(const Data& data) {
  HEARTH_TRY(budget_.spend_bytes(data.text.size()));
  out_->append(data.text, Origin::kTemplate);
  if (out_->full()) return limit_error("the length of the output in bytes", int64_t{kTextBytesMax});
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const Print& print) {
  HEARTH_ASSIGN(const Value value, evaluate(*print.value));
  HEARTH_TRY(append_string(*out_, value, budget_));
  if (out_->full()) return limit_error("the length of the output in bytes", int64_t{kTextBytesMax});
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const If& statement) {
  for (const auto& [condition, body] : statement.branches) {
    HEARTH_ASSIGN(const Value value, evaluate(*condition));
    if (is_truthy(value)) return execute(body);
  }
  return execute(statement.otherwise);
}

Result<bool> Interpreter::passes_filter(const For& statement, const Value& item) {
  const ScopeGuard guard(*this, inner_scope());
  HEARTH_TRY(assign(statement.target, item));
  HEARTH_ASSIGN(const Value value, evaluate(*statement.filter));
  return is_truthy(value);
}

// What a loop goes over. Where the body may ask for loop.last or loop.length, the filter is applied
// beforehand.
Result<List> Interpreter::loop_items(const For& statement) {
  HEARTH_ASSIGN(const Value iterable, evaluate(*statement.iterable));
  HEARTH_ASSIGN(List items, iterate(iterable, budget_));
  if (statement.filter == nullptr || !loop_symbol_.has_value()) return items;
  std::vector<Value> passing;
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_ASSIGN(const bool passes, passes_filter(statement, items.at(i)));
    if (passes) passing.push_back(items.at(i));
  }
  return List::create(ListKind::kList, std::move(passing), budget_);
}

Result<Interpreter::Flow> Interpreter::execute_body(const For& statement,
                                                    std::shared_ptr<Scope>& scope, Value item,
                                                    const std::shared_ptr<Loop>& loop) {
  if (scope.use_count() > 1) {
    scope = inner_scope();  // a macro of the last round still needs the old one
  } else {
    scope->variables.clear();
  }
  const ScopeGuard guard(*this, scope);
  if (loop != nullptr) HEARTH_TRY(define(*loop_symbol_, Value{loop}));
  HEARTH_TRY(assign(statement.target, std::move(item)));
  return execute(statement.body);
}

Result<Interpreter::Flow> Interpreter::execute(const For& statement) {
  HEARTH_ASSIGN(const List items, loop_items(statement));
  std::shared_ptr<Loop> loop;
  if (loop_symbol_.has_value()) loop = std::make_shared<Loop>(Loop{items, 0});
  std::shared_ptr<Scope> scope = inner_scope();
  bool finished_a_round = false;  // as in Jinja, "else" also runs where every round was left early
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_TRY(budget_.spend(1));
    if (statement.filter != nullptr && loop == nullptr) {
      HEARTH_ASSIGN(const bool passes, passes_filter(statement, items.at(i)));
      if (!passes) continue;
    }
    if (loop != nullptr) loop->index0 = i;
    HEARTH_ASSIGN(const Flow flow, execute_body(statement, scope, items.at(i), loop));
    if (flow == Flow::kBreak) break;
    if (flow == Flow::kNext) finished_a_round = true;
  }
  if (finished_a_round || statement.otherwise.empty()) return Flow::kNext;
  const ScopeGuard guard(*this, inner_scope());
  return execute(statement.otherwise);
}

Result<Interpreter::Flow> Interpreter::execute(const Set& set) {
  HEARTH_ASSIGN(Value value, evaluate(*set.value));
  HEARTH_TRY(assign(set.target, std::move(value)));
  return Flow::kNext;
}

Result<Text> Interpreter::capture(const Block& body) {
  TextBuilder captured;
  TextBuilder* const before = std::exchange(out_, &captured);
  auto flow = execute(body);
  out_ = before;
  if (!flow.ok()) return std::move(flow).error();
  return captured.finish(budget_);
}

Result<Interpreter::Flow> Interpreter::execute(const SetBlock& set) {
  Value value;
  {
    const ScopeGuard guard(*this, inner_scope());
    HEARTH_ASSIGN(Text text, capture(set.body));
    value = {std::move(text)};
  }
  if (set.filter != nullptr) {
    const Value* const before = std::exchange(captured_, &value);
    auto filtered = evaluate(*set.filter);
    captured_ = before;
    HEARTH_ASSIGN(value, std::move(filtered));
  }
  HEARTH_TRY(assign(set.target, std::move(value)));
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const MacroDefinition& macro) {
  HEARTH_TRY(budget_.spend(4));
  macros_.push_back({&macro, scope_});
  HEARTH_TRY(define(macro.name, Value{&macros_.back()}));
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const With& with) {
  std::vector<Value> values;
  for (const auto& [target, expression] : with.assignments) {
    HEARTH_ASSIGN(Value value, evaluate(*expression));
    values.push_back(std::move(value));
  }
  const ScopeGuard guard(*this, inner_scope());
  for (std::size_t i = 0; i < values.size(); ++i) {
    HEARTH_TRY(assign(with.assignments[i].first, std::move(values[i])));
  }
  return execute(with.body);
}

Result<Interpreter::Flow> Interpreter::execute(const Generation& generation) {
  const ScopeGuard guard(*this, inner_scope());
  return execute(generation.body);
}

Result<void> Interpreter::assign(const Target& target, Value value) {
  switch (target.kind) {
    case Target::Kind::kName:
      return define(target.symbol, std::move(value));
    case Target::Kind::kAttribute:
      return assign_attribute(target, std::move(value));
    case Target::Kind::kTuple:
      return assign_tuple(target, value);
  }
  return {};
}

Result<void> Interpreter::assign_tuple(const Target& target, const Value& value) {
  if (const auto* undefined = value.get<Undefined>()) return undefined_error(*undefined);
  HEARTH_ASSIGN(const List items, iterate(value, budget_));
  if (items.size() != target.items.size()) {
    return type_error(
        concat("cannot unpack ", items.size(), " values into ", target.items.size(), " names"));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_TRY(assign(target.items[i], items.at(i)));
  }
  return {};
}

Result<void> Interpreter::assign_attribute(const Target& target, Value value) {
  HEARTH_ASSIGN(const Value object, look_up(target.symbol));
  const auto* space = object.get<Namespace*>();
  if (space == nullptr) {
    return type_error(concat("cannot assign the attribute '", target.attribute, "' of '",
                             program_.symbols[target.symbol], "': not a namespace"));
  }
  auto& attributes = (*space)->attributes;
  HEARTH_TRY(budget_.spend(1 + attributes.size() / 4));
  for (auto& [name, held] : attributes) {
    if (name != target.attribute) continue;
    held = std::move(value);
    return {};
  }
  attributes.emplace_back(target.attribute, std::move(value));
  return {};
}

Result<void> Interpreter::define(SymbolId symbol, Value value) {
  auto& variables = scope_->variables;
  HEARTH_TRY(budget_.spend(1 + variables.size() / 8));
  for (auto& [name, held] : variables) {
    if (name != symbol) continue;
    held = std::move(value);
    return {};
  }
  variables.emplace_back(symbol, std::move(value));
  return {};
}

Result<void> Interpreter::bind_parameters(const Macro& macro, const Arguments& arguments) {
  const auto& parameters = macro.definition->parameters;
  const std::string& name = program_.symbols[macro.definition->name];
  if (arguments.positional.size() > parameters.size()) {
    return type_error(
        concat("macro '", name, "' takes not more than ", parameters.size(), " arguments"));
  }
  std::size_t keywords_used = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& parameter = program_.symbols[parameters[i].symbol];
    Value value{Undefined{parameter, {}}};
    const auto keyword =
        std::find_if(arguments.keyword.begin(), arguments.keyword.end(),
                     [&](const auto& argument) { return argument.first == parameter; });
    if (i < arguments.positional.size()) {
      value = arguments.positional[i];
    } else if (keyword != arguments.keyword.end()) {
      value = keyword->second;
      ++keywords_used;
    } else if (parameters[i].standard != nullptr) {
      HEARTH_ASSIGN(value, evaluate(*parameters[i].standard));
    }
    HEARTH_TRY(define(parameters[i].symbol, std::move(value)));
  }
  if (keywords_used != arguments.keyword.size()) {
    return type_error(concat("macro '", name, "' got a named argument that it does not take"));
  }
  return {};
}

Result<Value> Interpreter::call_macro(const Macro& macro, const Arguments& arguments) {
  const ScopeGuard guard(*this, inner_scope(macro.scope));
  HEARTH_TRY(bind_parameters(macro, arguments));
  HEARTH_ASSIGN(Text text, capture(macro.definition->body));
  return Value{std::move(text)};
}

Result<Namespace*> Interpreter::create_namespace() {
  HEARTH_TRY(budget_.spend_bytes(sizeof(Namespace)));
  return &namespaces_.emplace_back();
}

}  // namespace hearth::jinja
