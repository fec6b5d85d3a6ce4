// SPDX-License-Identifier: Apache-2.0
// Reads the members of a JSON object of a request, one by one, with their types and ranges; what
// was not read in the end is refused by name, so that no field of a request is ever ignored.
//
// Ownership: borrows the object. Threading: one user at a time.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

class JsonFields {
 public:
  using Json = nlohmann::ordered_json;

  // `place`: where the object stands, for messages; empty for a whole body.
  explicit JsonFields(const Json& object, std::string place = "")
      : object_(&object), place_(std::move(place)) {}

  // An item of a list, which must be an object; `what`: what is to be given, as "a message".
  // Errors: kUsage (it is none).
  static Result<JsonFields> of_item(const Json& item, std::string place, std::string_view what);

  // A member that is absent or null is none. Errors: kUsage (another type, out of range: both
  // named).
  Result<std::optional<double>> number(std::string_view name, double low, double high);
  Result<std::optional<int64_t>> integer(std::string_view name, int64_t low, int64_t high);
  Result<std::optional<bool>> boolean(std::string_view name);
  Result<std::optional<std::string>> text(std::string_view name);
  // Null where it is absent.
  Result<const Json*> list(std::string_view name);
  Result<const Json*> object(std::string_view name);
  // Of any type; null where it is absent.
  const Json* any(std::string_view name);
  // A member that cannot change the answer, whatever it is.
  void accept(std::string_view name) { read_.emplace(name); }

  // Nothing is left. Errors: kUsage (a member that was not read: named).
  Result<void> finish() const;

  // "place.name", for messages.
  std::string path(std::string_view name) const;
  Error wrong(std::string_view name, std::string_view why) const;

 private:
  const Json* find(std::string_view name);

  const Json* object_;
  std::string place_;
  std::set<std::string, std::less<>> read_;
};

// A number without a fraction, as 2 and 2.0; none for others, those beyond 64 bits, and 1e30 or
// 2.0e16, of which a double does not tell the last digit.
std::optional<int64_t> whole_number(const nlohmann::ordered_json& value);

// `body` as an object. Errors: kUsage (not JSON, not an object, nested too deep, not UTF-8).
Result<nlohmann::ordered_json> parse_json_object(std::string_view body);

}  // namespace hearth
