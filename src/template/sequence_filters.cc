// SPDX-License-Identifier: Apache-2.0
// Filters on sequences and dicts.
#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "template/filters.h"
#include "template/interpreter.h"
#include "template/operators.h"

namespace hearth::jinja {
namespace {

// What `attribute=` names in an item: "a.b.0" goes down step by step.
class AttributePath {
 public:
  // The item itself where `attribute` is null or none. Errors: kCorrupt (neither a str nor an int).
  static Result<AttributePath> create(const Value* attribute) {
    AttributePath path;
    if (attribute == nullptr || attribute->is<None>()) return path;
    const Text* text = attribute->get<Text>();
    if (text == nullptr) {
      path.steps_.push_back(*attribute);
      return path;
    }
    std::size_t begin = 0;
    for (const std::string_view view = text->view(); begin <= view.size();) {
      const std::size_t end = std::min(view.find('.', begin), view.size());
      path.steps_.push_back(step(text->slice(begin, end)));
      begin = end + 1;
    }
    return path;
  }

  Result<Value> get(Value item, Budget& budget) const {
    for (const Value& step : steps_) {
      HEARTH_ASSIGN(item, get_item(item, step, budget));
    }
    return item;
  }

 private:
  static Value step(Text text) {
    const std::string_view view = text.view();
    int64_t index = 0;
    const char* const end = view.data() + view.size();
    const auto result = std::from_chars(view.data(), end, index);
    const bool is_index = result.ec == std::errc() && result.ptr == end && view[0] != '-';
    return is_index ? Value{index} : Value{std::move(text)};
  }

  std::vector<Value> steps_;
};

// Strings compare without regard to case unless the template asks for it.
Result<Value> sort_key(Value value, bool case_sensitive, Budget& budget) {
  const Text* text = value.get<Text>();
  if (text == nullptr || case_sensitive) return value;
  HEARTH_TRY(budget.spend_bytes(text->view().size()));
  return derived_text(*text, lower(text->view()), budget);
}

Result<Value> filter_length(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("length", arguments));
  if (const Text* text = self.get<Text>()) {
    HEARTH_TRY(interpreter.budget().spend_bytes(text->view().size()));
    return Value{static_cast<int64_t>(count_code_points(text->view()))};
  }
  if (const Dict* dict = self.get<Dict>()) return Value{static_cast<int64_t>(dict->size())};
  if (const Range* range = self.get<Range>()) return Value{range->count};
  if (self.is<Undefined>()) return Value{int64_t{0}};
  const List* list = self.get<List>();
  if (list == nullptr || list->kind() == ListKind::kIterator) {
    return type_error(concat("object of type '", type_name(self), "' has no len()"));
  }
  return Value{static_cast<int64_t>(list->size())};
}

Result<Value> filter_list(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("list", arguments));
  HEARTH_ASSIGN(const List list, iterate(self, interpreter.budget()));
  if (list.kind() == ListKind::kList) return Value{list};
  HEARTH_TRY(interpreter.budget().spend_bytes(list.size() * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) items.push_back(list.at(i));
  return list_value(ListKind::kList, std::move(items), interpreter.budget());
}

Result<Value> filter_first(Interpreter& interpreter, const Value& self,
                           const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("first", arguments));
  HEARTH_ASSIGN(const List items, iterate(self, interpreter.budget()));
  return items.size() == 0 ? Value{Undefined{"the first item of nothing", {}}} : items.at(0);
}

Result<Value> filter_last(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("last", arguments));
  if (const List* list = self.get<List>(); list && list->kind() == ListKind::kIterator) {
    return type_error("a generator has no last item: add the filter 'list'");
  }
  HEARTH_ASSIGN(const List items, iterate(self, interpreter.budget()));
  if (items.size() == 0) return Value{Undefined{"the last item of nothing", {}}};
  return items.at(items.size() - 1);
}

