// SPDX-License-Identifier: Apache-2.0
#include "template/values.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth::jinja {

Result<List> List::create(ListKind kind, std::vector<Value> items, Budget& budget) {
  if (items.size() > kItemsMax) return limit_error("the length of a list", int64_t{kItemsMax});
  HEARTH_TRY(budget.spend_bytes(items.size() * sizeof(Value)));
  auto shared = std::make_shared<Items>();
  for (const Value& item : items) shared->depth = std::max(shared->depth, 1 + depth_of(item));
  if (shared->depth > kValueDepthMax) return limit_error("the depth of a value", kValueDepthMax);
  shared->values = std::move(items);
  List list;
  list.items_ = std::move(shared);
  list.kind_ = kind;
  return list;
}

List List::borrow(const TemplateArray& items, Origin origin) {
  List list;
  list.borrowed_ = &items;
  list.origin_ = origin;
  return list;
}

std::size_t List::size() const {
  if (borrowed_ != nullptr) return borrowed_->size();
  return items_ == nullptr ? 0 : items_->values.size();
}

Value List::at(std::size_t index) const {
  if (borrowed_ != nullptr) return borrow_value((*borrowed_)[index], origin_);
  return items_->values[index];
}

int List::depth() const {
  if (borrowed_ != nullptr) return kVariableDepthMax;  // checked when the rendering begins
  return items_ == nullptr ? 1 : items_->depth;
}

bool List::take() const {
  if (items_ == nullptr) return true;
  return !std::exchange(items_->taken, true);
}

bool is_hashable(const Value& value) {
  if (value.is<Dict>()) return false;
  if (const List* list = value.get<List>()) {
    if (list->kind() != ListKind::kTuple) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!is_hashable(list->at(i))) return false;
    }
  }
  return true;
}

Result<Dict> Dict::create(Items items, Budget& budget) {
  if (items.size() > kItemsMax) return limit_error("the length of a dict", int64_t{kItemsMax});
  HEARTH_TRY(budget.spend_bytes(items.size() * 2 * sizeof(Value)));
  auto shared = std::make_shared<Shared>();
  for (auto& [key, value] : items) {
    if (!is_hashable(key)) return type_error(concat("unhashable type: '", type_name(key), "'"));
    shared->depth = std::max({shared->depth, 1 + depth_of(key), 1 + depth_of(value)});
    bool replaced = false;
    for (auto& [earlier_key, earlier_value] : shared->items) {
      HEARTH_ASSIGN(const bool same_key, equal(earlier_key, key, budget));
      if (!same_key) continue;
      earlier_value = std::move(value);
      replaced = true;
      break;
    }
    if (!replaced) shared->items.emplace_back(std::move(key), std::move(value));
  }
  if (shared->depth > kValueDepthMax) return limit_error("the depth of a value", kValueDepthMax);
  Dict dict;
  dict.shared_ = std::move(shared);
  return dict;
}

Dict Dict::borrow(const TemplateObject& items, Origin origin) {
  Dict dict;
  dict.borrowed_ = &items;
  dict.origin_ = origin;
  return dict;
}

std::size_t Dict::size() const {
  if (borrowed_ != nullptr) return borrowed_->size();
  return shared_ == nullptr ? 0 : shared_->items.size();
}

Value Dict::key(std::size_t index) const {
  if (borrowed_ != nullptr) return text_value((*borrowed_)[index].name, origin_);
  return shared_->items[index].first;
}

Value Dict::value(std::size_t index) const {
  if (borrowed_ != nullptr) return borrow_value((*borrowed_)[index].value, origin_);
  return shared_->items[index].second;
}

int Dict::depth() const {
  if (borrowed_ != nullptr) return kVariableDepthMax;
  return shared_ == nullptr ? 1 : shared_->depth;
}

std::optional<Value> Dict::find(std::string_view key) const {
  if (borrowed_ != nullptr) {
    for (const auto& [name, item] : *borrowed_) {
      if (name == key) return borrow_value(item, origin_);
    }
    return std::nullopt;
  }
  if (shared_ == nullptr) return std::nullopt;
  for (const auto& [name, item] : shared_->items) {
    const Text* text = name.get<Text>();
    if (text != nullptr && text->view() == key) return item;
  }
  return std::nullopt;
}

Result<std::optional<Value>> Dict::find(const Value& key, Budget& budget) const {
  if (!is_hashable(key)) return type_error(concat("unhashable type: '", type_name(key), "'"));
  HEARTH_TRY(budget.spend(1 + size() / 4));
  if (const Text* text = key.get<Text>()) return find(text->view());
  for (std::size_t i = 0; i < size(); ++i) {
    HEARTH_ASSIGN(const bool found, equal(this->key(i), key, budget));
    if (found) return std::optional(value(i));
  }
  return std::optional<Value>();
}

bool Dict::same(const Dict& other) const {
  return shared_ == other.shared_ && borrowed_ == other.borrowed_;
}

const Value* Namespace::find(std::string_view name) const {
  for (const auto& [attribute, value] : attributes) {
    if (attribute == name) return &value;
  }
  return nullptr;
}

Value borrow_value(const TemplateValue& variable, Origin origin) {
  return std::visit(
      [&](const auto& held) -> Value {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return {None{}};
        } else if constexpr (std::is_same_v<T, std::string>) {
          return text_value(held, origin);
        } else if constexpr (std::is_same_v<T, TemplateArray>) {
          return {List::borrow(held, origin)};
        } else if constexpr (std::is_same_v<T, TemplateObject>) {
          return {Dict::borrow(held, origin)};
        } else {
          return {held};
        }
      },
      variable.value);
}

