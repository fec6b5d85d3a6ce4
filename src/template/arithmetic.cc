// SPDX-License-Identifier: Apache-2.0
// + - * / // % ** and ~ with Python's meaning.
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "template/format.h"
#include "template/operators.h"

namespace hearth::jinja {

std::optional<int64_t> checked_add(int64_t left, int64_t right) {
  int64_t sum = 0;
  if (__builtin_add_overflow(left, right, &sum)) return std::nullopt;
  return sum;
}

std::optional<int64_t> checked_multiply(int64_t left, int64_t right) {
  int64_t product = 0;
  if (__builtin_mul_overflow(left, right, &product)) return std::nullopt;
  return product;
}

namespace {

constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};

Error overflow_error() { return type_error("an integer of more than 64 bits"); }
Error zero_error() { return type_error("division by zero"); }

Error operand_error(ArithmeticOperator op, const Value& left, const Value& right) {
  return type_error(concat("unsupported operand types for ", kSymbols[static_cast<int>(op)], ": '",
                           type_name(left), "' and '", type_name(right), "'"));
}

Result<Value> checked(std::optional<int64_t> integer) {
  if (!integer.has_value()) return overflow_error();
  return Value{*integer};
}

Result<Value> integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return type_error("0 cannot be raised to a negative power");
    return Value{std::pow(static_cast<double>(base), static_cast<double>(exponent))};
  }
  std::optional<int64_t> result = 1;
  std::optional<int64_t> square = base;
  while (exponent > 0 && result.has_value()) {
    if ((exponent & 1) != 0) {
      if (!square.has_value()) return overflow_error();
      result = checked_multiply(*result, *square);
    }
    exponent >>= 1;
    if (square.has_value()) square = checked_multiply(*square, *square);
  }
  return checked(result);
}

// Quotient and remainder that round towards minus infinity.
Result<Value> integer_division(ArithmeticOperator op, int64_t left, int64_t right) {
  if (right == 0) return zero_error();
  if (right == -1) {  // the one case in which C++'s division overflows
    if (op == ArithmeticOperator::kModulo) return Value{int64_t{0}};
    if (left == std::numeric_limits<int64_t>::min()) return overflow_error();
    return Value{-left};
  }
  const int64_t remainder = left % right;
  const bool rounds_down = remainder != 0 && (remainder < 0) != (right < 0);
  if (op == ArithmeticOperator::kModulo) return Value{rounds_down ? remainder + right : remainder};
  return Value{left / right - (rounds_down ? 1 : 0)};
}

Result<Value> integer_arithmetic(ArithmeticOperator op, int64_t left, int64_t right) {
  switch (op) {
    case ArithmeticOperator::kAdd:
      return checked(checked_add(left, right));
    case ArithmeticOperator::kSubtract: {
      int64_t difference = 0;
      if (__builtin_sub_overflow(left, right, &difference)) return overflow_error();
      return Value{difference};
    }
    case ArithmeticOperator::kMultiply:
      return checked(checked_multiply(left, right));
    case ArithmeticOperator::kDivide:
      if (right == 0) return zero_error();
      return Value{static_cast<double>(left) / static_cast<double>(right)};
    case ArithmeticOperator::kFloorDivide:
    case ArithmeticOperator::kModulo:
      return integer_division(op, left, right);
    case ArithmeticOperator::kPower:
      return integer_power(left, right);
  }
  return overflow_error();
}

double float_modulo(double left, double right) {
  const double remainder = std::fmod(left, right);
  if (remainder != 0) return (remainder < 0) != (right < 0) ? remainder + right : remainder;
  return std::copysign(0.0, right);
}

// CPython's float_divmod.
double float_floor_division(double left, double right) {
  const double quotient = (left - float_modulo(left, right)) / right;
  if (quotient == 0) return std::copysign(0.0, left / right);
  const double floored = std::floor(quotient);
  return quotient - floored > 0.5 ? floored + 1 : floored;
}

Result<Value> float_power(double left, double right) {
  if (left == 0 && right < 0) return type_error("0.0 cannot be raised to a negative power");
  const double power = std::pow(left, right);
  if (std::isnan(power) && !std::isnan(left) && !std::isnan(right)) {
    return type_error("a power that is a complex number");
  }
  if (std::isinf(power) && !std::isinf(left) && !std::isinf(right)) {
    return type_error("a power that is too large");
  }
  return Value{power};
}

Result<Value> float_arithmetic(ArithmeticOperator op, double left, double right) {
  const bool divides = op == ArithmeticOperator::kDivide ||
                       op == ArithmeticOperator::kFloorDivide || op == ArithmeticOperator::kModulo;
  if (divides && right == 0) return zero_error();
  switch (op) {
    case ArithmeticOperator::kAdd:
      return Value{left + right};
    case ArithmeticOperator::kSubtract:
      return Value{left - right};
    case ArithmeticOperator::kMultiply:
      return Value{left * right};
    case ArithmeticOperator::kDivide:
      return Value{left / right};
    case ArithmeticOperator::kFloorDivide:
      return Value{float_floor_division(left, right)};
    case ArithmeticOperator::kModulo:
      return Value{float_modulo(left, right)};
    case ArithmeticOperator::kPower:
      return float_power(left, right);
  }
  return Value{};
}

