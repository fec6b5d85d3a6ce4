// SPDX-License-Identifier: Apache-2.0
// Python's == and < on template values.
#include <algorithm>

#include "base/strings.h"
#include "template/values.h"

namespace hearth::jinja {
namespace {

// Long double holds every int64_t and every double exactly, so that 2**53 + 1 != 2.0**53, as in
// Python.
std::optional<long double> exact_number(const Value& value) {
  if (const double* number = value.get<double>()) return *number;
  if (const auto integer = as_integer(value)) return static_cast<long double>(*integer);
  return std::nullopt;
}

Result<bool> equal_lists(const List& left, const List& right, Budget& budget) {
  if (left.kind() != right.kind() || left.size() != right.size()) return false;
  if (left.kind() == ListKind::kIterator || left.kind() == ListKind::kValuesView) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    HEARTH_ASSIGN(const bool same, equal(left.at(i), right.at(i), budget));
    if (!same) return false;
  }
  return true;
}

Result<bool> equal_dicts(const Dict& left, const Dict& right, Budget& budget) {
  if (left.same(right)) return true;
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    HEARTH_ASSIGN(const std::optional<Value> other, right.find(left.key(i), budget));
    if (!other.has_value()) return false;
    HEARTH_ASSIGN(const bool same, equal(left.value(i), *other, budget));
    if (!same) return false;
  }
  return true;
}

bool equal_ranges(const Range& left, const Range& right) {
  return left.count == right.count &&
         (left.count == 0 ||
          (left.start == right.start && (left.count == 1 || left.step == right.step)));
}

template <typename T>
bool in_order(Ordering ordering, const T& left, const T& right) {
  switch (ordering) {
    case Ordering::kLess:
      return left < right;
    case Ordering::kLessEqual:
      return left <= right;
    case Ordering::kGreater:
      return left > right;
    case Ordering::kGreaterEqual:
      return left >= right;
  }
  return false;
}

// The first items that differ decide; where there are none, the lengths.
Result<bool> ordered_lists(Ordering ordering, const List& left, const List& right, Budget& budget) {
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    HEARTH_ASSIGN(const bool same, equal(left.at(i), right.at(i), budget));
    if (!same) return ordered(ordering, left.at(i), right.at(i), budget);
  }
  return in_order(ordering, left.size(), right.size());
}

std::string_view symbol(Ordering ordering) {
  constexpr std::string_view kSymbols[] = {"<", "<=", ">", ">="};
  return kSymbols[static_cast<std::size_t>(ordering)];
}

}  // namespace

Result<bool> equal(const Value& left, const Value& right, Budget& budget) {
  HEARTH_TRY(budget.spend(1));
  const auto left_number = exact_number(left);
  const auto right_number = exact_number(right);
  if (left_number && right_number) return *left_number == *right_number;
  if (left.data.index() != right.data.index()) return false;
  if (const Text* text = left.get<Text>()) {
    const std::string_view other = right.get<Text>()->view();
    if (text->view().size() != other.size()) return false;
    HEARTH_TRY(budget.spend_bytes(other.size()));
    return text->view() == other;
  }
  if (const List* list = left.get<List>()) return equal_lists(*list, *right.get<List>(), budget);
  if (const Dict* dict = left.get<Dict>()) return equal_dicts(*dict, *right.get<Dict>(), budget);
  if (const Range* range = left.get<Range>()) return equal_ranges(*range, *right.get<Range>());
  if (const auto* space = left.get<Namespace*>()) return *space == *right.get<Namespace*>();
  if (const auto* macro = left.get<const Macro*>()) return *macro == *right.get<const Macro*>();
  if (const auto* native = left.get<const Builtin*>()) {
    return *native == *right.get<const Builtin*>();
  }
  return left.is<Undefined>() || left.is<None>();
}

Result<bool> ordered(Ordering ordering, const Value& left, const Value& right, Budget& budget) {
  HEARTH_TRY(budget.spend(1));
  if (const auto* undefined = left.get<Undefined>()) return undefined_error(*undefined);
  if (const auto* undefined = right.get<Undefined>()) return undefined_error(*undefined);
  const auto left_number = exact_number(left);
  const auto right_number = exact_number(right);
  if (left_number && right_number) return in_order(ordering, *left_number, *right_number);
  const Text* left_text = left.get<Text>();
  const Text* right_text = right.get<Text>();
  if (left_text != nullptr && right_text != nullptr) {
    // UTF-8 sorts as its code points do.
    HEARTH_TRY(budget.spend_bytes(std::min(left_text->view().size(), right_text->view().size())));
    return in_order(ordering, left_text->view(), right_text->view());
  }
  const List* left_list = left.get<List>();
  const List* right_list = right.get<List>();
  if (left_list != nullptr && right_list != nullptr && left_list->kind() == right_list->kind() &&
      (left_list->kind() == ListKind::kList || left_list->kind() == ListKind::kTuple)) {
    return ordered_lists(ordering, *left_list, *right_list, budget);
  }
  return type_error(concat("'", symbol(ordering), "' is not supported between '", type_name(left),
                           "' and '", type_name(right), "'"));
}

}  // namespace hearth::jinja