Value text_value(std::string_view bytes, Origin origin) { return {Text::borrow(bytes, origin)}; }

Result<Value> own_text(std::string bytes, Origin origin, Budget& budget) {
  if (bytes.size() > kTextBytesMax) {
    return limit_error("the length of a string in bytes", int64_t{kTextBytesMax});
  }
  HEARTH_TRY(budget.spend_bytes(bytes.size() + sizeof(Value)));
  return Value{Text::own(std::move(bytes), origin)};
}

Result<Value> list_value(ListKind kind, std::vector<Value> items, Budget& budget) {
  HEARTH_ASSIGN(List list, List::create(kind, std::move(items), budget));
  return Value{std::move(list)};
}

int depth_of(const Value& value) {
  if (const List* list = value.get<List>()) return list->depth();
  if (const Dict* dict = value.get<Dict>()) return dict->depth();
  if (const auto* method = value.get<std::shared_ptr<const BoundMethod>>()) {
    return 1 + depth_of((*method)->receiver);
  }
  if (const auto* loop = value.get<std::shared_ptr<Loop>>()) return 1 + (*loop)->items.depth();
  return 0;
}

std::string_view type_name(const Value& value) {
  constexpr std::string_view kNames[] = {"Undefined",
                                         "NoneType",
                                         "bool",
                                         "int",
                                         "float",
                                         "str",
                                         "list",
                                         "dict",
                                         "range",
                                         "Namespace",
                                         "Macro",
                                         "function",
                                         "builtin_function_or_method",
                                         "LoopContext"};
  static_assert(std::size(kNames) == std::variant_size_v<Value::Data>);
  if (const List* list = value.get<List>()) {
    constexpr std::string_view kListNames[] = {"list",        "tuple",      "dict_keys",
                                               "dict_values", "dict_items", "generator"};
    return kListNames[static_cast<std::size_t>(list->kind())];
  }
  return kNames[value.data.index()];
}

bool is_truthy(const Value& value) {
  if (const bool* boolean = value.get<bool>()) return *boolean;
  if (const auto* integer = value.get<int64_t>()) return *integer != 0;
  if (const double* number = value.get<double>()) return *number != 0;
  if (const Text* text = value.get<Text>()) return !text->view().empty();
  if (const List* list = value.get<List>()) {
    return list->kind() == ListKind::kIterator || list->size() != 0;
  }
  if (const Dict* dict = value.get<Dict>()) return dict->size() != 0;
  if (const Range* range = value.get<Range>()) return range->count != 0;
  return !value.is<Undefined>() && !value.is<None>();
}

std::optional<int64_t> as_integer(const Value& value) {
  if (const auto* integer = value.get<int64_t>()) return *integer;
  if (const bool* boolean = value.get<bool>()) return *boolean ? 1 : 0;
  return std::nullopt;
}

std::optional<double> as_number(const Value& value) {
  if (const double* number = value.get<double>()) return *number;
  if (const auto integer = as_integer(value)) return static_cast<double>(*integer);
  return std::nullopt;
}

namespace {

Result<List> characters(const Text& text, Budget& budget) {
  const Text plain = text.as_plain();
  const std::string_view bytes = plain.view();
  HEARTH_TRY(budget.spend_bytes(bytes.size() * sizeof(Value)));  // before the vector grows
  std::vector<Value> items;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = at + decode_utf8(bytes.substr(at)).bytes;
    items.push_back({plain.slice(at, end)});
    at = end;
  }
  return List::create(ListKind::kList, std::move(items), budget);
}

}  // namespace

Result<List> iterate(const Value& value, Budget& budget) {
  HEARTH_TRY(budget.spend(1));
  if (const List* list = value.get<List>()) {
    if (list->kind() == ListKind::kIterator && !list->take()) return List();
    return *list;
  }
  if (const Text* text = value.get<Text>()) return characters(*text, budget);
  std::vector<Value> items;
  if (const Dict* dict = value.get<Dict>()) {
    HEARTH_TRY(budget.spend_bytes(dict->size() * sizeof(Value)));
    for (std::size_t i = 0; i < dict->size(); ++i) items.push_back(dict->key(i));
  } else if (const Range* range = value.get<Range>()) {
    HEARTH_TRY(budget.spend_bytes(static_cast<std::size_t>(range->count) * sizeof(Value)));
    for (int64_t i = 0; i < range->count; ++i) items.push_back({range->start + i * range->step});
  } else if (!value.is<Undefined>()) {
    return type_error(concat("'", type_name(value), "' object is not iterable"));
  }
  return List::create(ListKind::kList, std::move(items), budget);
}

Error undefined_error(const Undefined& undefined) {
  if (undefined.owner.empty()) {
    return Error(ErrorCode::kCorrupt, concat("'", printable(undefined.name), "' is undefined"));
  }
  if (undefined.name.empty()) {
    return Error(ErrorCode::kCorrupt,
                 concat("the '", undefined.owner, "' object has no such element"));
  }
  return Error(ErrorCode::kCorrupt, concat("'", undefined.owner, " object' has no attribute '",
                                           printable(undefined.name), "'"));
}

Error type_error(std::string message) { return Error(ErrorCode::kCorrupt, std::move(message)); }

}  // namespace hearth::jinja
