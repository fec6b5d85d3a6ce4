// SPDX-License-Identifier: Apache-2.0
// The parameters of answers that a model may bring along, in Ollama's names: how tokens are drawn,
// where answers end, how much room they have. What is absent is left to whoever asks.
//
// Values; no threading concerns.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth {

struct ModelParameters {
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> repeat_penalty;
  std::optional<double> frequency_penalty;
  std::optional<double> presence_penalty;
  std::optional<int64_t> top_k;
  std::optional<int64_t> repeat_last_n;  // tokens
  std::optional<int64_t> seed;
  std::optional<int64_t> num_predict;  // tokens; below 1: to the end of the answer
  std::optional<int64_t> num_ctx;      // tokens
  std::vector<std::string> stop;

  bool operator==(const ModelParameters&) const = default;
};

struct NumberParameter {
  std::string_view name;
  std::optional<double> ModelParameters::*value;
  double low;
  double high;
};
struct IntegerParameter {
  std::string_view name;
  std::optional<int64_t> ModelParameters::*value;
  int64_t low;
  int64_t high;
};
// All but `stop`. The integers of sampling are those that requests of every API may name;
// num_predict and num_ctx stand behind them.
std::span<const NumberParameter> number_parameters();
std::span<const IntegerParameter> sampling_integers();
std::span<const IntegerParameter> integer_parameters();

// Of Ollama's parameters, those that choose how it computes, which is not asked of us, and those
// that only work beside others that are refused.
std::span<const std::string_view> ignored_parameters();

// Ollama's parameters of which one value changes nothing, and others cannot be done.
struct NeutralParameter {
  std::string_view name;
  double value;
};
std::span<const NeutralParameter> neutral_parameters();

// Stop strings, as the engine takes them.
inline constexpr std::size_t kSettingStopsMax = 32;
inline constexpr std::size_t kSettingStopBytesMax = 512;
// Errors: kUsage (how many, how long, not UTF-8).
Result<void> check_stops(const std::vector<std::string>& stops);

enum class ParameterOutcome { kSet, kIgnored };
// Sets a parameter by its name and its value as text; `stop` gets one more. Errors: kUsage (no such
// parameter: lists them; set already; no number or out of range: both named).
Result<ParameterOutcome> set_parameter(ModelParameters& parameters, std::string_view name,
                                       std::string_view text);

// As an object; empty where nothing is set.
nlohmann::ordered_json parameters_to_json(const ModelParameters& parameters);
// Errors: kUsage (another type, out of range, unknown: named).
Result<ModelParameters> parameters_from_json(const nlohmann::ordered_json& object);

// `own` in front of `base`.
ModelParameters overlay(const ModelParameters& base, const ModelParameters& own);

}  // namespace hearth
