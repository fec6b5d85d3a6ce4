// SPDX-License-Identifier: Apache-2.0
#include "server/json_fields.h"

#include <cmath>
#include <limits>

#include "base/strings.h"

namespace hearth {
namespace {

using Json = JsonFields::Json;

constexpr int kDepthMax = 128;

}  // namespace

Result<JsonFields> JsonFields::of_item(const Json& item, std::string place, std::string_view what) {
  if (!item.is_object())
    return Error(ErrorCode::kUsage, concat(place, ": is no object; give ", what));
  return JsonFields(item, std::move(place));
}

std::string JsonFields::path(std::string_view name) const {
  return place_.empty() ? printable(name) : concat(place_, ".", printable(name));
}

Error JsonFields::wrong(std::string_view name, std::string_view why) const {
  return Error(ErrorCode::kUsage, concat(path(name), ": ", why));
}

const Json* JsonFields::find(std::string_view name) {
  read_.emplace(name);
  const auto found = object_->find(std::string(name));
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<double>> JsonFields::number(std::string_view name, double low, double high) {
  const Json* value = find(name);
  if (value == nullptr) return std::optional<double>();
  if (!value->is_number()) return wrong(name, "is no number; give one");
  const auto read = value->get<double>();
  if (!(read >= low && read <= high))
    return wrong(name,
                 concat(value->dump(), " is outside ", low, " to ", high, "; choose another"));
  return std::optional(read);
}

Result<std::optional<int64_t>> JsonFields::integer(std::string_view name, int64_t low,
                                                   int64_t high) {
  const Json* value = find(name);
  if (value == nullptr) return std::optional<int64_t>();
  if (!value->is_number() || value->get<double>() != std::floor(value->get<double>()))
    return wrong(name, "is no whole number; give one");
  const auto read = whole_number(*value);
  if (!read)
    return wrong(name, concat(value->dump(), " is no whole number of 64 bits; choose another"));
  if (*read < low || *read > high)
    return wrong(name,
                 concat(value->dump(), " is outside ", low, " to ", high, "; choose another"));
  return read;
}

Result<std::optional<bool>> JsonFields::boolean(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::optional<bool>();
  if (!value->is_boolean()) return wrong(name, "is neither true nor false; give one of them");
  return std::optional(value->get<bool>());
}

Result<std::optional<std::string>> JsonFields::text(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return wrong(name, "is no text; give one");
  return std::optional(value->get<std::string>());
}

Result<const Json*> JsonFields::list(std::string_view name) {
  const Json* value = find(name);
  if (value != nullptr && !value->is_array()) return wrong(name, "is no list; give one");
  return value;
}

Result<const Json*> JsonFields::object(std::string_view name) {
  const Json* value = find(name);
  if (value != nullptr && !value->is_object()) return wrong(name, "is no object; give one");
  return value;
}

const Json* JsonFields::any(std::string_view name) { return find(name); }

Result<void> JsonFields::finish() const {
  for (const auto& [name, value] : object_->items()) {
    if (!read_.contains(name)) return wrong(name, "is not supported; leave it out");
  }
  return {};
}

std::optional<int64_t> whole_number(const Json& value) {
  constexpr double kExactMax = 9007199254740992.0;  // 2^53
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return std::nullopt;
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const auto read = value.get<double>();
  if (read != std::floor(read) || std::abs(read) > kExactMax) return std::nullopt;
  return static_cast<int64_t>(read);
}

Result<Json> parse_json_object(std::string_view body) {
  int depth_reached = 0;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    depth_reached = std::max(depth_reached, depth);
    return depth <= kDepthMax;  // what is deeper is left out
  };
  Json value = Json::parse(body, watch, false);
  if (depth_reached > kDepthMax) {
    return Error(ErrorCode::kUsage,
                 concat("body: nested more than ", kDepthMax, " deep; make it flatter"));
  }
  if (value.is_discarded()) return Error(ErrorCode::kUsage, "body: is no JSON; correct it");
  if (!value.is_object()) return Error(ErrorCode::kUsage, "body: is no JSON object; give one");
  return value;
}

}  // namespace hearth
