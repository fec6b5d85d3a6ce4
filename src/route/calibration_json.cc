// SPDX-License-Identifier: Apache-2.0
// A calibration as a document: {"version": 1, ...}. Everything is checked, as a file may be edited.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "route/calibration.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kKnotsMax = 100000;
constexpr std::size_t kBytesMax = 8 << 20;
constexpr double kNumberMax = 1e9;

Json per_task_json(const PerTask<std::optional<double>>& values) {
  Json object = Json::object();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) object[std::string(kRequestTaskNames[i])] = *values[i];
  }
  return object;
}

// Of tasks that have weights of their own.
Json task_weights_json(const ErrorScore& score) {
  Json object = Json::object();
  for (std::size_t i = 0; i < kRequestTaskNames.size(); ++i) {
    const auto& weights = score.task_weight[i];
    if (std::any_of(weights.begin(), weights.end(), [](double value) { return value != 0.0; }))
      object[std::string(kRequestTaskNames[i])] = weights;
  }
  return object;
}

// Reads fields and keeps the first error.
class Reader {
 public:
  Reader(const Json& document, std::string_view file) : document_(document), file_(file) {}

  double number(const Json& object, const std::string& key, double min, double max);
  std::vector<double> numbers(const Json& object, const std::string& key, double min, double max);
  void per_task(const std::string& key, PerTask<std::optional<double>>& values);
  const Json& object(const std::string& key);
  void fail(std::string_view key, std::string_view why) {
    if (!error_) error_ = Error(ErrorCode::kCorrupt, concat(file_, ": ", key, ": ", why));
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  bool fits(const Json& value, double min, double max) const {
    if (!value.is_number()) return false;
    const double number = value.get<double>();
    return number >= min && number <= max;
  }

  const Json& document_;
  std::string_view file_;
  std::optional<Error> error_;
};

constexpr std::string_view kRemedy = "; make the file anew with `hearth route calibrate`";

double Reader::number(const Json& object, const std::string& key, double min, double max) {
  const auto found = object.find(key);
  if (found != object.end() && fits(*found, min, max)) return found->get<double>();
  fail(key, concat("is no number from ", min, " to ", max, kRemedy));
  return min;
}

std::vector<double> Reader::numbers(const Json& object, const std::string& key, double min,
                                    double max) {
  std::vector<double> values;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->size() > kKnotsMax) {
    fail(key, concat("is no list of numbers", kRemedy));
    return values;
  }
  for (const Json& value : *found) {
    if (!fits(value, min, max)) {
      fail(key, concat("has what is no number from ", min, " to ", max, kRemedy));
      return values;
    }
    values.push_back(value.get<double>());
  }
  return values;
}

const Json& Reader::object(const std::string& key) {
  static const Json kEmpty = Json::object();
  const auto found = document_.find(key);
  if (found != document_.end() && found->is_object()) return *found;
  fail(key, concat("is no object", kRemedy));
  return kEmpty;
}

void Reader::per_task(const std::string& key, PerTask<std::optional<double>>& values) {
  const Json& members = object(key);
  std::size_t known = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string task(kRequestTaskNames[i]);
    if (!members.contains(task)) continue;
    values[i] = number(members, task, 0.0, 1.0);
    ++known;
  }
  if (known != members.size()) fail(key, concat("has a task that is not known", kRemedy));
}

bool is_rising(std::span<const double> values, bool strictly) {
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1] || (strictly && values[i] == values[i - 1])) return false;
  }
  return true;
}

void read_task_weights(Reader& reader, const Json& members, ErrorScore& score) {
  std::size_t known = 0;
  for (std::size_t i = 0; i < kRequestTaskNames.size(); ++i) {
    const std::string task(kRequestTaskNames[i]);
    if (!members.contains(task)) continue;
    ++known;
    const auto weights = reader.numbers(members, task, -kNumberMax, kNumberMax);
    if (weights.size() != score.task_weight[i].size()) {
      reader.fail(task, concat("has a list of the wrong length", kRemedy));
      return;
    }
    std::copy(weights.begin(), weights.end(), score.task_weight[i].begin());
  }
  if (known != members.size())
    reader.fail("score.task_weight", concat("has a task that is not known", kRemedy));
}

