// SPDX-License-Identifier: Apache-2.0
// The parsed form of a template. A Program owns all its nodes in two arenas; nodes point at each
// other. Immutable once parsed, so that renderings may share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "template/value.h"

namespace hearth::jinja {

struct Builtin;
struct Expression;
struct Statement;
using Block = std::vector<const Statement*>;
using SymbolId = uint32_t;  // index into Program::symbols

struct Literal {
  TemplateValue value;  // a scalar
};
struct Name {
  SymbolId symbol;
};
struct ListLiteral {
  std::vector<const Expression*> items;
};
struct TupleLiteral {
  std::vector<const Expression*> items;
};
struct DictLiteral {
  std::vector<std::pair<const Expression*, const Expression*>> items;
};
struct AttributeAccess {  // object.name
  const Expression* object;
  std::string name;
};
struct ItemAccess {  // object[index]
  const Expression* object;
  const Expression* index;
};
struct SliceAccess {  // object[start:stop:step]; an absent part is null
  const Expression* object;
  const Expression* start;
  const Expression* stop;
  const Expression* step;
};
struct CallArguments {
  std::vector<const Expression*> positional;
  std::vector<std::pair<std::string, const Expression*>> keyword;
};
struct Call {
  const Expression* callee;
  CallArguments arguments;
};
struct FilterCall {           // operand | name(arguments)
  const Expression* operand;  // null: what a {% set %} block has captured
  std::string name;
  const Builtin* filter;  // null: not known, an error once it is reached
  CallArguments arguments;
};
struct TestCall {  // operand is name(arguments)
  const Expression* operand;
  std::string name;
  const Builtin* test;  // null: as in FilterCall
  CallArguments arguments;
};
enum class UnaryOperator : uint8_t { kNot, kNegate, kPlus };
struct Unary {
  UnaryOperator op;
  const Expression* operand;
};
enum class ArithmeticOperator : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower
};
struct Arithmetic {
  ArithmeticOperator op;
  const Expression* left;
  const Expression* right;
};
enum class LogicalOperator : uint8_t { kAnd, kOr };
struct Logical {
  LogicalOperator op;
  const Expression* left;
  const Expression* right;
};
enum class ComparisonOperator : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn
};
struct Comparison {  // first < a <= b ...: each against its neighbour
  const Expression* first;
  std::vector<std::pair<ComparisonOperator, const Expression*>> rest;
};
struct Concatenation {  // a ~ b ~ c
  std::vector<const Expression*> parts;
};
struct Conditional {  // then if condition else otherwise
  const Expression* condition;
  const Expression* then;
  const Expression* otherwise;  // null: undefined
};

struct Expression {
  using Node = std::variant<Literal, Name, ListLiteral, TupleLiteral, DictLiteral, AttributeAccess,
                            ItemAccess, SliceAccess, Call, FilterCall, TestCall, Unary, Arithmetic,
                            Logical, Comparison, Concatenation, Conditional>;
  uint32_t line;
  int height;  // of the tree below and including this node
  Node node;
};

// What can stand left of "=" or between "for" and "in".
struct Target {
  enum class Kind : uint8_t { kName, kAttribute, kTuple };
  Kind kind = Kind::kName;
  SymbolId symbol = 0;    // kName, and the namespace of kAttribute
  std::string attribute;  // kAttribute
  std::vector<Target> items;
};

struct Data {  // text between the tags
  std::string text;
};
struct Print {
  const Expression* value;
};
struct If {
  std::vector<std::pair<const Expression*, Block>> branches;
  Block otherwise;
};
struct For {
  Target target;
  const Expression* iterable;
  const Expression* filter;  // null: none
  Block body;
  Block otherwise;
};
struct Set {
  Target target;
  const Expression* value;
};
struct SetBlock {
  Target target;
  const Expression* filter;  // null: none
  Block body;
};
struct Parameter {
  SymbolId symbol;
  const Expression* standard;  // default value; null: undefined
};
struct MacroDefinition {
  SymbolId name;
  std::vector<Parameter> parameters;
  Block body;
};
struct With {
  std::vector<std::pair<Target, const Expression*>> assignments;
  Block body;
};
struct Generation {  // transformers' mark around what the assistant says: only a scope here
  Block body;
};
struct Break {};
struct Continue {};

struct Statement {
  using Node = std::variant<Data, Print, If, For, Set, SetBlock, MacroDefinition, With, Generation,
                            Break, Continue>;
  uint32_t line;
  Node node;
};

struct Program {
  std::deque<Expression> expressions;
  std::deque<Statement> statements;
  std::vector<std::string> symbols;
  Block body;
};

}  // namespace hearth::jinja
