// SPDX-License-Identifier: Apache-2.0
// Argument binding, functions and tests.
#include "template/builtins.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/strings.h"
#include "base/utf8.h"
#include "template/format.h"
#include "template/interpreter.h"
#include "template/operators.h"

namespace hearth::jinja {

Result<Bound> Bound::create(std::string_view function, const Arguments& arguments,
                            std::initializer_list<std::string_view> parameters,
                            std::size_t required) {
  Bound bound;
  bound.function_ = function;
  bound.values_.resize(parameters.size());
  if (arguments.positional.size() > parameters.size()) {
    return type_error(concat(function, "() takes at most ", parameters.size(), " arguments, not ",
                             arguments.positional.size()));
  }
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) {
    bound.values_[i] = &arguments.positional[i];
  }
  for (const auto& [name, value] : arguments.keyword) {
    const auto* parameter = std::find(parameters.begin(), parameters.end(), name);
    if (parameter == parameters.end()) {
      return type_error(concat(function, "() has no argument '", printable(name), "'"));
    }
    const Value*& slot = bound.values_[static_cast<std::size_t>(parameter - parameters.begin())];
    if (slot != nullptr) {
      return type_error(concat(function, "() got the argument '", name, "' twice"));
    }
    slot = &value;
  }
  for (std::size_t i = 0; i < required; ++i) {
    if (bound.values_[i] == nullptr) {
      return type_error(concat(function, "() lacks the argument '", parameters.begin()[i], "'"));
    }
  }
  return bound;
}

bool Bound::truthy(std::size_t parameter, bool standard) const {
  return values_[parameter] == nullptr ? standard : is_truthy(*values_[parameter]);
}

Result<int64_t> Bound::integer(std::size_t parameter, int64_t standard) const {
  if (values_[parameter] == nullptr) return standard;
  const auto integer = as_integer(*values_[parameter]);
  if (integer.has_value()) return *integer;
  if (const auto* undefined = values_[parameter]->get<Undefined>()) {
    return undefined_error(*undefined);
  }
  return type_error(concat(function_, "() needs an int, not ", type_name(*values_[parameter])));
}

Result<std::string_view> Bound::text(std::size_t parameter, std::string_view standard) const {
  if (values_[parameter] == nullptr || values_[parameter]->is<None>()) return standard;
  if (const Text* text = values_[parameter]->get<Text>()) return text->view();
  if (const auto* undefined = values_[parameter]->get<Undefined>()) {
    return undefined_error(*undefined);
  }
  return type_error(concat(function_, "() needs a str, not ", type_name(*values_[parameter])));
}

Result<void> expect_no_arguments(std::string_view function, const Arguments& arguments) {
  if (arguments.positional.empty() && arguments.keyword.empty()) return {};
  return type_error(concat(function, "() takes no arguments"));
}

Result<Value> derived_text(const Text& source, std::string bytes, Budget& budget) {
  return own_text(std::move(bytes), source.origin(), budget);
}

namespace {

Result<Value> call_range(Interpreter&, const Value&, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("range", arguments, {"start", "stop", "step"}, 1));
  HEARTH_ASSIGN(int64_t start, bound.integer(0, 0));
  HEARTH_ASSIGN(int64_t stop, bound.integer(1, 0));
  HEARTH_ASSIGN(const int64_t step, bound.integer(2, 1));
  if (bound.get(1) == nullptr) stop = std::exchange(start, 0);
  constexpr int64_t kBoundMax = int64_t{1} << 40;  // keeps the items within 64 bits
  if (std::max({std::abs(start / 2), std::abs(stop / 2), std::abs(step / 2)}) > kBoundMax / 2) {
    return limit_error("an argument of range()", kBoundMax);
  }
  if (step == 0) return type_error("range() arg 3 must not be zero");
  const int64_t distance = step > 0 ? stop - start : start - stop;
  const int64_t stride = std::abs(step);
  const int64_t count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  if (count > kRangeMax) return limit_error("the length of a range()", kRangeMax);
  return Value{Range{start, stop, step, count}};
}

Result<Value> call_namespace(Interpreter& interpreter, const Value&, const Arguments& arguments) {
  HEARTH_ASSIGN(Namespace * space, interpreter.create_namespace());
  if (arguments.positional.size() > 1) return type_error("namespace() takes at most one argument");
  if (arguments.positional.size() == 1) {
    const Dict* dict = arguments.positional[0].get<Dict>();
    if (dict == nullptr) return type_error("namespace() needs a dict");
    HEARTH_TRY(interpreter.budget().spend_bytes(dict->size() * sizeof(Value)));
    for (std::size_t i = 0; i < dict->size(); ++i) {
      const Value key = dict->key(i);
      const Text* name = key.get<Text>();
      if (name == nullptr) return type_error("namespace() needs keys that are strings");
      space->attributes.emplace_back(name->view(), dict->value(i));
    }
  }
  for (const auto& [name, value] : arguments.keyword) {
    std::erase_if(space->attributes, [&](const auto& held) { return held.first == name; });
    space->attributes.emplace_back(name, value);
  }
  return Value{space};
}

