// SPDX-License-Identifier: Apache-2.0
#include "route/route_memory.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kBytesMax = 1 << 20;
constexpr double kNumberMax = 1e15;
constexpr std::string_view kRemedy = "; restore the file, or move it away to begin anew";

Json line_json(const DecayedLine& line) { return {line.weight, line.x, line.y, line.xx, line.xy}; }

Json ratios_json(const RatioWindow& window) {
  return {{"count", window.count}, {"ratios", window.ratios}};
}

Json remote_json(const RemoteState& remote) {
  return {{"breaker",
           {{"failures", remote.breaker.failures},
            {"open_ms", remote.breaker.open_ms},
            {"opened_at_ms", remote.breaker.opened_at_ms}}},
          {"first_token", line_json(remote.latency.first_token)},
          {"answer", line_json(remote.latency.answer)},
          {"ratios", ratios_json(remote.latency.ratios)}};
}

// Reads fields and keeps the first error.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  void fail(std::string_view field, std::string_view why) {
    if (!error_)
      error_ = Error(ErrorCode::kCorrupt, concat(file_, ": ", field, ": ", why, kRemedy));
  }
  double number(const Json& object, const char* key, double max) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (object.is_object() && found != object.end() && fits(*found, max))
      return found->get<double>();
    fail(key, concat("is no number from 0 to ", max));
    return 0.0;
  }
  int64_t whole(const Json& object, const char* key, double max) {
    return static_cast<int64_t>(number(object, key, max));
  }
  std::vector<double> numbers(const Json& object, const char* key, std::size_t count) {
    std::vector<double> values(count, 0.0);
    const Json& list = member(object, key);
    if (!list.is_array() || list.size() != count) {
      fail(key, concat("is no list of ", count, " numbers"));
      return values;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (fits(list[i], kNumberMax)) {
        values[i] = list[i].get<double>();
      } else {
        fail(key, concat("has what is no number from 0 to ", kNumberMax));
      }
    }
    return values;
  }
  const Json& member(const Json& object, const char* key) {
    static const Json kNothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? *found : kNothing;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  static bool fits(const Json& value, double max) {
    return value.is_number() && value.get<double>() >= 0.0 && value.get<double>() <= max;
  }

  std::string_view file_;
  std::optional<Error> error_;
};

DecayedLine read_line(Reader& reader, const Json& object, const char* key) {
  const auto sums = reader.numbers(object, key, 5);
  return {sums[0], sums[1], sums[2], sums[3], sums[4]};
}

RatioWindow read_ratios(Reader& reader, const Json& object, const char* key) {
  const Json& member = reader.member(object, key);
  RatioWindow window;
  window.count = static_cast<int32_t>(reader.whole(member, "count", 2 * RatioWindow::kCount));
  const auto ratios = reader.numbers(member, "ratios", RatioWindow::kCount);
  for (std::size_t i = 0; i < ratios.size(); ++i) window.ratios[i] = static_cast<float>(ratios[i]);
  return window;
}

RemoteState read_remote(Reader& reader, const Json& object) {
  RemoteState remote;
  const Json& breaker = reader.member(object, "breaker");
  remote.breaker.failures =
      static_cast<int32_t>(reader.whole(breaker, "failures", kBreakerFailures));
  remote.breaker.open_ms = reader.whole(breaker, "open_ms", kBreakerOpenMsMax);
  remote.breaker.opened_at_ms = reader.whole(breaker, "opened_at_ms", kNumberMax);
  remote.latency.first_token = read_line(reader, object, "first_token");
  remote.latency.answer = read_line(reader, object, "answer");
  remote.latency.ratios = read_ratios(reader, object, "ratios");
  return remote;
}

}  // namespace

std::string route_memory_to_json(const Policy& policy, const RouteState& state) {
  Json targets = Json::object();
  for (std::size_t i = 0; i < policy.targets.size() && i < state.remotes.size(); ++i) {
    targets[policy.targets[i].name] = remote_json(state.remotes[i]);
  }
  const Json document = {{"version", kVersion},
                         {"day", state.spending.day},
                         {"spent_usd", state.spending.spent_usd},
                         {"reserved_usd", state.spending.reserved_usd},
                         {"retries", state.retries.left},
                         {"local_ratios", ratios_json(state.local_ratios)},
                         {"targets", std::move(targets)}};
  return document.dump() + "\n";
}

Result<void> route_memory_from_json(std::string_view text, std::string_view file,
                                    const Policy& policy, RouteState& state) {
  const Json document = text.size() > kBytesMax
                            ? Json(Json::value_t::discarded)
                            : Json::parse(text, nullptr, /*allow_exceptions=*/false);
  Reader reader(file);
  if (!document.is_object()) {
    reader.fail("", "is no JSON object");
    return *reader.error();
  }
  if (reader.member(document, "version") != kVersion) {
    reader.fail("version", concat("is another than ", kVersion));
  }
  RouteState read = state;
  read.spending.day = reader.whole(document, "day", kNumberMax);
  read.spending.spent_usd = reader.number(document, "spent_usd", kNumberMax);
  read.spending.reserved_usd = reader.number(document, "reserved_usd", kNumberMax);
  read.spending.recover();
  read.retries.left = reader.number(document, "retries", RetryBudget::kMax);
  read.local_ratios = read_ratios(reader, document, "local_ratios");
  const Json& targets = reader.member(document, "targets");
  if (!targets.is_object()) reader.fail("targets", "is no object");
  read.remotes.resize(policy.targets.size());
  for (std::size_t i = 0; i < policy.targets.size() && targets.is_object(); ++i) {
    const auto found = targets.find(policy.targets[i].name);
    if (found == targets.end()) continue;
    const std::optional<double> p_error = read.remotes[i].p_error;
    read.remotes[i] = read_remote(reader, *found);
    read.remotes[i].p_error = p_error;
  }
  if (reader.error()) return *reader.error();
  state = std::move(read);
  return {};
}

}  // namespace hearth
