// SPDX-License-Identifier: Apache-2.0
// The values that a template computes with: Python's, as far as templates see them. All are
// immutable except namespaces, and copying one never copies what it contains.
//
// Ownership: lists and dicts share their items, or borrow them from the variables that were passed
// to the rendering; namespaces and macros belong to the interpreter, so that no cycle of owners can
// arise. A Value must not outlive its interpreter. Threading: one rendering, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "template/limits.h"
#include "template/text.h"
#include "template/value.h"

namespace hearth::jinja {

struct Value;
struct BoundMethod;
struct Builtin;
struct Loop;
struct Macro;
struct Namespace;

// What a missing variable, attribute or element yields: prints as nothing, and most operations on
// it fail.
struct Undefined {
  std::string_view name;   // borrowed from the template
  std::string_view owner;  // type of the object that lacks the attribute; empty: a variable
};
struct None {};

enum class ListKind : uint8_t { kList, kTuple, kKeysView, kValuesView, kItemsView, kIterator };

// A list, a tuple, a view of a dict, or what a generator will still yield.
class List {
 public:
  List() = default;  // []
  // Errors: kCorrupt (too many items, nested too deeply, steps used up).
  static Result<List> create(ListKind kind, std::vector<Value> items, Budget& budget);
  static List borrow(const TemplateArray& items, Origin origin);

  ListKind kind() const { return kind_; }
  std::size_t size() const;
  Value at(std::size_t index) const;
  int depth() const;
  // For kIterator: true for the first caller; the second finds it exhausted, as in Python.
  bool take() const;

 private:
  struct Items {
    std::vector<Value> values;
    int depth = 1;
    bool taken = false;
  };
  std::shared_ptr<Items> items_;
  const TemplateArray* borrowed_ = nullptr;
  ListKind kind_ = ListKind::kList;
  Origin origin_ = Origin::kTemplate;
};

// An ordered mapping.
class Dict {
 public:
  using Items = std::vector<std::pair<Value, Value>>;

  Dict() = default;  // {}
  // Of equal keys the first keeps its place and the last its value. Errors: kCorrupt (a key that
  // cannot be hashed, and as List::create).
  static Result<Dict> create(Items items, Budget& budget);
  static Dict borrow(const TemplateObject& items, Origin origin);

  std::size_t size() const;
  Value key(std::size_t index) const;
  Value value(std::size_t index) const;
  int depth() const;
  std::optional<Value> find(std::string_view key) const;
  Result<std::optional<Value>> find(const Value& key, Budget& budget) const;
  bool same(const Dict& other) const;

 private:
  struct Shared {
    Items items;
    int depth = 1;
  };
  std::shared_ptr<const Shared> shared_;
  const TemplateObject* borrowed_ = nullptr;
  Origin origin_ = Origin::kTemplate;
};

// Python's range(): its items are computed.
struct Range {
  int64_t start;
  int64_t stop;
  int64_t step;
  int64_t count;
};

struct Value {
  using Data = std::variant<Undefined, None, bool, int64_t, double, Text, List, Dict, Range,
                            Namespace*, const Macro*, const Builtin*,
                            std::shared_ptr<const BoundMethod>, std::shared_ptr<Loop>>;

  Data data;

  template <typename T>
  const T* get() const {
    return std::get_if<T>(&data);
  }
  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(data);
  }
};

// `object.name` that has not been called yet.
struct BoundMethod {
  Value receiver;
  std::string name;
};

// The variable `loop` of a for statement.
struct Loop {
  List items;
  std::size_t index0 = 0;
};

// The one mutable value.
struct Namespace {
  std::vector<std::pair<std::string, Value>> attributes;

  const Value* find(std::string_view name) const;
};

// A value that borrows from `variable`, which outlives it.
Value borrow_value(const TemplateValue& variable, Origin origin);
Value text_value(std::string_view bytes, Origin origin = Origin::kTemplate);  // borrows
// Errors: kCorrupt (too long, steps used up).
Result<Value> own_text(std::string bytes, Origin origin, Budget& budget);
Result<Value> list_value(ListKind kind, std::vector<Value> items, Budget& budget);

// How many containers are inside each other; 0 for a scalar.
int depth_of(const Value& value);
// Python's name of the type, for messages.
std::string_view type_name(const Value& value);
bool is_truthy(const Value& value);
// Whether it can be the key of a dict.
bool is_hashable(const Value& value);
// The number behind an int or a bool.
std::optional<int64_t> as_integer(const Value& value);
// The number behind an int, bool or float.
std::optional<double> as_number(const Value& value);

// Errors: kCorrupt (steps used up).
Result<bool> equal(const Value& left, const Value& right, Budget& budget);

enum class Ordering : uint8_t { kLess, kLessEqual, kGreater, kGreaterEqual };
// Errors: kCorrupt (types without an order, undefined, steps used up).
Result<bool> ordered(Ordering ordering, const Value& left, const Value& right, Budget& budget);

// str(value), the text that {{ value }} prints. Errors: kCorrupt (steps used up), kUnsupported
// (prints as an address).
Result<void> append_string(TextBuilder& out, const Value& value, Budget& budget);
Result<Text> to_text(const Value& value, Budget& budget);
// repr(value), which str() uses for what is inside containers. Errors: as append_string.
Result<void> append_repr(TextBuilder& out, const Value& value, Budget& budget);
std::string float_string(double number);

struct JsonStyle {
  bool ascii_only = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // one level of it
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
// json.dumps(). Errors: kCorrupt (a value that JSON has not, steps used up).
Result<void> append_json(TextBuilder& out, const Value& value, const JsonStyle& style,
                         Budget& budget);

// What iterating over `value` yields. Errors: kCorrupt (cannot be iterated, undefined steps used
// up).
Result<List> iterate(const Value& value, Budget& budget);

// "'x' is undefined", "'dict object' has no attribute 'x'".
Error undefined_error(const Undefined& undefined);
Error type_error(std::string message);

}  // namespace hearth::jinja
