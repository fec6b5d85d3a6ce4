// SPDX-License-Identifier: Apache-2.0
// Runs a parsed template over its variables. One interpreter is one rendering.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "template/ast.h"
#include "template/builtins.h"
#include "template/chat_template.h"
#include "template/limits.h"
#include "template/values.h"

namespace hearth::jinja {

// The variables of one block; inner scopes see outer ones and hide what they define themselves.
struct Scope {
  std::shared_ptr<Scope> outer;
  std::vector<std::pair<SymbolId, Value>> variables;
};

// A macro together with the scope in which it was defined.
struct Macro {
  const MacroDefinition* definition;
  std::shared_ptr<Scope> scope;
};

class Interpreter {
 public:
  // Borrows all three until run() has returned.
  Interpreter(const Program& program, const TemplateObject& variables,
              const RenderOptions& options);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // To be called once. Errors: those of ChatTemplate::render.
  Result<RenderedText> run();

  // For the builtins.
  Budget& budget() { return budget_; }
  const RenderOptions& options() const { return options_; }
  // Owned by the interpreter.
  Result<Namespace*> create_namespace();
  // A filter or a test by its name, as map() and select() take it. Errors: kUnsupported (no such
  // name), and its own.
  Result<Value> apply_filter(std::string_view name, const Value& operand,
                             const Arguments& arguments);
  Result<bool> apply_test(std::string_view name, const Value& operand, const Arguments& arguments);

 private:
  enum class Flow : uint8_t { kNext, kBreak, kContinue };

  // Enters a scope for as long as it lives.
  class ScopeGuard {
   public:
    ScopeGuard(Interpreter& interpreter, std::shared_ptr<Scope> scope);
    ~ScopeGuard();
    ScopeGuard(const ScopeGuard&) = delete;
    ScopeGuard& operator=(const ScopeGuard&) = delete;

   private:
    Interpreter& interpreter_;
    std::shared_ptr<Scope> before_;
  };
  std::shared_ptr<Scope> inner_scope() const { return inner_scope(scope_); }
  static std::shared_ptr<Scope> inner_scope(std::shared_ptr<Scope> outer);

  // Statements.
  Result<Flow> execute(const Block& block);
  Result<Flow> execute(const Statement& statement);
  Result<Flow> execute(const Data& data);
  Result<Flow> execute(const Print& print);
  Result<Flow> execute(const If& statement);
  Result<Flow> execute(const For& statement);
  Result<Flow> execute(const Set& set);
  Result<Flow> execute(const SetBlock& set);
  Result<Flow> execute(const MacroDefinition& macro);
  Result<Flow> execute(const With& with);
  Result<Flow> execute(const Generation& generation);
  Result<Flow> execute(const Break&) { return Flow::kBreak; }
  Result<Flow> execute(const Continue&) { return Flow::kContinue; }
  Result<bool> passes_filter(const For& statement, const Value& item);
  Result<List> loop_items(const For& statement);
  Result<Flow> execute_body(const For& statement, std::shared_ptr<Scope>& scope, Value item,
                            const std::shared_ptr<Loop>& loop);
  Result<void> assign(const Target& target, Value value);
  Result<void> assign_tuple(const Target& target, const Value& value);
  Result<void> assign_attribute(const Target& target, Value value);
  Result<void> define(SymbolId symbol, Value value);
  // What `body` prints, in a scope of its own.
  Result<Text> capture(const Block& body);

  // Expressions.
  Result<Value> evaluate(const Expression& expression);
  Result<Value> evaluate(const Literal& node);
  Result<Value> evaluate(const Name& node);
  Result<Value> evaluate(const ListLiteral& node);
  Result<Value> evaluate(const TupleLiteral& node);
  Result<Value> evaluate(const DictLiteral& node);
  Result<Value> evaluate(const AttributeAccess& node);
  Result<Value> evaluate(const ItemAccess& node);
  Result<Value> evaluate(const SliceAccess& node);
  Result<Value> evaluate(const Call& node);
  Result<Value> evaluate(const FilterCall& node);
  Result<Value> evaluate(const TestCall& node);
  Result<Value> evaluate(const Unary& node);
  Result<Value> evaluate(const Arithmetic& node);
  Result<Value> evaluate(const Logical& node);
  Result<Value> evaluate(const Comparison& node);
  Result<Value> evaluate(const Concatenation& node);
  Result<Value> evaluate(const Conditional& node);
  Result<Value> look_up(SymbolId symbol);
  Result<std::vector<Value>> evaluate_all(const std::vector<const Expression*>& expressions);
  Result<Arguments> evaluate_arguments(const CallArguments& arguments);
  Result<Value> call_attribute(const AttributeAccess& callee, const CallArguments& arguments);
  Result<Value> call(const Value& callee, const Arguments& arguments);
  Result<Value> call_macro(const Macro& macro, const Arguments& arguments);
  Result<void> bind_parameters(const Macro& macro, const Arguments& arguments);

  // Gives an error that has no line yet the one where it arose.
  Error located(Error error, uint32_t line);
  Result<void> enter(uint32_t line);
  void leave() { --depth_; }

  const Program& program_;
  const RenderOptions& options_;
  const TemplateObject& variables_;
  std::vector<std::pair<const TemplateValue*, Origin>> globals_;  // by SymbolId; null: not passed
  Budget budget_;
  TextBuilder* out_ = nullptr;
  std::shared_ptr<Scope> scope_;
  const Value* captured_ = nullptr;  // operand of the filters of a {% set %} block
  int depth_ = 0;
  std::optional<SymbolId> loop_symbol_;  // of the name "loop", where the template uses it
  bool is_located_ = false;
  std::deque<Namespace> namespaces_;
  std::deque<Macro> macros_;
};

}  // namespace hearth::jinja