void read_score(Reader& reader, ErrorScore& score) {
  const Json& object = reader.object("score");
  const auto features = object.find("features");
  const Json expected(kConfidenceFeatureNames);
  if (features == object.end() || *features != expected) {
    reader.fail("score.features", concat("are others than this version knows", kRemedy));
  }
  const auto mean = reader.numbers(object, "mean", -kNumberMax, kNumberMax);
  const auto scale = reader.numbers(object, "scale", 1e-9, kNumberMax);
  const auto weight = reader.numbers(object, "weight", -kNumberMax, kNumberMax);
  const auto offsets = reader.numbers(object, "task_offset", -kNumberMax, kNumberMax);
  const auto own = object.find("task_weight");
  if (own == object.end() || !own->is_object()) {
    reader.fail("score.task_weight", concat("is no object", kRemedy));
  } else {
    read_task_weights(reader, *own, score);
  }
  score.offset = reader.number(object, "offset", -kNumberMax, kNumberMax);
  if (mean.size() != score.mean.size() || scale.size() != mean.size() ||
      weight.size() != mean.size() || offsets.size() != score.task_offset.size()) {
    reader.fail("score", concat("has lists of the wrong length", kRemedy));
    return;
  }
  std::copy(mean.begin(), mean.end(), score.mean.begin());
  std::copy(scale.begin(), scale.end(), score.scale.begin());
  std::copy(weight.begin(), weight.end(), score.weight.begin());
  std::copy(offsets.begin(), offsets.end(), score.task_offset.begin());
}

}  // namespace

std::string calibration_to_json(const ConfidenceCalibration& calibration) {
  Json document = {{"version", kVersion},
                   {"answers", calibration.answers},
                   {"promise",
                    {{"error_max", calibration.promise.error_max},
                     {"confidence", calibration.promise.confidence}}},
                   {"score",
                    {{"features", kConfidenceFeatureNames},
                     {"mean", calibration.score.mean},
                     {"scale", calibration.score.scale},
                     {"weight", calibration.score.weight},
                     {"task_offset", calibration.score.task_offset},
                     {"task_weight", task_weights_json(calibration.score)},
                     {"offset", calibration.score.offset}}},
                   {"line", {{"x", calibration.line.x}, {"y", calibration.line.y}}},
                   {"threshold", calibration.threshold ? Json(*calibration.threshold) : Json()},
                   {"task_threshold", per_task_json(calibration.task_threshold)},
                   {"local_p_error", per_task_json(calibration.local_p_error)},
                   {"remote_p_error", per_task_json(calibration.remote_p_error)},
                   {"stay_share", per_task_json(calibration.stay_share)}};
  return document.dump(1) + "\n";
}

Result<ConfidenceCalibration> calibration_from_json(std::string_view text, std::string_view file) {
  const Json document = text.size() > kBytesMax
                            ? Json(Json::value_t::discarded)
                            : Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    return Error(ErrorCode::kCorrupt, concat(file, ": is no calibration", kRemedy));
  }
  const auto version = document.find("version");
  if (version == document.end() || !version->is_number_integer() || *version != kVersion) {
    return Error(ErrorCode::kCorrupt,
                 concat(file, ": version: is another than ", kVersion, kRemedy));
  }
  Reader reader(document, file);
  ConfidenceCalibration calibration;
  calibration.answers = static_cast<int64_t>(reader.number(document, "answers", 0, kNumberMax));
  const Json& promise = reader.object("promise");
  calibration.promise.error_max = reader.number(promise, "error_max", 0.0, 1.0);
  calibration.promise.confidence = reader.number(promise, "confidence", 0.0, 1.0);
  read_score(reader, calibration.score);
  const Json& line = reader.object("line");
  calibration.line.x = reader.numbers(line, "x", -kNumberMax, kNumberMax);
  calibration.line.y = reader.numbers(line, "y", 0.0, 1.0);
  const bool is_line = !calibration.line.x.empty() &&
                       calibration.line.x.size() == calibration.line.y.size() &&
                       is_rising(calibration.line.x, /*strictly=*/true) &&
                       is_rising(calibration.line.y, /*strictly=*/false);
  if (!is_line) reader.fail("line", concat("is no rising line", kRemedy));
  if (const auto threshold = document.find("threshold");
      threshold == document.end() || !threshold->is_null()) {
    calibration.threshold = reader.number(document, "threshold", 0.0, 1.0);
  }
  reader.per_task("task_threshold", calibration.task_threshold);
  reader.per_task("local_p_error", calibration.local_p_error);
  reader.per_task("remote_p_error", calibration.remote_p_error);
  reader.per_task("stay_share", calibration.stay_share);
  if (reader.error()) return *reader.error();
  return calibration;
}

}  // namespace hearth
