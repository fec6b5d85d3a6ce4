// SPDX-License-Identifier: Apache-2.0
#include "server/ollama_names.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "base/clock.h"
#include "base/strings.h"
#include "package/model_names.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// "1h30m" in seconds; none where it is no duration.
std::optional<double> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr Unit kUnits[] = {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9},
                             {"h", 3600},  {"m", 60},    {"s", 1}};
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double count = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (read.ec != std::errc() || !std::isfinite(count)) return std::nullopt;  // "nan", too
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (text.empty() && seconds == 0) return is_negative ? -count : count;  // "-1"
    const auto* unit = std::ranges::find_if(
        kUnits, [&](const Unit& known) { return text.starts_with(known.name); });
    if (unit == std::end(kUnits)) return std::nullopt;
    text.remove_prefix(unit->name.size());
    seconds += count * unit->seconds;
  }
  return is_negative ? -seconds : seconds;
}

}  // namespace

Result<std::string> read_ollama_name(JsonFields& fields, std::string_view remedy) {
  HEARTH_ASSIGN(const auto model, fields.text("model"));
  HEARTH_ASSIGN(const auto name, fields.text("name"));
  const std::string of_model = store_name(model.value_or(""));
  const std::string of_name = store_name(name.value_or(""));
  if (of_model.empty() && of_name.empty())
    return fields.wrong("model", concat("is missing; ", remedy));
  if (!of_model.empty() && !of_name.empty() && of_model != of_name)
    return fields.wrong("name", "is another one than model; leave it out");
  return of_model.empty() ? of_name : of_model;
}

Result<std::optional<double>> read_keep_alive(JsonFields& fields) {
  const Json* value = fields.any("keep_alive");
  if (value == nullptr) return std::optional<double>();
  const std::optional<double> seconds = value->is_number() ? std::optional(value->get<double>())
                                        : value->is_string()
                                            ? parse_duration(value->get<std::string>())
                                            : std::nullopt;
  if (!seconds)
    return fields.wrong("keep_alive", "is neither seconds nor a duration as \"5m\"; give one");
  return seconds;
}

std::string utc_in(double seconds) {
  return utc_text(std::time(nullptr) + static_cast<std::time_t>(seconds));
}

int64_t nanoseconds(double ms) { return static_cast<int64_t>(ms * 1e6); }

}  // namespace hearth
