// SPDX-License-Identifier: Apache-2.0
#include "template/parser.h"

#include <algorithm>

#include "base/strings.h"
#include "template/limits.h"

namespace hearth::jinja {

Result<std::unique_ptr<const Program>> parse_program(std::string_view source) {
  HEARTH_ASSIGN(std::vector<Token> tokens, tokenize(source));
  return Parser(std::move(tokens)).run();
}

Parser::Parser(std::vector<Token> tokens)
    : tokens_(std::move(tokens)), program_(std::make_unique<Program>()) {}

Result<std::unique_ptr<const Program>> Parser::run() {
  HEARTH_TRY(parse_pieces(program_->body, {}));
  return std::unique_ptr<const Program>(std::move(program_));
}

Result<void> Parser::check_nesting() const {
  if (nesting_ <= kNestingMax) return {};
  return error(limit_error("the nesting of the template", kNestingMax).message());
}

bool Parser::at_operator(std::string_view text) const {
  return current().kind == TokenKind::kOperator && current().text == text;
}

bool Parser::at_name(std::string_view text) const {
  return current().kind == TokenKind::kName && current().text == text;
}

bool Parser::skip_operator(std::string_view text) {
  const bool there = at_operator(text);
  if (there) advance();
  return there;
}

bool Parser::skip_name(std::string_view text) {
  const bool there = at_name(text);
  if (there) advance();
  return there;
}

void Parser::advance() {
  if (at_ + 1 < tokens_.size()) ++at_;
}

Result<void> Parser::expect_operator(std::string_view text) {
  if (skip_operator(text)) return {};
  return unexpected().with_context(concat("expected '", text, "'"));
}

Result<void> Parser::expect_name(std::string_view text) {
  if (skip_name(text)) return {};
  return unexpected().with_context(concat("expected '", text, "'"));
}

Result<std::string> Parser::expect_any_name() {
  if (current().kind != TokenKind::kName) return unexpected().with_context("expected a name");
  std::string name = current().text;
  advance();
  return name;
}

Result<void> Parser::expect_end(TokenKind end) {
  if (current().kind != end) return unexpected();
  advance();
  return {};
}

Error Parser::error(std::string_view message) const {
  return error_at(ErrorCode::kCorrupt, current().line, message);
}

Error Parser::unsupported(std::string_view construct) const {
  return error_at(ErrorCode::kUnsupported, current().line,
                  concat(construct, " is not supported in chat templates"));
}

Error Parser::unexpected() const {
  switch (current().kind) {
    case TokenKind::kBlockEnd:
    case TokenKind::kVariableEnd:
      return error("unexpected end of tag");
    case TokenKind::kString:
      return error("unexpected string");
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return error("unexpected number");
    case TokenKind::kName:
    case TokenKind::kOperator:
      return error(concat("unexpected '", printable(current().text), "'"));
    default:
      return error("unexpected end of template");
  }
}

SymbolId Parser::symbol(const std::string& name) {
  const auto [entry, is_new] =
      symbols_.try_emplace(name, static_cast<SymbolId>(program_->symbols.size()));
  if (is_new) program_->symbols.push_back(name);
  return entry->second;
}

const Statement* Parser::make_statement(uint32_t line, Statement::Node node) {
  return &program_->statements.emplace_back(Statement{line, std::move(node)});
}

Result<Block> Parser::parse_body(const std::vector<std::string_view>& ends) {
  const Nesting nesting(*this);
  HEARTH_TRY(check_nesting());
  skip_operator(":");
  HEARTH_TRY(expect_end(TokenKind::kBlockEnd));
  Block block;
  HEARTH_TRY(parse_pieces(block, ends));
  if (current().kind == TokenKind::kEnd) {
    return error(concat("unexpected end of template: '", ends.back(), "' is missing"));
  }
  return block;
}

// Text, {{ }} and {% %} up to a tag whose name is one of `ends`, or to the end of the template.
Result<void> Parser::parse_pieces(Block& block, const std::vector<std::string_view>& ends) {
  while (current().kind != TokenKind::kEnd) {
    const uint32_t line = current().line;
    if (current().kind == TokenKind::kData) {
      block.push_back(make_statement(line, Data{current().text}));
      advance();
    } else if (current().kind == TokenKind::kVariableBegin) {
      advance();
      HEARTH_ASSIGN(const Expression* value, parse_tuple(Ternary::kAllowed));
      HEARTH_TRY(expect_end(TokenKind::kVariableEnd));
      block.push_back(make_statement(line, Print{value}));
    } else {
      HEARTH_TRY(expect_end(TokenKind::kBlockBegin));
      if (current().kind == TokenKind::kName &&
          std::find(ends.begin(), ends.end(), current().text) != ends.end()) {
        return {};
      }
      HEARTH_ASSIGN(const Statement* statement, parse_statement());
      block.push_back(statement);
      HEARTH_TRY(expect_end(TokenKind::kBlockEnd));
    }
  }
  return {};
}

Result<const Statement*> Parser::parse_statement() {
  if (current().kind != TokenKind::kName) return unexpected().with_context("expected a tag's name");
  if (at_name("if")) return parse_if();
  if (at_name("for")) return parse_for();
  if (at_name("set")) return parse_set();
  if (at_name("macro")) return parse_macro();
  if (at_name("with")) return parse_with();
  if (at_name("generation")) return parse_generation();
  if (at_name("break") || at_name("continue")) return parse_loop_control();
  return unknown_tag(current().text);
}

Error Parser::unknown_tag(const std::string& name) const {
  constexpr std::string_view kMisplaced[] = {"elif",    "else",          "endif",
                                             "endfor",  "endset",        "endmacro",
                                             "endwith", "endgeneration", "endraw"};
  if (std::find(std::begin(kMisplaced), std::end(kMisplaced), name) != std::end(kMisplaced)) {
    return error(concat("unexpected tag '", name, "'"));
  }
  return unsupported(concat("the tag '", printable(name), "'"));
}

Result<const Statement*> Parser::parse_if() {
  const uint32_t line = current().line;
  If statement;
  while (skip_name("if") || skip_name("elif")) {
    HEARTH_ASSIGN(const Expression* condition, parse_tuple(Ternary::kForbidden));
    HEARTH_ASSIGN(Block body, parse_body({"elif", "else", "endif"}));
    statement.branches.emplace_back(condition, std::move(body));
  }
  if (skip_name("else")) {
    HEARTH_ASSIGN(statement.otherwise, parse_body({"endif"}));
  }
  HEARTH_TRY(expect_name("endif"));
  return make_statement(line, std::move(statement));
}

bool Parser::assigns_loop(const Target& target) const {
  if (target.kind == Target::Kind::kName) return program_->symbols[target.symbol] == "loop";
  return std::any_of(target.items.begin(), target.items.end(),
                     [&](const Target& item) { return assigns_loop(item); });
}

Result<const Statement*> Parser::parse_for() {
  const uint32_t line = current().line;
  advance();
  For statement{};
  HEARTH_ASSIGN(statement.target, parse_target());
  if (assigns_loop(statement.target)) return error("cannot assign to 'loop' in a for loop");
  HEARTH_TRY(expect_name("in"));
  HEARTH_ASSIGN(statement.iterable, parse_tuple(Ternary::kForbidden));
  if (skip_name("if")) {
    HEARTH_ASSIGN(statement.filter, parse_expression());
  }
  if (at_name("recursive")) return unsupported("'recursive' in a for loop");
  ++loops_;
  auto body = parse_body({"else", "endfor"});
  --loops_;
  HEARTH_ASSIGN(statement.body, std::move(body));
  if (skip_name("else")) {
    HEARTH_ASSIGN(statement.otherwise, parse_body({"endfor"}));
  }
  HEARTH_TRY(expect_name("endfor"));
  return make_statement(line, std::move(statement));
}

Result<const Statement*> Parser::parse_set() {
  const uint32_t line = current().line;
  advance();
  HEARTH_ASSIGN(Target target, parse_target());
  if (skip_operator("=")) {
    HEARTH_ASSIGN(const Expression* value, parse_tuple(Ternary::kAllowed));
    return make_statement(line, Set{std::move(target), value});
  }
  const Expression* filter = nullptr;
  if (at_operator("|")) {
    HEARTH_ASSIGN(filter, parse_filters(nullptr));
  }
  HEARTH_ASSIGN(Block body, parse_body({"endset"}));
  HEARTH_TRY(expect_name("endset"));
  return make_statement(line, SetBlock{std::move(target), filter, std::move(body)});
}

Result<std::vector<Parameter>> Parser::parse_parameters() {
  std::vector<Parameter> parameters;
  HEARTH_TRY(expect_operator("("));
  while (!skip_operator(")")) {
    if (!parameters.empty()) HEARTH_TRY(expect_operator(","));
    HEARTH_ASSIGN(const std::string name, expect_any_name());
    Parameter parameter{symbol(name), nullptr};
    if (skip_operator("=")) {
      HEARTH_ASSIGN(parameter.standard, parse_expression());
    } else if (!parameters.empty() && parameters.back().standard != nullptr) {
      return error("a parameter without a default follows one that has a default");
    }
    parameters.push_back(parameter);
  }
  return parameters;
}

Result<const Statement*> Parser::parse_macro() {
  const uint32_t line = current().line;
  advance();
  MacroDefinition macro{};
  HEARTH_ASSIGN(const std::string name, expect_any_name());
  macro.name = symbol(name);
  HEARTH_ASSIGN(macro.parameters, parse_parameters());
  const int loops_outside = std::exchange(loops_, 0);
  ++macros_;
  auto body = parse_body({"endmacro"});
  --macros_;
  loops_ = loops_outside;
  HEARTH_ASSIGN(macro.body, std::move(body));
  HEARTH_TRY(expect_name("endmacro"));
  return make_statement(line, std::move(macro));
}

Result<const Statement*> Parser::parse_with() {
  const uint32_t line = current().line;
  advance();
  With statement;
  while (current().kind != TokenKind::kBlockEnd) {
    if (!statement.assignments.empty()) HEARTH_TRY(expect_operator(","));
    HEARTH_ASSIGN(Target target, parse_one_target());
    HEARTH_TRY(expect_operator("="));
    HEARTH_ASSIGN(const Expression* value, parse_expression());
    statement.assignments.emplace_back(std::move(target), value);
  }
  HEARTH_ASSIGN(statement.body, parse_body({"endwith"}));
  HEARTH_TRY(expect_name("endwith"));
  return make_statement(line, std::move(statement));
}

Result<const Statement*> Parser::parse_generation() {
  const uint32_t line = current().line;
  advance();
  // transformers makes a call block of it, whose body is a function: no break out of it.
  const int loops_outside = std::exchange(loops_, 0);
  auto body = parse_body({"endgeneration"});
  loops_ = loops_outside;
  HEARTH_ASSIGN(Block block, std::move(body));
  HEARTH_TRY(expect_name("endgeneration"));
  return make_statement(line, Generation{std::move(block)});
}

Result<const Statement*> Parser::parse_loop_control() {
  const uint32_t line = current().line;
  const bool is_break = at_name("break");
  if (loops_ == 0) return error(concat("'", current().text, "' outside of a loop"));
  advance();
  if (is_break) return make_statement(line, Break{});
  return make_statement(line, Continue{});
}

// One target, or several with commas between them.
Result<Target> Parser::parse_target() {
  HEARTH_ASSIGN(Target first, parse_one_target());
  if (!at_operator(",")) return first;
  Target tuple;
  tuple.kind = Target::Kind::kTuple;
  tuple.items.push_back(std::move(first));
  while (skip_operator(",")) {
    if (current().kind != TokenKind::kName && !at_operator("(")) break;
    if (at_name("in")) break;
    HEARTH_ASSIGN(Target next, parse_one_target());
    tuple.items.push_back(std::move(next));
  }
  return tuple;
}

Result<Target> Parser::parse_one_target() {
  const Nesting nesting(*this);
  HEARTH_TRY(check_nesting());
  if (skip_operator("(")) {
    HEARTH_ASSIGN(Target inner, parse_target());
    HEARTH_TRY(expect_operator(")"));
    return inner;
  }
  constexpr std::string_view kConstants[] = {"true", "false", "none", "True", "False", "None"};
  for (const std::string_view constant : kConstants) {
    if (at_name(constant)) return error(concat("cannot assign to '", constant, "'"));
  }
  HEARTH_ASSIGN(const std::string name, expect_any_name());
  Target target;
  target.symbol = symbol(name);
  if (skip_operator(".")) {
    target.kind = Target::Kind::kAttribute;
    HEARTH_ASSIGN(target.attribute, expect_any_name());
  }
  return target;
}

}  // namespace hearth::jinja
