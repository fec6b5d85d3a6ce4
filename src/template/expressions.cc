// SPDX-License-Identifier: Apache-2.0
// The parser's half for expressions.
#include <algorithm>

#include "base/strings.h"
#include "template/builtins.h"
#include "template/limits.h"
#include "template/parser.h"

namespace hearth::jinja {
namespace {

void include_height(int& height, const Expression* child) {
  if (child != nullptr) height = std::max(height, child->height);
}

void include_height(int& height, const std::vector<const Expression*>& children) {
  for (const Expression* child : children) include_height(height, child);
}

void include_height(int& height, const CallArguments& arguments) {
  include_height(height, arguments.positional);
  for (const auto& [name, value] : arguments.keyword) include_height(height, value);
}

// The greatest height among a node's children, one overload a shape.
struct ChildHeight {
  int height = 0;

  void operator()(const Literal&) {}
  void operator()(const Name&) {}
  void operator()(const ListLiteral& node) { include_height(height, node.items); }
  void operator()(const TupleLiteral& node) { include_height(height, node.items); }
  void operator()(const DictLiteral& node) {
    for (const auto& [key, value] : node.items) {
      include_height(height, key);
      include_height(height, value);
    }
  }
  void operator()(const AttributeAccess& node) { include_height(height, node.object); }
  void operator()(const ItemAccess& node) {
    include_height(height, node.object);
    include_height(height, node.index);
  }
  void operator()(const SliceAccess& node) {
    include_height(height, {node.object, node.start, node.stop, node.step});
  }
  void operator()(const Call& node) {
    include_height(height, node.callee);
    include_height(height, node.arguments);
  }
  void operator()(const FilterCall& node) {
    include_height(height, node.operand);
    include_height(height, node.arguments);
  }
  void operator()(const TestCall& node) {
    include_height(height, node.operand);
    include_height(height, node.arguments);
  }
  void operator()(const Unary& node) { include_height(height, node.operand); }
  void operator()(const Arithmetic& node) { include_height(height, {node.left, node.right}); }
  void operator()(const Logical& node) { include_height(height, {node.left, node.right}); }
  void operator()(const Comparison& node) {
    include_height(height, node.first);
    for (const auto& [op, operand] : node.rest) include_height(height, operand);
  }
  void operator()(const Concatenation& node) { include_height(height, node.parts); }
  void operator()(const Conditional& node) {
    include_height(height, {node.condition, node.then, node.otherwise});
  }
};

}  // namespace

Parser::Parsed Parser::make(uint32_t line, Expression::Node node) {
  ChildHeight children;
  std::visit(children, node);
  if (children.height >= kExpressionHeightMax) {
    return error(limit_error("the depth of an expression", kExpressionHeightMax).message());
  }
  return &program_->expressions.emplace_back(
      Expression{line, children.height + 1, std::move(node)});
}

bool Parser::at_tuple_end() const {
  return current().kind == TokenKind::kVariableEnd || current().kind == TokenKind::kBlockEnd ||
         at_operator(")") || at_name("recursive");
}

// An expression, or a tuple of several with commas between them.
Parser::Parsed Parser::parse_tuple(Ternary ternary) {
  const uint32_t line = current().line;
  std::vector<const Expression*> items;
  bool is_tuple = false;
  while (!(is_tuple && at_tuple_end())) {
    HEARTH_ASSIGN(const Expression* item,
                  ternary == Ternary::kAllowed ? parse_expression() : parse_or());
    items.push_back(item);
    if (!skip_operator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple) return items[0];
  return make(line, TupleLiteral{std::move(items)});
}

Parser::Parsed Parser::parse_expression() {
  const Nesting nesting(*this);
  HEARTH_TRY(check_nesting());
  uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* value, parse_or());
  while (skip_name("if")) {
    HEARTH_ASSIGN(const Expression* condition, parse_or());
    const Expression* otherwise = nullptr;
    if (skip_name("else")) {
      HEARTH_ASSIGN(otherwise, parse_expression());
    }
    HEARTH_ASSIGN(value, make(line, Conditional{condition, value, otherwise}));
    line = current().line;
  }
  return value;
}

Parser::Parsed Parser::parse_or() {
  const uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* left, parse_and());
  while (skip_name("or")) {
    HEARTH_ASSIGN(const Expression* right, parse_and());
    HEARTH_ASSIGN(left, make(line, Logical{LogicalOperator::kOr, left, right}));
  }
  return left;
}