Result<Value> filter_join(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  HEARTH_ASSIGN(const Bound bound, Bound::create("join", arguments, {"d", "attribute"}));
  HEARTH_ASSIGN(const AttributePath path, AttributePath::create(bound.get(1)));
  HEARTH_ASSIGN(const Text separator,
                bound.get(0) == nullptr ? Result<Text>(Text()) : to_text(bound[0], budget));
  HEARTH_ASSIGN(const List items, iterate(self, budget));
  TextBuilder out;
  for (std::size_t i = 0; i < items.size() && !out.full(); ++i) {
    if (i > 0) out.append(separator);
    HEARTH_ASSIGN(const Value item, path.get(items.at(i), budget));
    HEARTH_TRY(append_string(out, item, budget));
  }
  HEARTH_ASSIGN(Text joined, out.finish(budget));
  return Value{std::move(joined)};
}

Result<Value> filter_items(Interpreter& interpreter, const Value& self,
                           const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("items", arguments));
  if (self.is<Undefined>()) return list_value(ListKind::kIterator, {}, interpreter.budget());
  const Dict* dict = self.get<Dict>();
  if (dict == nullptr) return type_error("can only get item pairs from a mapping");
  HEARTH_ASSIGN(const Value view, view_dict(*dict, ListKind::kItemsView, interpreter.budget()));
  const List& pairs = *view.get<List>();
  std::vector<Value> items;
  for (std::size_t i = 0; i < pairs.size(); ++i) items.push_back(pairs.at(i));
  return list_value(ListKind::kIterator, std::move(items), interpreter.budget());
}

Result<Value> filter_reverse(Interpreter& interpreter, const Value& self,
                             const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("reverse", arguments));
  if (self.is<Text>()) {
    const Value backwards{int64_t{-1}};
    return get_slice(self, nullptr, nullptr, &backwards, interpreter.budget());
  }
  HEARTH_ASSIGN(const List list, iterate(self, interpreter.budget()));
  HEARTH_TRY(interpreter.budget().spend_bytes(list.size() * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(list.size());
  for (std::size_t i = list.size(); i > 0; --i) items.push_back(list.at(i - 1));
  return list_value(ListKind::kIterator, std::move(items), interpreter.budget());
}

// map(attribute=...) and map('filter', ...)
Result<Value> filter_map(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  std::vector<Value> mapped;
  if (!is_truthy(self)) return list_value(ListKind::kIterator, {}, budget);  // also none
  if (!arguments.positional.empty()) {
    const Text* name = arguments.positional[0].get<Text>();
    if (name == nullptr) return type_error("map() needs the name of a filter");
    HEARTH_ASSIGN(const List items, iterate(self, budget));
    const Arguments rest{{arguments.positional.begin() + 1, arguments.positional.end()},
                         arguments.keyword};
    HEARTH_TRY(budget.spend(rest.positional.size()));
    for (std::size_t i = 0; i < items.size(); ++i) {
      HEARTH_ASSIGN(Value value, interpreter.apply_filter(name->view(), items.at(i), rest));
      mapped.push_back(std::move(value));
    }
    return list_value(ListKind::kIterator, std::move(mapped), budget);
  }
  HEARTH_ASSIGN(const Bound bound, Bound::create("map", arguments, {"attribute", "default"}, 1));
  HEARTH_ASSIGN(const AttributePath path, AttributePath::create(bound.get(0)));
  HEARTH_ASSIGN(const List items, iterate(self, budget));
  const bool has_default = bound.get(1) != nullptr && !bound[1].is<None>();
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_ASSIGN(Value value, path.get(items.at(i), budget));
    mapped.push_back(value.is<Undefined>() && has_default ? bound[1] : std::move(value));
  }
  return list_value(ListKind::kIterator, std::move(mapped), budget);
}

enum class Keep { kPassing, kFailing };
enum class Subject { kItem, kAttribute };

