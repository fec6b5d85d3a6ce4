// SPDX-License-Identifier: Apache-2.0
// Python's operators, subscripts and attribute access on template values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "template/ast.h"
#include "template/values.h"

namespace hearth::jinja {

// Errors of all: kCorrupt (types that do not fit, undefined values, integer overflow, division by
// zero, bounds).
Result<Value> arithmetic(ArithmeticOperator op, const Value& left, const Value& right,
                         Budget& budget);
Result<Value> negate(const Value& operand);
Result<Value> unary_plus(const Value& operand);
Result<bool> compare(ComparisonOperator op, const Value& left, const Value& right, Budget& budget);
// `item in container`
Result<bool> contains(const Value& container, const Value& item, Budget& budget);
// str(left) + str(right) + ...
Result<Value> concatenate(const std::vector<Value>& parts, Budget& budget);

// `text` with HTML's special characters escaped; as it is where that has been done.
Result<Text> escaped_text(const Text& text, Budget& budget);

// object[index]; undefined where there is no such element, as Jinja has it.
Result<Value> get_item(const Value& object, const Value& index, Budget& budget);
// object.name: an attribute or method, else object["name"], else undefined. `name` must outlive the
// value.
Result<Value> get_attribute(const Value& object, std::string_view name, Budget& budget);
// object[start:stop:step]; an absent part is null.
Result<Value> get_slice(const Value& object, const Value* start, const Value* stop,
                        const Value* step, Budget& budget);

// 64-bit arithmetic that says when it does not fit.
std::optional<int64_t> checked_add(int64_t left, int64_t right);
std::optional<int64_t> checked_multiply(int64_t left, int64_t right);

}  // namespace hearth::jinja