Parser::Parsed Parser::parse_and() {
  const uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* left, parse_not());
  while (skip_name("and")) {
    HEARTH_ASSIGN(const Expression* right, parse_not());
    HEARTH_ASSIGN(left, make(line, Logical{LogicalOperator::kAnd, left, right}));
  }
  return left;
}

Parser::Parsed Parser::parse_not() {
  const Nesting nesting(*this);
  HEARTH_TRY(check_nesting());
  const uint32_t line = current().line;
  if (!skip_name("not")) return parse_comparison();
  HEARTH_ASSIGN(const Expression* operand, parse_not());
  return make(line, Unary{UnaryOperator::kNot, operand});
}

Parser::Parsed Parser::parse_comparison() {
  constexpr std::pair<std::string_view, ComparisonOperator> kOperators[] = {
      {"==", ComparisonOperator::kEqual},  {"!=", ComparisonOperator::kNotEqual},
      {"<", ComparisonOperator::kLess},    {"<=", ComparisonOperator::kLessEqual},
      {">", ComparisonOperator::kGreater}, {">=", ComparisonOperator::kGreaterEqual}};
  const uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* first, parse_sum());
  Comparison comparison{first, {}};
  while (true) {
    const auto* op = std::find_if(std::begin(kOperators), std::end(kOperators),
                                  [&](const auto& entry) { return at_operator(entry.first); });
    ComparisonOperator found = ComparisonOperator::kIn;
    if (op != std::end(kOperators)) {
      found = op->second;
    } else if (at_name("not") && look().kind == TokenKind::kName && look().text == "in") {
      found = ComparisonOperator::kNotIn;
      advance();
    } else if (!at_name("in")) {
      break;
    }
    advance();
    HEARTH_ASSIGN(const Expression* operand, parse_sum());
    comparison.rest.emplace_back(found, operand);
  }
  if (comparison.rest.empty()) return first;
  return make(line, std::move(comparison));
}

Parser::Parsed Parser::parse_sum() {
  const uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* left, parse_concatenation());
  while (at_operator("+") || at_operator("-")) {
    const ArithmeticOperator op =
        at_operator("+") ? ArithmeticOperator::kAdd : ArithmeticOperator::kSubtract;
    advance();
    HEARTH_ASSIGN(const Expression* right, parse_concatenation());
    HEARTH_ASSIGN(left, make(line, Arithmetic{op, left, right}));
  }
  return left;
}

Parser::Parsed Parser::parse_concatenation() {
  const uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* first, parse_product());
  if (!at_operator("~")) return first;
  Concatenation concatenation{{first}};
  while (skip_operator("~")) {
    HEARTH_ASSIGN(const Expression* next, parse_product());
    concatenation.parts.push_back(next);
  }
  return make(line, std::move(concatenation));
}

Parser::Parsed Parser::parse_product() {
  constexpr std::pair<std::string_view, ArithmeticOperator> kOperators[] = {
      {"*", ArithmeticOperator::kMultiply},
      {"/", ArithmeticOperator::kDivide},
      {"//", ArithmeticOperator::kFloorDivide},
      {"%", ArithmeticOperator::kModulo}};
  const uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* left, parse_power());
  while (true) {
    const auto* op = std::find_if(std::begin(kOperators), std::end(kOperators),
                                  [&](const auto& entry) { return at_operator(entry.first); });
    if (op == std::end(kOperators)) return left;
    advance();
    HEARTH_ASSIGN(const Expression* right, parse_power());
    HEARTH_ASSIGN(left, make(line, Arithmetic{op->second, left, right}));
  }
}

Parser::Parsed Parser::parse_power() {
  const uint32_t line = current().line;
  HEARTH_ASSIGN(const Expression* left, parse_unary());
  while (skip_operator("**")) {
    HEARTH_ASSIGN(const Expression* right, parse_unary());
    HEARTH_ASSIGN(left, make(line, Arithmetic{ArithmeticOperator::kPower, left, right}));
  }
  return left;
}

Parser::Parsed Parser::parse_unary() {
  HEARTH_ASSIGN(const Expression* value, parse_signed());
  return parse_filters_and_tests(value);
}

