// SPDX-License-Identifier: Apache-2.0
// What templates can call: Jinja's filters, tests and functions, the methods of Python's types, and
// the additions of transformers. Each is one function in a table; the tables live as long as the
// program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "template/values.h"

namespace hearth::jinja {

class Interpreter;

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string_view, Value>> keyword;
};

// `self`: the filter's operand, what the test is about, the method's object; undefined for a
// function. Errors: kCorrupt (types, undefined values, bounds), kUnsupported (what we do not do of
// it).
using BuiltinFunction = Result<Value> (*)(Interpreter& interpreter, const Value& self,
                                          const Arguments& arguments);

struct Builtin {
  std::string_view name;
  BuiltinFunction call;
};

// Null where there is none of that name.
const Builtin* find_filter(std::string_view name);
const Builtin* find_test(std::string_view name);  // returns a bool
const Builtin* find_function(std::string_view name);
// The method of that name of a str, list, dict or loop; null for any other.
const Builtin* find_method(const Value& object, std::string_view name);
// Whether Python has a method of that name which would change the object.
bool is_mutating_method(const Value& object, std::string_view name);
// Whether Python has a method of that name which we do not offer.
bool is_missing_method(const Value& object, std::string_view name);

// Arguments by the names of a function's parameters, as Python binds them.
class Bound {
 public:
  // The first `required` parameters must be given. Errors: kCorrupt (too many, missing, unknown or
  // repeated ones).
  static Result<Bound> create(std::string_view function, const Arguments& arguments,
                              std::initializer_list<std::string_view> parameters,
                              std::size_t required = 0);

  // Null where it was not given. Valid as long as the Arguments.
  const Value* get(std::size_t parameter) const { return values_[parameter]; }
  const Value& operator[](std::size_t parameter) const { return *values_[parameter]; }
  bool truthy(std::size_t parameter, bool standard) const;
  // `standard` where not given. Errors: kCorrupt (not an int).
  Result<int64_t> integer(std::size_t parameter, int64_t standard) const;
  // `standard` where not given or None. Errors: kCorrupt (not a str).
  Result<std::string_view> text(std::size_t parameter, std::string_view standard) const;

 private:
  std::string_view function_;
  std::vector<const Value*> values_;
};

// Errors: kCorrupt (there are some).
Result<void> expect_no_arguments(std::string_view function, const Arguments& arguments);

// dict.items(), .keys() or .values(). Errors: kCorrupt (bounds).
Result<Value> view_dict(const Dict& dict, ListKind kind, Budget& budget);

// str.replace(); all occurrences where `count` is negative. Errors: kCorrupt (bounds).
Result<Text> replace_text(const Text& text, const Text& old_part, const Text& new_part,
                          int64_t count, Budget& budget);

// A text out of `source`, all of it taken for foreign where any of `source` is.
Result<Value> derived_text(const Text& source, std::string bytes, Budget& budget);

}  // namespace hearth::jinja