Result<Value> call_dict(Interpreter& interpreter, const Value&, const Arguments& arguments) {
  if (arguments.positional.size() > 1) return type_error("dict() takes at most one argument");
  Dict::Items items;
  if (arguments.positional.size() == 1) {
    const Dict* dict = arguments.positional[0].get<Dict>();
    if (dict == nullptr) return Error(ErrorCode::kUnsupported, "dict() of what is not a dict");
    HEARTH_TRY(interpreter.budget().spend_bytes(dict->size() * 2 * sizeof(Value)));
    for (std::size_t i = 0; i < dict->size(); ++i) items.emplace_back(dict->key(i), dict->value(i));
  }
  for (const auto& [name, value] : arguments.keyword) {
    items.emplace_back(Value{Text::own(std::string(name), Origin::kTemplate)}, value);
  }
  HEARTH_ASSIGN(Dict dict, Dict::create(std::move(items), interpreter.budget()));
  return Value{std::move(dict)};
}

Result<Value> call_raise_exception(Interpreter& interpreter, const Value&,
                                   const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("raise_exception", arguments, {"message"}, 1));
  HEARTH_ASSIGN(const Text message, to_text(bound[0], interpreter.budget()));
  return Error(ErrorCode::kUsage, printable(message.view(), 1000));
}

Result<Value> call_strftime_now(Interpreter& interpreter, const Value&,
                                const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("strftime_now", arguments, {"format"}, 1));
  HEARTH_ASSIGN(const std::string_view format, bound.text(0, ""));
  HEARTH_ASSIGN(std::string text, format_time(format, *interpreter.options().local_time));
  return own_text(std::move(text), Origin::kTemplate, interpreter.budget());
}

constexpr Builtin kFunctions[] = {{"range", call_range},
                                  {"namespace", call_namespace},
                                  {"dict", call_dict},
                                  {"raise_exception", call_raise_exception},
                                  {"strftime_now", call_strftime_now}};

// Tests.

template <typename Holds>
Result<Value> simple_test(std::string_view name, const Value& self, const Arguments& arguments,
                          const Holds& holds) {
  HEARTH_TRY(expect_no_arguments(name, arguments));
  return Value{static_cast<bool>(holds(self))};
}

Result<Value> test_comparison(ComparisonOperator op, Interpreter& interpreter, const Value& self,
                              const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("comparison", arguments, {"other"}, 1));
  HEARTH_ASSIGN(const bool holds, compare(op, self, bound[0], interpreter.budget()));
  return Value{holds};
}

template <ComparisonOperator op>
Result<Value> comparison_test(Interpreter& interpreter, const Value& self,
                              const Arguments& arguments) {
  return test_comparison(op, interpreter, self, arguments);
}

// value % divisor == remainder
Result<Value> modulo_test(Interpreter& interpreter, const Value& self, const Value& divisor,
                          int64_t remainder) {
  HEARTH_ASSIGN(const Value modulo,
                arithmetic(ArithmeticOperator::kModulo, self, divisor, interpreter.budget()));
  HEARTH_ASSIGN(const bool holds, equal(modulo, Value{remainder}, interpreter.budget()));
  return Value{holds};
}

bool is_iterable(const Value& value) {
  return value.is<Text>() || value.is<List>() || value.is<Dict>() || value.is<Range>() ||
         value.is<Undefined>() || value.is<std::shared_ptr<Loop>>();
}

bool is_sequence(const Value& value) {
  if (const List* list = value.get<List>()) {
    return list->kind() == ListKind::kList || list->kind() == ListKind::kTuple;
  }
  return value.is<Text>() || value.is<Dict>() || value.is<Range>() || value.is<Undefined>();
}

// Jinja's undefined can be called, if only to fail.
bool is_callable(const Value& value) {
  return value.is<Undefined>() || value.is<const Macro*>() || value.is<const Builtin*>() ||
         value.is<std::shared_ptr<const BoundMethod>>();
}

enum class CaseKind { kUpper, kLower };

// str.isupper(), str.islower(): at least one cased character, and none of the other case.
Result<Value> case_test(Interpreter& interpreter, const Value& self, CaseKind kind) {
  HEARTH_ASSIGN(const Text text, to_text(self, interpreter.budget()));
  HEARTH_TRY(interpreter.budget().spend_bytes(text.view().size()));
  bool found = false;
  for (std::string_view rest = text.view(); !rest.empty();) {
    const Utf8Char character = decode_utf8(rest);
    rest.remove_prefix(character.bytes);
    const bool upper = is_upper(character.code_point);
    const bool lower = is_lower(character.code_point);
    if (kind == CaseKind::kUpper ? lower : upper) return Value{false};
    found = found || upper || lower;
  }
  return Value{found};
}

