// SPDX-License-Identifier: Apache-2.0
// The interpreter's half for expressions.
#include <algorithm>

#include "base/strings.h"
#include "template/interpreter.h"
#include "template/operators.h"

namespace hearth::jinja {

Result<Value> Interpreter::evaluate(const Expression& expression) {
  HEARTH_TRY(enter(expression.line));
  auto value = std::visit([&](const auto& node) { return evaluate(node); }, expression.node);
  leave();
  if (!value.ok()) return located(std::move(value).error(), expression.line);
  return value;
}

Result<Value> Interpreter::evaluate(const Literal& node) {
  return borrow_value(node.value, Origin::kTemplate);
}

Result<Value> Interpreter::look_up(SymbolId symbol) {
  std::size_t searched = 0;
  for (const Scope* scope = scope_.get(); scope != nullptr; scope = scope->outer.get()) {
    for (const auto& [name, value] : scope->variables) {
      if (name == symbol) return value;
    }
    searched += 1 + scope->variables.size();
  }
  HEARTH_TRY(budget_.spend(searched / 8));
  const auto& [variable, origin] = globals_[symbol];
  if (variable != nullptr) return borrow_value(*variable, origin);
  const std::string& name = program_.symbols[symbol];
  const bool available = name != "strftime_now" || options_.local_time.has_value();
  const Builtin* function = available ? find_function(name) : nullptr;
  if (function != nullptr) return Value{function};
  return Value{Undefined{name, {}}};
}

Result<Value> Interpreter::evaluate(const Name& node) { return look_up(node.symbol); }

Result<std::vector<Value>> Interpreter::evaluate_all(
    const std::vector<const Expression*>& expressions) {
  std::vector<Value> values;
  values.reserve(expressions.size());
  for (const Expression* expression : expressions) {
    HEARTH_ASSIGN(Value value, evaluate(*expression));
    values.push_back(std::move(value));
  }
  return values;
}

Result<Value> Interpreter::evaluate(const ListLiteral& node) {
  HEARTH_ASSIGN(std::vector<Value> items, evaluate_all(node.items));
  return list_value(ListKind::kList, std::move(items), budget_);
}

Result<Value> Interpreter::evaluate(const TupleLiteral& node) {
  HEARTH_ASSIGN(std::vector<Value> items, evaluate_all(node.items));
  return list_value(ListKind::kTuple, std::move(items), budget_);
}

Result<Value> Interpreter::evaluate(const DictLiteral& node) {
  Dict::Items items;
  items.reserve(node.items.size());
  for (const auto& [key_expression, value_expression] : node.items) {
    HEARTH_ASSIGN(Value key, evaluate(*key_expression));
    HEARTH_ASSIGN(Value value, evaluate(*value_expression));
    items.emplace_back(std::move(key), std::move(value));
  }
  HEARTH_ASSIGN(Dict dict, Dict::create(std::move(items), budget_));
  return Value{std::move(dict)};
}

Result<Value> Interpreter::evaluate(const AttributeAccess& node) {
  HEARTH_ASSIGN(const Value object, evaluate(*node.object));
  return get_attribute(object, node.name, budget_);
}

Result<Value> Interpreter::evaluate(const ItemAccess& node) {
  HEARTH_ASSIGN(const Value object, evaluate(*node.object));
  HEARTH_ASSIGN(const Value index, evaluate(*node.index));
  HEARTH_ASSIGN(Value item, get_item(object, index, budget_));
  const auto* literal = std::get_if<Literal>(&node.index->node);
  const auto* key = literal == nullptr ? nullptr : std::get_if<std::string>(&literal->value.value);
  if (item.is<Undefined>() && key != nullptr) return Value{Undefined{*key, type_name(object)}};
  return item;
}

Result<Value> Interpreter::evaluate(const SliceAccess& node) {
  HEARTH_ASSIGN(const Value object, evaluate(*node.object));
  Value parts[3];
  const Expression* const expressions[3] = {node.start, node.stop, node.step};
  for (int i = 0; i < 3; ++i) {
    if (expressions[i] == nullptr) continue;
    HEARTH_ASSIGN(parts[i], evaluate(*expressions[i]));
  }
  const auto part = [&](int i) { return expressions[i] == nullptr ? nullptr : &parts[i]; };
  return get_slice(object, part(0), part(1), part(2), budget_);
}

Result<Arguments> Interpreter::evaluate_arguments(const CallArguments& arguments) {
  Arguments evaluated;
  HEARTH_ASSIGN(evaluated.positional, evaluate_all(arguments.positional));
  for (const auto& [name, expression] : arguments.keyword) {
    HEARTH_ASSIGN(Value value, evaluate(*expression));
    evaluated.keyword.emplace_back(name, std::move(value));
  }
  return evaluated;
}

Result<Value> Interpreter::evaluate(const Call& node) {
  if (const auto* attribute = std::get_if<AttributeAccess>(&node.callee->node)) {
    return call_attribute(*attribute, node.arguments);
  }
  HEARTH_ASSIGN(const Value callee, evaluate(*node.callee));
  if (const auto* undefined = callee.get<Undefined>();
      undefined != nullptr && undefined->owner.empty()) {
    return Error(ErrorCode::kUnsupported,
                 concat("the function '", printable(undefined->name), "' is not known"));
  }
  HEARTH_ASSIGN(const Arguments arguments, evaluate_arguments(node.arguments));
  return call(callee, arguments);
}

// object.name(...), without making a bound method of it.
Result<Value> Interpreter::call_attribute(const AttributeAccess& callee,
                                          const CallArguments& arguments) {
  HEARTH_ASSIGN(const Value object, evaluate(*callee.object));
  const Builtin* method = find_method(object, callee.name);
  if (method != nullptr) {
    HEARTH_ASSIGN(const Arguments evaluated, evaluate_arguments(arguments));
    return method->call(*this, object, evaluated);
  }
  if (is_mutating_method(object, callee.name)) {
    return Error(ErrorCode::kUnsupported, concat("the method '", callee.name, "' would change a ",
                                                 type_name(object), ", which templates may not"));
  }
  HEARTH_ASSIGN(const Value value, get_attribute(object, callee.name, budget_));
  if (is_missing_method(object, callee.name)) {
    return Error(ErrorCode::kUnsupported, concat("the method '", callee.name, "' of a '",
                                                 type_name(object), "' is not supported"));
  }
  HEARTH_ASSIGN(const Arguments evaluated, evaluate_arguments(arguments));
  return call(value, evaluated);
}

Result<Value> Interpreter::call(const Value& callee, const Arguments& arguments) {
  if (const auto* macro = callee.get<const Macro*>()) return call_macro(**macro, arguments);
  if (const auto* function = callee.get<const Builtin*>()) {
    return (*function)->call(*this, Value{}, arguments);
  }
  if (const auto* method = callee.get<std::shared_ptr<const BoundMethod>>()) {
    return find_method((*method)->receiver, (*method)->name)
        ->call(*this, (*method)->receiver, arguments);
  }
  if (const auto* undefined = callee.get<Undefined>()) return undefined_error(*undefined);
  return type_error(concat("'", type_name(callee), "' object is not callable"));
}

namespace {

Error unknown_error(std::string_view kind, std::string_view name) {
  return Error(ErrorCode::kUnsupported,
               concat("the ", kind, " '", printable(name), "' is not supported in chat templates"));
}

}  // namespace

Result<Value> Interpreter::evaluate(const FilterCall& node) {
  Value operand;
  if (node.operand == nullptr) {
    operand = *captured_;
  } else {
    HEARTH_ASSIGN(operand, evaluate(*node.operand));
  }
  if (node.filter == nullptr) return unknown_error("filter", node.name);
  HEARTH_ASSIGN(const Arguments arguments, evaluate_arguments(node.arguments));
  return node.filter->call(*this, operand, arguments);
}

Result<Value> Interpreter::evaluate(const TestCall& node) {
  HEARTH_ASSIGN(const Value operand, evaluate(*node.operand));
  if (node.test == nullptr) return unknown_error("test", node.name);
  HEARTH_ASSIGN(const Arguments arguments, evaluate_arguments(node.arguments));
  return node.test->call(*this, operand, arguments);
}

Result<Value> Interpreter::apply_filter(std::string_view name, const Value& operand,
                                        const Arguments& arguments) {
  HEARTH_TRY(budget_.spend(1));
  const Builtin* filter = find_filter(name);
  if (filter == nullptr) return unknown_error("filter", name);
  // map('map', 'map', ...) comes back here.
  if (depth_ >= kEvaluationDepthMax) {
    return limit_error("the depth of evaluation", kEvaluationDepthMax);
  }
  ++depth_;
  auto value = filter->call(*this, operand, arguments);
  leave();
  return value;
}

Result<bool> Interpreter::apply_test(std::string_view name, const Value& operand,
                                     const Arguments& arguments) {
  HEARTH_TRY(budget_.spend(1));
  const Builtin* test = find_test(name);
  if (test == nullptr) return unknown_error("test", name);
  HEARTH_ASSIGN(const Value passed, test->call(*this, operand, arguments));
  return is_truthy(passed);
}

Result<Value> Interpreter::evaluate(const Unary& node) {
  HEARTH_ASSIGN(const Value operand, evaluate(*node.operand));
  switch (node.op) {
    case UnaryOperator::kNot:
      return Value{!is_truthy(operand)};
    case UnaryOperator::kNegate:
      return negate(operand);
    case UnaryOperator::kPlus:
      return unary_plus(operand);
  }
  return operand;
}

Result<Value> Interpreter::evaluate(const Arithmetic& node) {
  HEARTH_ASSIGN(const Value left, evaluate(*node.left));
  HEARTH_ASSIGN(const Value right, evaluate(*node.right));
  return arithmetic(node.op, left, right, budget_);
}

Result<Value> Interpreter::evaluate(const Logical& node) {
  HEARTH_ASSIGN(Value left, evaluate(*node.left));
  if (is_truthy(left) == (node.op == LogicalOperator::kOr)) return left;
  return evaluate(*node.right);
}

Result<Value> Interpreter::evaluate(const Comparison& node) {
  HEARTH_ASSIGN(Value left, evaluate(*node.first));
  for (const auto& [op, expression] : node.rest) {
    HEARTH_ASSIGN(Value right, evaluate(*expression));
    HEARTH_ASSIGN(const bool holds, compare(op, left, right, budget_));
    if (!holds) return Value{false};
    left = std::move(right);
  }
  return Value{true};
}

Result<Value> Interpreter::evaluate(const Concatenation& node) {
  HEARTH_ASSIGN(const std::vector<Value> parts, evaluate_all(node.parts));
  return concatenate(parts, budget_);
}

Result<Value> Interpreter::evaluate(const Conditional& node) {
  HEARTH_ASSIGN(const Value condition, evaluate(*node.condition));
  if (is_truthy(condition)) return evaluate(*node.then);
  if (node.otherwise == nullptr) return Value{Undefined{"the inline if without else", {}}};
  return evaluate(*node.otherwise);
}

}  // namespace hearth::jinja
