// SPDX-License-Identifier: Apache-2.0
// From tokens to the syntax tree: Jinja's grammar and precedences (jinja2.parser 3.1). Recursive
// descent, its depth bounded by kNestingMax.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "template/ast.h"
#include "template/lexer.h"

namespace hearth::jinja {

// Errors: kCorrupt (syntax: line and cause; a bound), kUnsupported (names the construct and its
// line).
Result<std::unique_ptr<const Program>> parse_program(std::string_view source);

// The parser proper; statements in parser.cc, expressions in expressions.cc.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens);
  Result<std::unique_ptr<const Program>> run();

 private:
  using Parsed = Result<const Expression*>;
  // Whether `a if b else c` may stand at the top of the expression.
  enum class Ternary { kAllowed, kForbidden };

  // Counts what the parser recurses on for the scope it is in.
  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Parser& parser_;
  };
  Result<void> check_nesting() const;

  // Tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& look() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  bool at_operator(std::string_view text) const;
  bool at_name(std::string_view text) const;
  bool skip_operator(std::string_view text);
  bool skip_name(std::string_view text);
  void advance();
  Result<void> expect_operator(std::string_view text);
  Result<void> expect_name(std::string_view text);
  Result<std::string> expect_any_name();
  Result<void> expect_end(TokenKind end);
  Error error(std::string_view message) const;
  Error unsupported(std::string_view construct) const;
  Error unexpected() const;

  // Nodes.
  SymbolId symbol(const std::string& name);
  Parsed make(uint32_t line, Expression::Node node);
  const Statement* make_statement(uint32_t line, Statement::Node node);

  // Statements. Where a body ends, parse_body leaves the current token on the name of the tag that
  // ends it.
  Result<Block> parse_body(const std::vector<std::string_view>& ends);
  Result<void> parse_pieces(Block& block, const std::vector<std::string_view>& ends);
  Result<const Statement*> parse_statement();
  Result<const Statement*> parse_if();
  Result<const Statement*> parse_for();
  Result<const Statement*> parse_set();
  Result<const Statement*> parse_macro();
  Result<const Statement*> parse_with();
  Result<const Statement*> parse_generation();
  Result<const Statement*> parse_loop_control();
  Result<std::vector<Parameter>> parse_parameters();
  Error unknown_tag(const std::string& name) const;
  Result<Target> parse_target();
  Result<Target> parse_one_target();
  bool assigns_loop(const Target& target) const;

  // Expressions, from the loosest binding to the tightest.
  Parsed parse_tuple(Ternary ternary);
  Parsed parse_expression();
  Parsed parse_or();
  Parsed parse_and();
  Parsed parse_not();
  Parsed parse_comparison();
  Parsed parse_sum();
  Parsed parse_concatenation();
  Parsed parse_product();
  Parsed parse_power();
  Parsed parse_unary();
  Parsed parse_signed();
  Parsed parse_primary();
  Parsed parse_name();
  Parsed parse_string();
  Parsed parse_parenthesized();
  Parsed parse_list();
  Parsed parse_dict();
  Parsed parse_postfix(const Expression* value);
  Parsed parse_attribute(const Expression* value);
  Parsed parse_subscript(const Expression* value);
  Parsed parse_filters_and_tests(const Expression* value);
  Parsed parse_filters(const Expression* value);
  Parsed parse_test(const Expression* value);
  Parsed parse_call(const Expression* value);
  Result<CallArguments> parse_arguments();
  bool at_tuple_end() const;
  bool at_test_argument() const;

  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  int loops_ = 0;   // for statements around the current one, within its macro
  int macros_ = 0;  // macros around it
  std::unique_ptr<Program> program_;
  std::unordered_map<std::string, SymbolId> symbols_;
};

}  // namespace hearth::jinja