// The same object: for what templates can tell apart, equal and of one type.
Result<Value> same_test(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("sameas", arguments, {"other"}, 1));
  if (self.data.index() != bound[0].data.index()) return Value{false};
  HEARTH_ASSIGN(const bool same, equal(self, bound[0], interpreter.budget()));
  return Value{same};
}

Result<Value> name_test(const Value& self, const Builtin* (*find)(std::string_view)) {
  const Text* name = self.get<Text>();
  return Value{name != nullptr && find(name->view()) != nullptr};
}

#define HEARTH_SIMPLE_TEST(name, condition)                                                   \
  {name, [](Interpreter&, const Value& self, const Arguments& arguments) {                    \
     return simple_test(name, self, arguments, [](const Value& value) { return condition; }); \
   }}

constexpr Builtin kTests[] = {
    HEARTH_SIMPLE_TEST("defined", !value.is<Undefined>()),
    HEARTH_SIMPLE_TEST("undefined", value.is<Undefined>()),
    HEARTH_SIMPLE_TEST("none", value.is<None>()),
    HEARTH_SIMPLE_TEST("boolean", value.is<bool>()),
    HEARTH_SIMPLE_TEST("true", value.is<bool>() && is_truthy(value)),
    HEARTH_SIMPLE_TEST("false", value.is<bool>() && !is_truthy(value)),
    HEARTH_SIMPLE_TEST("integer", value.is<int64_t>()),
    HEARTH_SIMPLE_TEST("float", value.is<double>()),
    HEARTH_SIMPLE_TEST("number", as_number(value).has_value()),
    HEARTH_SIMPLE_TEST("string", value.is<Text>()),
    HEARTH_SIMPLE_TEST("mapping", value.is<Dict>()),
    HEARTH_SIMPLE_TEST("iterable", is_iterable(value)),
    HEARTH_SIMPLE_TEST("sequence", is_sequence(value)),
    HEARTH_SIMPLE_TEST("callable", is_callable(value)),
    HEARTH_SIMPLE_TEST("escaped", value.is<Text>() && value.get<Text>()->is_markup()),
    {"odd", [](Interpreter& interpreter, const Value& self,
               const Arguments&) { return modulo_test(interpreter, self, Value{int64_t{2}}, 1); }},
    {"even", [](Interpreter& interpreter, const Value& self,
                const Arguments&) { return modulo_test(interpreter, self, Value{int64_t{2}}, 0); }},
    {"divisibleby",
     [](Interpreter& interpreter, const Value& self, const Arguments& arguments) -> Result<Value> {
       HEARTH_ASSIGN(const Bound bound, Bound::create("divisibleby", arguments, {"num"}, 1));
       return modulo_test(interpreter, self, bound[0], 0);
     }},
    {"upper", [](Interpreter& interpreter, const Value& self,
                 const Arguments&) { return case_test(interpreter, self, CaseKind::kUpper); }},
    {"lower", [](Interpreter& interpreter, const Value& self,
                 const Arguments&) { return case_test(interpreter, self, CaseKind::kLower); }},
    {"sameas", same_test},
    {"filter", [](Interpreter&, const Value& self,
                  const Arguments&) { return name_test(self, find_filter); }},
    {"test",
     [](Interpreter&, const Value& self, const Arguments&) { return name_test(self, find_test); }},
    {"in", comparison_test<ComparisonOperator::kIn>},
    {"==", comparison_test<ComparisonOperator::kEqual>},
    {"eq", comparison_test<ComparisonOperator::kEqual>},
    {"equalto", comparison_test<ComparisonOperator::kEqual>},
    {"!=", comparison_test<ComparisonOperator::kNotEqual>},
    {"ne", comparison_test<ComparisonOperator::kNotEqual>},
    {">", comparison_test<ComparisonOperator::kGreater>},
    {"gt", comparison_test<ComparisonOperator::kGreater>},
    {"greaterthan", comparison_test<ComparisonOperator::kGreater>},
    {">=", comparison_test<ComparisonOperator::kGreaterEqual>},
    {"ge", comparison_test<ComparisonOperator::kGreaterEqual>},
    {"<", comparison_test<ComparisonOperator::kLess>},
    {"lt", comparison_test<ComparisonOperator::kLess>},
    {"lessthan", comparison_test<ComparisonOperator::kLess>},
    {"<=", comparison_test<ComparisonOperator::kLessEqual>},
    {"le", comparison_test<ComparisonOperator::kLessEqual>},
};
#undef HEARTH_SIMPLE_TEST

const Builtin* find_in(std::span<const Builtin> table, std::string_view name) {
  for (const Builtin& builtin : table) {
    if (builtin.name == name) return &builtin;
  }
  return nullptr;
}

}  // namespace

const Builtin* find_function(std::string_view name) { return find_in(kFunctions, name); }
const Builtin* find_test(std::string_view name) { return find_in(kTests, name); }

}  // namespace hearth::jinja
