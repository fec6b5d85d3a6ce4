// SPDX-License-Identifier: Apache-2.0
// Comparisons, membership, attributes, elements and slices.
#include "template/operators.h"

#include <algorithm>

#include "base/strings.h"
#include "template/builtins.h"

namespace hearth::jinja {

Result<bool> contains(const Value& container, const Value& item, Budget& budget) {
  HEARTH_TRY(budget.spend(1));
  if (const Text* text = container.get<Text>()) {
    const Text* part = item.get<Text>();
    if (part == nullptr) {
      if (const auto* undefined = item.get<Undefined>()) return undefined_error(*undefined);
      return type_error(
          concat("'in <string>' requires string as left operand, not ", type_name(item)));
    }
    HEARTH_TRY(budget.spend_bytes(text->view().size()));
    return find_bytes(text->view(), part->view()) != std::string_view::npos;
  }
  if (const Dict* dict = container.get<Dict>()) {
    HEARTH_ASSIGN(const std::optional<Value> found, dict->find(item, budget));
    return found.has_value();
  }
  HEARTH_ASSIGN(const List list, iterate(container, budget));
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_ASSIGN(const bool same, equal(list.at(i), item, budget));
    if (same) return true;
  }
  return false;
}

Result<bool> compare(ComparisonOperator op, const Value& left, const Value& right, Budget& budget) {
  switch (op) {
    case ComparisonOperator::kEqual:
      return equal(left, right, budget);
    case ComparisonOperator::kNotEqual: {
      HEARTH_ASSIGN(const bool same, equal(left, right, budget));
      return !same;
    }
    case ComparisonOperator::kLess:
      return ordered(Ordering::kLess, left, right, budget);
    case ComparisonOperator::kLessEqual:
      return ordered(Ordering::kLessEqual, left, right, budget);
    case ComparisonOperator::kGreater:
      return ordered(Ordering::kGreater, left, right, budget);
    case ComparisonOperator::kGreaterEqual:
      return ordered(Ordering::kGreaterEqual, left, right, budget);
    case ComparisonOperator::kIn:
      return contains(right, left, budget);
    case ComparisonOperator::kNotIn: {
      HEARTH_ASSIGN(const bool found, contains(right, left, budget));
      return !found;
    }
  }
  return false;
}

namespace {

Value missing(const Value& object, std::string_view name) {
  return {Undefined{name, type_name(object)}};
}

// Where a Python index, which counts from the end when negative, falls in a sequence; nothing
// outside of it.
std::optional<std::size_t> position(int64_t index, std::size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (index < 0) index += length;
  if (index < 0 || index >= length) return std::nullopt;
  return static_cast<std::size_t>(index);
}

Result<Value> text_item(const Text& text, const Value& self, int64_t index, Budget& budget) {
  HEARTH_TRY(budget.spend_bytes(text.view().size()));
  const std::vector<std::size_t> offsets = code_point_offsets(text.view());
  const auto at = position(index, offsets.size() - 1);
  if (!at.has_value()) return missing(self, {});
  return Value{text.slice(offsets[*at], offsets[*at + 1])};
}

bool is_indexable(const List& list) {
  return list.kind() == ListKind::kList || list.kind() == ListKind::kTuple;
}

Result<Value> loop_attribute(const Loop& loop, const Value& self, std::string_view name) {
  const auto length = static_cast<int64_t>(loop.items.size());
  const auto index0 = static_cast<int64_t>(loop.index0);
  if (name == "index") return Value{index0 + 1};
  if (name == "index0") return Value{index0};
  if (name == "first") return Value{index0 == 0};
  if (name == "last") return Value{index0 + 1 == length};
  if (name == "length") return Value{length};
  if (name == "revindex") return Value{length - index0};
  if (name == "revindex0") return Value{length - index0 - 1};
  if (name == "depth") return Value{int64_t{1}};  // counts recursive loops only
  if (name == "depth0") return Value{int64_t{0}};
  if (name == "previtem") {
    return index0 == 0 ? missing(self, name) : loop.items.at(loop.index0 - 1);
  }
  if (name == "nextitem") {
    return index0 + 1 == length ? missing(self, name) : loop.items.at(loop.index0 + 1);
  }
  if (name == "changed") return Error(ErrorCode::kUnsupported, "loop.changed() is not supported");
  return missing(self, name);
}

Result<Value> bind_method(const Value& object, std::string_view name) {
  if (depth_of(object) >= kValueDepthMax)
    return limit_error("the depth of a value", kValueDepthMax);
  return Value{std::make_shared<const BoundMethod>(BoundMethod{object, std::string(name)})};
}

// What `object.name` is before the items of a dict are asked.
Result<std::optional<Value>> own_attribute(const Value& object, std::string_view name) {
  if (name.starts_with("__")) return std::optional<Value>();  // hidden by the sandbox
  if (const auto* space = object.get<Namespace*>()) {
    const Value* value = (*space)->find(name);
    if (value != nullptr) return std::optional(*value);
  }
  if (const auto* loop = object.get<std::shared_ptr<Loop>>(); loop != nullptr && name != "cycle") {
    HEARTH_ASSIGN(Value value, loop_attribute(**loop, object, name));
    return std::optional(std::move(value));
  }
  // The sandbox shows a method that would change a value as undefined, even where a dict has a key
  // of its name.
  if (is_mutating_method(object, name)) return std::optional(missing(object, name));
  if (find_method(object, name) != nullptr) {
    HEARTH_ASSIGN(Value method, bind_method(object, name));
    return std::optional(std::move(method));
  }
  return std::optional<Value>();
}

}  // namespace