Result<Value> add_texts(const Text& left, const Text& right, Budget& budget) {
  if (!left.is_markup() && !right.is_markup()) {
    return concatenate({Value{left}, Value{right}}, budget);
  }
  HEARTH_ASSIGN(const Text left_escaped, escaped_text(left, budget));
  HEARTH_ASSIGN(const Text right_escaped, escaped_text(right, budget));
  HEARTH_ASSIGN(const Value sum, concatenate({Value{left_escaped}, Value{right_escaped}}, budget));
  return Value{sum.get<Text>()->as_markup()};
}

Result<Value> add_lists(const List& left, const List& right, Budget& budget) {
  const std::size_t size = left.size() + right.size();
  HEARTH_TRY(budget.spend_bytes(size * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(size);
  for (std::size_t i = 0; i < left.size(); ++i) items.push_back(left.at(i));
  for (std::size_t i = 0; i < right.size(); ++i) items.push_back(right.at(i));
  return list_value(left.kind(), std::move(items), budget);
}

Result<Value> repeat_text(const Text& text, std::size_t count, Budget& budget) {
  const std::size_t size = text.view().size();
  if (size == 0 || count == 0) return text_value("");
  if (count > kTextBytesMax / size) {
    return limit_error("the length of a string in bytes", int64_t{kTextBytesMax});
  }
  HEARTH_TRY(budget.spend_bytes(count));
  TextBuilder out;
  for (std::size_t i = 0; i < count; ++i) out.append(text);
  HEARTH_ASSIGN(Text repeated, out.finish(budget));
  return Value{std::move(repeated)};
}

Result<Value> repeat_list(const List& list, std::size_t count, Budget& budget) {
  if (list.size() == 0 || count == 0) return list_value(list.kind(), {}, budget);
  if (count > kItemsMax / list.size()) return limit_error("the length of a list", kItemsMax);
  HEARTH_TRY(budget.spend_bytes(count * list.size() * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(count * list.size());
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t i = 0; i < list.size(); ++i) items.push_back(list.at(i));
  }
  return list_value(list.kind(), std::move(items), budget);
}

bool is_list_or_tuple(const List* list) {
  return list != nullptr && (list->kind() == ListKind::kList || list->kind() == ListKind::kTuple);
}

// "ab" * 3, [0] * 3, and either the other way round.
Result<Value> repeat(const Value& sequence, int64_t times, Budget& budget) {
  const std::size_t count = times < 0 ? 0 : static_cast<std::size_t>(times);
  if (const Text* text = sequence.get<Text>()) return repeat_text(*text, count, budget);
  return repeat_list(*sequence.get<List>(), count, budget);
}

bool is_repeatable(const Value& value) {
  return value.is<Text>() || is_list_or_tuple(value.get<List>());
}

}  // namespace

Result<Value> arithmetic(ArithmeticOperator op, const Value& left, const Value& right,
                         Budget& budget) {
  const Text* left_text = left.get<Text>();
  if (left_text != nullptr && op == ArithmeticOperator::kModulo) {
    return percent_format(*left_text, right, budget);
  }
  if (const auto* undefined = left.get<Undefined>()) return undefined_error(*undefined);
  if (const auto* undefined = right.get<Undefined>()) return undefined_error(*undefined);
  const auto left_integer = as_integer(left);
  const auto right_integer = as_integer(right);
  if (left_integer && right_integer) return integer_arithmetic(op, *left_integer, *right_integer);
  const auto left_number = as_number(left);
  const auto right_number = as_number(right);
  if (left_number && right_number) return float_arithmetic(op, *left_number, *right_number);
  if (op == ArithmeticOperator::kAdd) {
    if (left_text != nullptr && right.is<Text>()) {
      return add_texts(*left_text, *right.get<Text>(), budget);
    }
    const List* left_list = left.get<List>();
    const List* right_list = right.get<List>();
    if (is_list_or_tuple(left_list) && is_list_or_tuple(right_list) &&
        left_list->kind() == right_list->kind()) {
      return add_lists(*left_list, *right_list, budget);
    }
  }
  if (op == ArithmeticOperator::kMultiply) {
    if (is_repeatable(left) && right_integer) return repeat(left, *right_integer, budget);
    if (is_repeatable(right) && left_integer) return repeat(right, *left_integer, budget);
  }
  return operand_error(op, left, right);
}

Result<Value> negate(const Value& operand) {
  if (const auto* undefined = operand.get<Undefined>()) return undefined_error(*undefined);
  if (const double* number = operand.get<double>()) return Value{-*number};
  if (const auto integer = as_integer(operand)) return checked(checked_multiply(*integer, -1));
  return type_error(concat("bad operand type for unary -: '", type_name(operand), "'"));
}

Result<Value> unary_plus(const Value& operand) {
  if (const auto* undefined = operand.get<Undefined>()) return undefined_error(*undefined);
  if (operand.is<double>()) return operand;
  if (const auto integer = as_integer(operand)) return Value{*integer};
  return type_error(concat("bad operand type for unary +: '", type_name(operand), "'"));
}

Result<Text> escaped_text(const Text& text, Budget& budget) {
  if (text.is_markup()) return text;
  HEARTH_TRY(budget.spend_bytes(text.view().size()));
  if (text.view().find_first_of("&<>\"'") == std::string_view::npos) return text;
  HEARTH_ASSIGN(const Value escaped, own_text(escape_html(text.view()), text.origin(), budget));
  return *escaped.get<Text>();
}

Result<Value> concatenate(const std::vector<Value>& parts, Budget& budget) {
  TextBuilder out;
  for (const Value& part : parts) HEARTH_TRY(append_string(out, part, budget));
  HEARTH_ASSIGN(Text text, out.finish(budget));
  return Value{std::move(text)};
}

}  // namespace hearth::jinja
