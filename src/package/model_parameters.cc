// SPDX-License-Identifier: Apache-2.0
#include "package/model_parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;
using P = ModelParameters;

constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kContextMax = 1 << 24;

constexpr std::array<NumberParameter, 6> kNumbers = {{
    {"temperature", &P::temperature, 0.0, 100.0},
    {"top_p", &P::top_p, 0.0, 1.0},
    {"min_p", &P::min_p, 0.0, 1.0},
    {"repeat_penalty", &P::repeat_penalty, 0.01, 100.0},
    {"frequency_penalty", &P::frequency_penalty, -2.0, 2.0},
    {"presence_penalty", &P::presence_penalty, -2.0, 2.0},
}};

constexpr std::size_t kSamplingIntegers = 3;
constexpr std::array<IntegerParameter, 5> kIntegers = {{
    {"top_k", &P::top_k, 0, kInt32Max},
    {"repeat_last_n", &P::repeat_last_n, -1, 1 << 24},  // as the sampler has it
    {"seed", &P::seed, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()},
    {"num_predict", &P::num_predict, -2, kInt32Max},
    {"num_ctx", &P::num_ctx, 1, kContextMax},
}};

constexpr std::array<std::string_view, 15> kIgnored = {
    "num_thread", "num_gpu",      "main_gpu",     "num_batch",        "use_mmap",
    "use_mlock",  "numa",         "low_vram",     "vocab_only",       "f16_kv",
    "logits_all", "mirostat_tau", "mirostat_eta", "penalize_newline", "num_keep",
};

constexpr std::array<NeutralParameter, 3> kNeutral = {
    {{"mirostat", 0}, {"typical_p", 1}, {"tfs_z", 1}}};

Error wrong(std::string_view name, std::string_view why) {
  return Error(ErrorCode::kUsage, concat(printable(name), ": ", why));
}

template <typename Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

template <typename Number, typename Row>
Result<void> set_number(P& parameters, const Row& row, std::string_view text,
                        std::string_view kind) {
  if (parameters.*row.value) return wrong(row.name, "is set already; keep one value");
  const auto number = parse<Number>(text);
  if (!number || !(*number >= row.low && *number <= row.high)) {
    return wrong(row.name, concat("\"", printable(text), "\" is no ", kind, " from ", row.low,
                                  " to ", row.high, "; give one"));
  }
  parameters.*row.value = *number;
  return {};
}

const NeutralParameter* find_neutral(std::string_view name) {
  const auto* const found = std::ranges::find(kNeutral, name, &NeutralParameter::name);
  return found == kNeutral.end() ? nullptr : found;
}

std::string known_names() {
  std::string names;
  for (const auto& row : kNumbers) names += concat(row.name, ", ");
  for (const auto& row : kIntegers) names += concat(row.name, ", ");
  return names + "stop";
}

}  // namespace

std::span<const NumberParameter> number_parameters() { return kNumbers; }
std::span<const IntegerParameter> integer_parameters() { return kIntegers; }
std::span<const IntegerParameter> sampling_integers() {
  return std::span(kIntegers).first(kSamplingIntegers);
}
std::span<const std::string_view> ignored_parameters() { return kIgnored; }
std::span<const NeutralParameter> neutral_parameters() { return kNeutral; }

Result<void> check_stops(const std::vector<std::string>& stops) {
  if (stops.size() > kSettingStopsMax) {
    return wrong("stop", concat("is set ", stops.size(), " times, more than ", kSettingStopsMax,
                                "; leave some out"));
  }
  for (const std::string& stop : stops) {
    if (stop.empty()) return wrong("stop", "is empty; give a text to stop at");
    if (stop.size() > kSettingStopBytesMax) {
      return wrong("stop", concat("takes ", stop.size(), " bytes, more than ", kSettingStopBytesMax,
                                  "; give a shorter text"));
    }
    if (find_invalid_utf8(stop)) return wrong("stop", "is not UTF-8; give a text that is");
  }
  return {};
}

Result<ParameterOutcome> set_parameter(P& parameters, std::string_view name,
                                       std::string_view text) {
  if (name == "stop") {
    parameters.stop.emplace_back(text);
    HEARTH_TRY(check_stops(parameters.stop));
    return ParameterOutcome::kSet;
  }
  if (const auto* row = std::ranges::find(kNumbers, name, &NumberParameter::name);
      row != kNumbers.end()) {
    HEARTH_TRY(set_number<double>(parameters, *row, text, "number"));
    return ParameterOutcome::kSet;
  }
  if (const auto* row = std::ranges::find(kIntegers, name, &IntegerParameter::name);
      row != kIntegers.end()) {
    HEARTH_TRY(set_number<int64_t>(parameters, *row, text, "whole number"));
    return ParameterOutcome::kSet;
  }
  if (std::ranges::find(kIgnored, name) != kIgnored.end()) return ParameterOutcome::kIgnored;
  if (const NeutralParameter* neutral = find_neutral(name)) {
    if (parse<double>(text) == neutral->value) return ParameterOutcome::kIgnored;
    return wrong(name, concat(printable(text), " is not supported; leave it out"));
  }
  return wrong(name, concat("is no parameter; known are ", known_names()));
}

Json parameters_to_json(const P& parameters) {
  Json object = Json::object();
  for (const auto& row : kNumbers) {
    if (parameters.*row.value) object[std::string(row.name)] = *(parameters.*row.value);
  }
  for (const auto& row : kIntegers) {
    if (parameters.*row.value) object[std::string(row.name)] = *(parameters.*row.value);
  }
  if (!parameters.stop.empty()) object["stop"] = parameters.stop;
  return object;
}

Result<P> parameters_from_json(const Json& object) {
  P parameters;
  if (!object.is_object()) return wrong("parameters", "is not an object; give one");
  for (const auto& [name, value] : object.items()) {
    if (name == "stop") {
      if (!value.is_array()) return wrong(name, "is not an array; give one");
      for (const Json& stop : value) {
        if (!stop.is_string()) return wrong(name, "holds what is no text; give texts");
        parameters.stop.push_back(stop.get<std::string>());
      }
      HEARTH_TRY(check_stops(parameters.stop));
      continue;
    }
    if (!value.is_number()) return wrong(name, "is not a number; give one");
    HEARTH_ASSIGN(const auto outcome, set_parameter(parameters, name, value.dump()));
    if (outcome == ParameterOutcome::kIgnored)
      return wrong(name, "has no meaning here; leave it out");
  }
  return parameters;
}

P overlay(const P& base, const P& own) {
  P both = base;
  for (const auto& row : kNumbers) {
    if (own.*row.value) both.*row.value = own.*row.value;
  }
  for (const auto& row : kIntegers) {
    if (own.*row.value) both.*row.value = own.*row.value;
  }
  if (!own.stop.empty()) both.stop = own.stop;
  return both;
}

}  // namespace hearth