Result<Value> get_item(const Value& object, const Value& index, Budget& budget) {
  HEARTH_TRY(budget.spend(1));
  if (const auto* undefined = object.get<Undefined>()) return undefined_error(*undefined);
  const Text* key = index.get<Text>();
  if (const Dict* dict = object.get<Dict>()) {
    if (!index.is<List>() && !index.is<Dict>()) {
      HEARTH_ASSIGN(std::optional<Value> found, dict->find(index, budget));
      if (found.has_value()) return *std::move(found);
    }
  }
  if (const auto integer = as_integer(index)) {
    const List* list = object.get<List>();
    if (list != nullptr && is_indexable(*list)) {
      const auto at = position(*integer, list->size());
      return at.has_value() ? list->at(*at) : missing(object, {});
    }
    if (const Text* text = object.get<Text>()) return text_item(*text, object, *integer, budget);
    if (const Range* range = object.get<Range>()) {
      const auto at = position(*integer, static_cast<std::size_t>(range->count));
      if (!at.has_value()) return missing(object, {});
      return Value{range->start + static_cast<int64_t>(*at) * range->step};
    }
  }
  if (key != nullptr) {
    HEARTH_ASSIGN(std::optional<Value> attribute, own_attribute(object, key->view()));
    if (attribute.has_value()) return *std::move(attribute);
  }
  return missing(object, {});
}

Result<Value> get_attribute(const Value& object, std::string_view name, Budget& budget) {
  HEARTH_TRY(budget.spend(1));
  if (const auto* undefined = object.get<Undefined>()) return undefined_error(*undefined);
  const Dict* dict = object.get<Dict>();
  HEARTH_ASSIGN(std::optional<Value> attribute, own_attribute(object, name));
  if (attribute.has_value()) return *std::move(attribute);
  if (dict != nullptr) {
    HEARTH_TRY(budget.spend(dict->size() / 4));
    std::optional<Value> found = dict->find(name);
    if (found.has_value()) return *std::move(found);
  }
  return missing(object, name);
}