// select, reject, selectattr, rejectattr: items by a test, without one by their truth.
template <Subject subject, Keep keep>
Result<Value> filter_select(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  if (!is_truthy(self)) return list_value(ListKind::kIterator, {}, budget);  // also none
  const auto& given = arguments.positional;
  const std::size_t skipped = subject == Subject::kAttribute ? 1 : 0;
  if (given.size() < skipped) return type_error("missing parameter for attribute name");
  HEARTH_ASSIGN(const AttributePath path,
                AttributePath::create(skipped == 1 ? &given[0] : nullptr));
  const Text* test = given.size() > skipped ? given[skipped].get<Text>() : nullptr;
  if (given.size() > skipped && test == nullptr) return type_error("a test's name must be a str");
  Arguments rest;
  rest.keyword = arguments.keyword;
  for (std::size_t i = skipped + 1; i < given.size(); ++i) rest.positional.push_back(given[i]);
  HEARTH_ASSIGN(const List items, iterate(self, budget));
  std::vector<Value> kept;
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_ASSIGN(const Value value, path.get(items.at(i), budget));
    HEARTH_ASSIGN(const bool passes, test == nullptr
                                         ? Result<bool>(is_truthy(value))
                                         : interpreter.apply_test(test->view(), value, rest));
    if (passes == (keep == Keep::kPassing)) kept.push_back(items.at(i));
  }
  return list_value(ListKind::kIterator, std::move(kept), budget);
}

struct Keyed {
  Value key;
  Value item;
};

// Stable merge sort, since the order itself can fail: std::stable_sort would need one that cannot.
Result<void> sort_keyed(std::vector<Keyed>& items, bool reverse, Budget& budget) {
  std::vector<Keyed> merged(items.size());
  for (std::size_t width = 1; width < items.size(); width *= 2) {
    for (std::size_t begin = 0; begin < items.size(); begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, items.size());
      const std::size_t end = std::min(begin + 2 * width, items.size());
      std::size_t left = begin;
      std::size_t right = middle;
      for (std::size_t out = begin; out < end; ++out) {
        bool take_right = left == middle;
        if (left < middle && right < end) {
          const auto ordering = reverse ? Ordering::kGreater : Ordering::kLess;
          HEARTH_ASSIGN(take_right, ordered(ordering, items[right].key, items[left].key, budget));
        }
        merged[out] = take_right ? items[right++] : items[left++];
      }
    }
    HEARTH_TRY(budget.spend(items.size()));
    items.swap(merged);
  }
  return {};
}

Result<Value> sorted_list(std::vector<Keyed> keyed, bool reverse, Budget& budget) {
  HEARTH_TRY(budget.spend_bytes(keyed.size() * sizeof(Keyed)));
  HEARTH_TRY(sort_keyed(keyed, reverse, budget));
  std::vector<Value> items;
  items.reserve(keyed.size());
  for (Keyed& entry : keyed) items.push_back(std::move(entry.item));
  return list_value(ListKind::kList, std::move(items), budget);
}

Result<Value> filter_sort(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  HEARTH_ASSIGN(const Bound bound,
                Bound::create("sort", arguments, {"reverse", "case_sensitive", "attribute"}));
  if (const Text* text = bound.get(2) ? bound[2].get<Text>() : nullptr;
      text && text->view().find(',') != std::string_view::npos) {
    return Error(ErrorCode::kUnsupported, "the filter 'sort' by several attributes");
  }
  HEARTH_ASSIGN(const AttributePath path, AttributePath::create(bound.get(2)));
  HEARTH_ASSIGN(const List items, iterate(self, budget));
  std::vector<Keyed> keyed;
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_ASSIGN(Value attribute, path.get(items.at(i), budget));
    HEARTH_ASSIGN(Value key, sort_key(std::move(attribute), bound.truthy(1, false), budget));
    keyed.push_back({std::move(key), items.at(i)});
  }
  return sorted_list(std::move(keyed), bound.truthy(0, false), budget);
}

Result<Value> filter_dictsort(Interpreter& interpreter, const Value& self,
                              const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  HEARTH_ASSIGN(const Bound bound,
                Bound::create("dictsort", arguments, {"case_sensitive", "by", "reverse"}));
  HEARTH_ASSIGN(const std::string_view by, bound.text(1, "key"));
  if (by != "key" && by != "value") return type_error("dictsort() sorts by 'key' or 'value'");
  const Dict* dict = self.get<Dict>();
  if (dict == nullptr) return type_error(concat("dictsort() of a '", type_name(self), "'"));
  std::vector<Keyed> keyed;
  for (std::size_t i = 0; i < dict->size(); ++i) {
    HEARTH_ASSIGN(Value pair, list_value(ListKind::kTuple, {dict->key(i), dict->value(i)}, budget));
    HEARTH_ASSIGN(Value key, sort_key(by == "key" ? dict->key(i) : dict->value(i),
                                      bound.truthy(0, false), budget));
    keyed.push_back({std::move(key), std::move(pair)});
  }
  return sorted_list(std::move(keyed), bound.truthy(2, false), budget);
}