Parser::Parsed Parser::parse_signed() {
  const Nesting nesting(*this);
  HEARTH_TRY(check_nesting());
  const uint32_t line = current().line;
  const Expression* value = nullptr;
  if (at_operator("-") || at_operator("+")) {
    const UnaryOperator op = at_operator("-") ? UnaryOperator::kNegate : UnaryOperator::kPlus;
    advance();
    HEARTH_ASSIGN(const Expression* operand, parse_signed());
    HEARTH_ASSIGN(value, make(line, Unary{op, operand}));
  } else {
    HEARTH_ASSIGN(value, parse_primary());
  }
  return parse_postfix(value);
}

Parser::Parsed Parser::parse_primary() {
  const uint32_t line = current().line;
  switch (current().kind) {
    case TokenKind::kName:
      return parse_name();
    case TokenKind::kString:
      return parse_string();
    case TokenKind::kInteger: {
      const int64_t integer = current().integer;
      advance();
      return make(line, Literal{{integer}});
    }
    case TokenKind::kFloat: {
      const double number = current().number;
      advance();
      return make(line, Literal{{number}});
    }
    default:
      break;
  }
  if (at_operator("(")) return parse_parenthesized();
  if (at_operator("[")) return parse_list();
  if (at_operator("{")) return parse_dict();
  return unexpected().with_context("expected an expression");
}

Parser::Parsed Parser::parse_name() {
  const uint32_t line = current().line;
  const std::string& name = current().text;
  if (macros_ > 0 && (name == "varargs" || name == "kwargs" || name == "caller")) {
    return unsupported(concat("'", name, "' in a macro"));
  }
  Expression::Node node = Name{};
  if (name == "true" || name == "True") {
    node = Literal{{true}};
  } else if (name == "false" || name == "False") {
    node = Literal{{false}};
  } else if (name == "none" || name == "None") {
    node = Literal{{std::monostate{}}};
  } else {
    node = Name{symbol(name)};
  }
  advance();
  return make(line, std::move(node));
}

Parser::Parsed Parser::parse_string() {
  const uint32_t line = current().line;
  std::string text;
  while (current().kind == TokenKind::kString) {
    text += current().text;
    advance();
  }
  return make(line, Literal{{std::move(text)}});
}

Parser::Parsed Parser::parse_parenthesized() {
  const uint32_t line = current().line;
  advance();
  if (skip_operator(")")) return make(line, TupleLiteral{});
  HEARTH_ASSIGN(const Expression* value, parse_tuple(Ternary::kAllowed));
  HEARTH_TRY(expect_operator(")"));
  return value;
}

Parser::Parsed Parser::parse_list() {
  const uint32_t line = current().line;
  advance();
  ListLiteral list;
  while (!skip_operator("]")) {
    if (!list.items.empty()) {
      HEARTH_TRY(expect_operator(","));
      if (skip_operator("]")) break;
    }
    HEARTH_ASSIGN(const Expression* item, parse_expression());
    list.items.push_back(item);
  }
  return make(line, std::move(list));
}

Parser::Parsed Parser::parse_dict() {
  const uint32_t line = current().line;
  advance();
  DictLiteral dict;
  while (!skip_operator("}")) {
    if (!dict.items.empty()) {
      HEARTH_TRY(expect_operator(","));
      if (skip_operator("}")) break;
    }
    HEARTH_ASSIGN(const Expression* key, parse_expression());
    HEARTH_TRY(expect_operator(":"));
    HEARTH_ASSIGN(const Expression* value, parse_expression());
    dict.items.emplace_back(key, value);
  }
  return make(line, std::move(dict));
}

Parser::Parsed Parser::parse_postfix(const Expression* value) {
  while (true) {
    if (at_operator(".")) {
      HEARTH_ASSIGN(value, parse_attribute(value));
    } else if (at_operator("[")) {
      HEARTH_ASSIGN(value, parse_subscript(value));
    } else if (at_operator("(")) {
      HEARTH_ASSIGN(value, parse_call(value));
    } else {
      return value;
    }
  }
}

Parser::Parsed Parser::parse_attribute(const Expression* value) {
  const uint32_t line = current().line;
  advance();
  if (current().kind == TokenKind::kInteger) {
    HEARTH_ASSIGN(const Expression* index, make(line, Literal{{current().integer}}));
    advance();
    return make(line, ItemAccess{value, index});
  }
  HEARTH_ASSIGN(std::string name, expect_any_name());
  return make(line, AttributeAccess{value, std::move(name)});
}