namespace {

struct SliceBounds {
  int64_t start;
  int64_t step;
  std::size_t count;
};

Result<std::optional<int64_t>> slice_part(const Value* part) {
  if (part == nullptr || part->is<None>()) return std::optional<int64_t>();
  const auto integer = as_integer(*part);
  if (!integer) {
    if (const auto* undefined = part->get<Undefined>()) return undefined_error(*undefined);
    return type_error(concat("slice indices must be integers, not ", type_name(*part)));
  }
  return std::optional(*integer);
}

constexpr int64_t kStepMax = int64_t{1} << 40;  // beyond any length; keeps the sums within 64 bits

// CPython's PySlice_AdjustIndices.
Result<SliceBounds> slice_bounds(std::size_t size, const Value* start_value,
                                 const Value* stop_value, const Value* step_value) {
  HEARTH_ASSIGN(const std::optional<int64_t> start_given, slice_part(start_value));
  HEARTH_ASSIGN(const std::optional<int64_t> stop_given, slice_part(stop_value));
  HEARTH_ASSIGN(const std::optional<int64_t> step_given, slice_part(step_value));
  const auto length = static_cast<int64_t>(size);
  const int64_t step = std::clamp(step_given.value_or(1), -kStepMax, kStepMax);
  if (step == 0) return type_error("slice step cannot be zero");
  const int64_t low = step < 0 ? -1 : 0;
  const int64_t high = step < 0 ? length - 1 : length;
  const auto adjusted = [&](std::optional<int64_t> given, int64_t standard) {
    if (!given.has_value()) return standard;
    const int64_t index = *given < 0 ? std::max(*given, -length - 1) + length : *given;
    return std::clamp(index, low, high);
  };
  const int64_t start = adjusted(start_given, step < 0 ? high : low);
  const int64_t stop = adjusted(stop_given, step < 0 ? low : high);
  const int64_t distance = step < 0 ? start - stop : stop - start;
  const int64_t stride = step < 0 ? -step : step;
  const int64_t count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  return SliceBounds{start, step, static_cast<std::size_t>(count)};
}

Result<Value> slice_text(const Text& text, const SliceBounds& bounds,
                         const std::vector<std::size_t>& offsets, Budget& budget) {
  const auto start = static_cast<std::size_t>(bounds.start);
  if (bounds.count == 0) return Value{text.slice(0, 0)};
  if (bounds.step == 1) return Value{text.slice(offsets[start], offsets[start + bounds.count])};
  TextBuilder out;
  int64_t at = bounds.start;
  for (std::size_t i = 0; i < bounds.count; ++i, at += bounds.step) {
    const auto index = static_cast<std::size_t>(at);
    out.append(text.slice(offsets[index], offsets[index + 1]));
  }
  HEARTH_ASSIGN(Text sliced, out.finish(budget));
  return Value{std::move(sliced)};
}

Result<Value> slice_range(const Range& range, const Value* start, const Value* stop,
                          const Value* step) {
  HEARTH_ASSIGN(const SliceBounds bounds,
                slice_bounds(static_cast<std::size_t>(range.count), start, stop, step));
  const auto count = static_cast<int64_t>(bounds.count);
  const int64_t first = range.start + bounds.start * range.step;
  // A step beyond the length takes one item, whatever it is; held small, the product fits 64 bits.
  const int64_t stride = range.step * std::clamp(bounds.step, -kRangeMax, kRangeMax);
  return Value{Range{first, first + count * stride, stride, count}};
}

}  // namespace

Result<Value> get_slice(const Value& object, const Value* start, const Value* stop,
                        const Value* step, Budget& budget) {
  HEARTH_TRY(budget.spend(1));
  if (const auto* undefined = object.get<Undefined>()) return undefined_error(*undefined);
  if (const Text* text = object.get<Text>()) {
    HEARTH_TRY(budget.spend_bytes(text->view().size()));
    const std::vector<std::size_t> offsets = code_point_offsets(text->view());
    HEARTH_ASSIGN(const SliceBounds bounds, slice_bounds(offsets.size() - 1, start, stop, step));
    return slice_text(*text, bounds, offsets, budget);
  }
  if (const Range* range = object.get<Range>()) return slice_range(*range, start, stop, step);
  const List* list = object.get<List>();
  if (list == nullptr || !is_indexable(*list)) {
    return type_error(concat("'", type_name(object), "' object cannot be sliced"));
  }
  HEARTH_ASSIGN(const SliceBounds bounds, slice_bounds(list->size(), start, stop, step));
  HEARTH_TRY(budget.spend_bytes(bounds.count * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(bounds.count);
  int64_t at = bounds.start;
  for (std::size_t i = 0; i < bounds.count; ++i, at += bounds.step) {
    items.push_back(list->at(static_cast<std::size_t>(at)));
  }
  return list_value(list->kind(), std::move(items), budget);
}

}  // namespace hearth::jinja