Result<Value> filter_unique(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  HEARTH_ASSIGN(const Bound bound,
                Bound::create("unique", arguments, {"case_sensitive", "attribute"}));
  HEARTH_ASSIGN(const AttributePath path, AttributePath::create(bound.get(1)));
  HEARTH_ASSIGN(const List items, iterate(self, budget));
  std::vector<Value> seen;
  std::vector<Value> unique;
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_ASSIGN(Value attribute, path.get(items.at(i), budget));
    HEARTH_ASSIGN(Value key, sort_key(std::move(attribute), bound.truthy(0, false), budget));
    if (!is_hashable(key)) return type_error(concat("unhashable type: '", type_name(key), "'"));
    bool is_new = true;
    for (std::size_t j = 0; j < seen.size() && is_new; ++j) {
      HEARTH_ASSIGN(const bool same, equal(seen[j], key, budget));
      is_new = !same;
    }
    if (!is_new) continue;
    seen.push_back(std::move(key));
    unique.push_back(items.at(i));
  }
  return list_value(ListKind::kIterator, std::move(unique), budget);
}

// min and max: the first of the items that none precedes.
template <Ordering ordering>
Result<Value> filter_extreme(Interpreter& interpreter, const Value& self,
                             const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  HEARTH_ASSIGN(const Bound bound,
                Bound::create("min or max", arguments, {"case_sensitive", "attribute"}));
  HEARTH_ASSIGN(const AttributePath path, AttributePath::create(bound.get(1)));
  HEARTH_ASSIGN(const List items, iterate(self, budget));
  if (items.size() == 0) return Value{Undefined{"the extreme of nothing", {}}};
  Value best;
  Value best_key;
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_ASSIGN(Value attribute, path.get(items.at(i), budget));
    HEARTH_ASSIGN(Value key, sort_key(std::move(attribute), bound.truthy(0, false), budget));
    HEARTH_ASSIGN(const bool better,
                  i == 0 ? Result<bool>(true) : ordered(ordering, key, best_key, budget));
    if (!better) continue;
    best = items.at(i);
    best_key = std::move(key);
  }
  return best;
}

Result<Value> filter_sum(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  Budget& budget = interpreter.budget();
  HEARTH_ASSIGN(const Bound bound, Bound::create("sum", arguments, {"attribute", "start"}));
  HEARTH_ASSIGN(const AttributePath path, AttributePath::create(bound.get(0)));
  HEARTH_ASSIGN(const List items, iterate(self, budget));
  Value sum = bound.get(1) == nullptr ? Value{int64_t{0}} : bound[1];
  if (sum.is<Text>()) return type_error("sum() cannot sum strings");
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_ASSIGN(const Value item, path.get(items.at(i), budget));
    HEARTH_ASSIGN(sum, arithmetic(ArithmeticOperator::kAdd, sum, item, budget));
  }
  return sum;
}

constexpr Builtin kSequenceFilters[] = {
    {"length", filter_length},
    {"count", filter_length},
    {"list", filter_list},
    {"first", filter_first},
    {"last", filter_last},
    {"join", filter_join},
    {"items", filter_items},
    {"reverse", filter_reverse},
    {"map", filter_map},
    {"select", filter_select<Subject::kItem, Keep::kPassing>},
    {"reject", filter_select<Subject::kItem, Keep::kFailing>},
    {"selectattr", filter_select<Subject::kAttribute, Keep::kPassing>},
    {"rejectattr", filter_select<Subject::kAttribute, Keep::kFailing>},
    {"sort", filter_sort},
    {"dictsort", filter_dictsort},
    {"unique", filter_unique},
    {"min", filter_extreme<Ordering::kLess>},
    {"max", filter_extreme<Ordering::kGreater>},
    {"sum", filter_sum},
};

}  // namespace

std::span<const Builtin> sequence_filters() { return kSequenceFilters; }

}  // namespace hearth::jinja