Parser::Parsed Parser::parse_subscript(const Expression* value) {
  const uint32_t line = current().line;
  advance();
  SliceAccess slice{value, nullptr, nullptr, nullptr};
  if (!at_operator(":")) {
    HEARTH_ASSIGN(slice.start, parse_expression());
    if (at_operator(",")) return unsupported("an index with a comma");
    if (skip_operator("]")) return make(line, ItemAccess{value, slice.start});
  }
  HEARTH_TRY(expect_operator(":"));
  if (!at_operator(":") && !at_operator("]")) {
    HEARTH_ASSIGN(slice.stop, parse_expression());
  }
  if (skip_operator(":") && !at_operator("]")) {
    HEARTH_ASSIGN(slice.step, parse_expression());
  }
  HEARTH_TRY(expect_operator("]"));
  return make(line, slice);
}

Parser::Parsed Parser::parse_filters_and_tests(const Expression* value) {
  while (true) {
    if (at_operator("|")) {
      HEARTH_ASSIGN(value, parse_filters(value));
    } else if (at_name("is")) {
      HEARTH_ASSIGN(value, parse_test(value));
    } else if (at_operator("(")) {
      HEARTH_ASSIGN(value, parse_call(value));
    } else {
      return value;
    }
  }
}

Parser::Parsed Parser::parse_filters(const Expression* value) {
  while (at_operator("|")) {
    advance();
    const uint32_t line = current().line;
    FilterCall call{value, {}, nullptr, {}};
    HEARTH_ASSIGN(call.name, expect_any_name());
    call.filter = find_filter(call.name);
    if (at_operator("(")) {
      HEARTH_ASSIGN(call.arguments, parse_arguments());
    }
    HEARTH_ASSIGN(value, make(line, std::move(call)));
  }
  return value;
}

bool Parser::at_test_argument() const {
  switch (current().kind) {
    case TokenKind::kName:
      return !at_name("else") && !at_name("or") && !at_name("and");
    case TokenKind::kString:
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return true;
    default:
      return at_operator("[") || at_operator("{");
  }
}

Parser::Parsed Parser::parse_test(const Expression* value) {
  const uint32_t line = current().line;
  advance();
  const bool negated = skip_name("not");
  TestCall call{value, {}, nullptr, {}};
  HEARTH_ASSIGN(call.name, expect_any_name());
  call.test = find_test(call.name);
  if (at_operator("(")) {
    HEARTH_ASSIGN(call.arguments, parse_arguments());
  } else if (at_test_argument()) {
    if (at_name("is")) return error("tests cannot be chained with 'is'");
    HEARTH_ASSIGN(const Expression* primary, parse_primary());
    HEARTH_ASSIGN(const Expression* argument, parse_postfix(primary));
    call.arguments.positional.push_back(argument);
  }
  HEARTH_ASSIGN(const Expression* test, make(line, std::move(call)));
  if (!negated) return test;
  return make(line, Unary{UnaryOperator::kNot, test});
}

Parser::Parsed Parser::parse_call(const Expression* value) {
  const uint32_t line = current().line;
  HEARTH_ASSIGN(CallArguments arguments, parse_arguments());
  return make(line, Call{value, std::move(arguments)});
}

Result<CallArguments> Parser::parse_arguments() {
  const Nesting nesting(*this);
  HEARTH_TRY(check_nesting());
  CallArguments arguments;
  HEARTH_TRY(expect_operator("("));
  bool first = true;
  while (!skip_operator(")")) {
    if (!std::exchange(first, false)) {
      HEARTH_TRY(expect_operator(","));
      if (skip_operator(")")) break;
    }
    if (at_operator("*") || at_operator("**")) {
      return unsupported(concat("'", current().text, "' in a call's arguments"));
    }
    if (current().kind == TokenKind::kName && look().kind == TokenKind::kOperator &&
        look().text == "=") {
      std::string name = current().text;
      advance();
      advance();
      HEARTH_ASSIGN(const Expression* value, parse_expression());
      arguments.keyword.emplace_back(std::move(name), value);
      continue;
    }
    if (!arguments.keyword.empty()) return error("a positional argument after a named one");
    HEARTH_ASSIGN(const Expression* value, parse_expression());
    arguments.positional.push_back(value);
  }
  return arguments;
}

}  // namespace hearth::jinja
