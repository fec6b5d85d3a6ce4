// SPDX-License-Identifier: Apache-2.0
#include "route/decision.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

// Where fewer local answers than this could stay, one is not waited for.
constexpr double kStayShareMin = 0.2;

std::string rounded(double value, int places) {
  const double scale = std::pow(10.0, places);
  return concat(std::round(value * scale) / scale);
}

Facts facts_of(const RouteRequest& request, const RouteState& state) {
  return {.sensitivity = request.sensitivity,
          .task = request.task,
          .consent = request.consent,
          .network = request.network,
          .power = request.power,
          .deadline = deadline_class(request.deadline_ms),
          .spent_usd = state.spending.used_usd()};
}

// One decision being made.
class Router {
 public:
  Router(const Policy& policy, const RouteRequest& request, const RouteState& state)
      : policy_(policy),
        request_(request),
        state_(state),
        facts_(facts_of(request, state)),
        permission_(permit(policy, facts_)) {}

  // `answered`: P(error) of the local answer that is there.
  Decision run(std::optional<double> answered);

 private:
  TargetPrediction predict(std::size_t target) const;
  RemoteState remote_state(std::size_t target) const {
    return target < state_.remotes.size() ? state_.remotes[target] : RemoteState{};
  }
  double time_for(std::size_t target) const;
  std::optional<Exclusion> exclusion_of(std::size_t target) const;
  std::string exclusion_text(std::size_t target, Exclusion why) const;
  void exclude(std::size_t target, Exclusion why, std::optional<DenialReason> denial = {});
  void collect_candidates();
  void drop_no_better(double p_error);
  bool comes_before(std::size_t a, std::size_t b) const;
  bool local_is_late() const;
  std::pair<bool, RouteReason> choose() const;
  std::pair<bool, RouteReason> choose_by_latency() const;
  std::pair<bool, RouteReason> choose_by_quality() const;
  std::pair<bool, RouteReason> choose_after(double p_error);
  void make_chain();
  std::string exclusions_text() const;
  std::string reason_text() const;

  const Policy& policy_;
  const RouteRequest& request_;
  const RouteState& state_;
  const Facts facts_;
  const Permission permission_;
  std::optional<double> answered_;
  std::vector<std::size_t> candidates_;  // best first
  Decision decision_;
};

TargetPrediction Router::predict(std::size_t target) const {
  const RemoteTarget& remote = policy_.targets[target];
  const RemoteState known = remote_state(target);
  return {.latency = known.latency.predict(request_.prompt_tokens, request_.answer_tokens),
          .cost_usd = cost_usd(remote, request_.prompt_tokens, request_.answer_tokens),
          .cost_usd_max = cost_usd(remote, request_.prompt_tokens,
                                   std::max(request_.answer_tokens, request_.answer_tokens_max)),
          .p_error = known.p_error};
}

bool Router::local_is_late() const {
  return request_.deadline_ms && decision_.local_latency &&
         decision_.local_latency->total_ms > *request_.deadline_ms;
}

// How long a target may take: its own limit, and what leaves time for the local answer where there
// could be one.
double Router::time_for(std::size_t target) const {
  double time_ms = policy_.targets[target].timeout_ms;
  if (!request_.deadline_ms) return time_ms;
  double left_ms = *request_.deadline_ms;
  const bool needs_local = !answered_ && decision_.local_latency && !local_is_late();
  if (needs_local) left_ms -= decision_.local_latency->total_ms;
  return std::min(time_ms, left_ms);
}

std::optional<Exclusion> Router::exclusion_of(std::size_t target) const {
  const TargetPrediction& predicted = decision_.remotes[target];
  if (!remote_state(target).breaker.admits(state_.now_ms)) return Exclusion::kBreaker;
  if (policy_.targets[target].has_price() &&
      facts_.spent_usd + predicted.cost_usd_max > permission_.limit_usd[target]) {
    return Exclusion::kBudget;
  }
  const double time_ms = time_for(target);
  if (time_ms <= 0.0 || (predicted.latency && predicted.latency->total_ms > time_ms)) {
    return Exclusion::kTooSlow;
  }
  return std::nullopt;
}

std::string Router::exclusion_text(std::size_t target, Exclusion why) const {
  const std::string& name = policy_.targets[target].name;
  switch (why) {
    case Exclusion::kPolicy:
      return concat(name, ": not permitted");
    case Exclusion::kBreaker:
      return concat(name, ": has failed lately, the breaker is open");
    case Exclusion::kBudget:
      return concat(name, ": could exceed the day's budget");
    case Exclusion::kTooSlow:
      return concat(name, ": would not answer in time");
    case Exclusion::kNotBetter:
      return concat(name, ": is known to be wrong as often");
    case Exclusion::kRetries:
      break;
  }
  return concat(name, ": too much was tried again lately");
}

void Router::exclude(std::size_t target, Exclusion why, std::optional<DenialReason> denial) {
  std::string text =
      denial ? denial_text(policy_, facts_, target, *denial) : exclusion_text(target, why);
  decision_.excluded.push_back({target, why, denial, std::move(text)});
}

void Router::collect_candidates() {
  for (std::size_t i = 0; i < policy_.targets.size(); ++i) {
    decision_.remotes.push_back(predict(i));
    if (const auto denial = denial_of(policy_, facts_, i)) {
      exclude(i, Exclusion::kPolicy, denial);
    } else if (const auto why = exclusion_of(i)) {
      exclude(i, *why);
    } else {
      candidates_.push_back(i);
    }
  }
  std::sort(candidates_.begin(), candidates_.end(),
            [&](std::size_t a, std::size_t b) { return comes_before(a, b); });
}

bool Router::comes_before(std::size_t a, std::size_t b) const {
  constexpr double kUnknown = 1e300;  // behind all that is known
  const auto latency = [&](std::size_t i) {
    const auto& predicted = decision_.remotes[i].latency;
    return predicted ? predicted->total_p95_ms : kUnknown;
  };
  const auto p_error = [&](std::size_t i) {
    return decision_.remotes[i].p_error.value_or(kUnknown);
  };
  const auto cost = [&](std::size_t i) { return decision_.remotes[i].cost_usd; };
  // The one on this machine, then the more trusted.
  const auto exposure = [&](std::size_t i) {
    const RemoteTarget& target = policy_.targets[i];
    return std::pair(!target.endpoint.is_loopback, -static_cast<int>(target.accepts));
  };
  switch (decision_.prefer) {
    case Prefer::kPrivacy:
      return std::tuple(exposure(a), latency(a), a) < std::tuple(exposure(b), latency(b), b);
    case Prefer::kLatency:
      return std::tuple(latency(a), cost(a), a) < std::tuple(latency(b), cost(b), b);
    case Prefer::kCost:
      return std::tuple(cost(a), latency(a), a) < std::tuple(cost(b), latency(b), b);
    case Prefer::kQuality:
      break;
  }
  return std::tuple(p_error(a), latency(a), a) < std::tuple(p_error(b), latency(b), b);
}

// Whether to go to the first candidate, and why or why not.
std::pair<bool, RouteReason> Router::choose() const {
  if (candidates_.empty()) return {false, RouteReason::kLocalOnly};
  if (local_is_late()) return {true, RouteReason::kLocalLate};
  // A task that goes wrong too often in the mean may still have answers that can stay: which, only
  // they tell.
  const bool is_doubtful = decision_.p_error_max && state_.local_p_error &&
                           *state_.local_p_error > *decision_.p_error_max &&
                           state_.local_stay_share.value_or(0.0) < kStayShareMin;
  if (is_doubtful) return {true, RouteReason::kLocalDoubtful};
  if (decision_.prefer == Prefer::kLatency) return choose_by_latency();
  if (decision_.prefer == Prefer::kQuality) return choose_by_quality();
  return {false, RouteReason::kLocalFirst};
}

std::pair<bool, RouteReason> Router::choose_by_latency() const {
  const auto& remote = decision_.remotes[candidates_.front()].latency;
  if (!remote || !decision_.local_latency) return {false, RouteReason::kLocalFirst};
  if (remote->total_p95_ms < decision_.local_latency->total_ms) return {true, RouteReason::kFaster};
  return {false, RouteReason::kLocalFaster};
}

// A target whose quality nobody measured is taken to be better: that is what it is there for.
std::pair<bool, RouteReason> Router::choose_by_quality() const {
  const auto& remote = decision_.remotes[candidates_.front()].p_error;
  if (remote && state_.local_p_error && *state_.local_p_error <= *remote) {
    return {false, RouteReason::kLocalBetter};
  }
  return {true, RouteReason::kBetter};
}

void Router::drop_no_better(double p_error) {
  std::erase_if(candidates_, [&](std::size_t i) {
    const auto& known = decision_.remotes[i].p_error;
    if (!known || *known < p_error) return false;
    exclude(i, Exclusion::kNotBetter);
    return true;
  });
}

std::pair<bool, RouteReason> Router::choose_after(double p_error) {
  if (!decision_.p_error_max) return {false, RouteReason::kNoThreshold};
  if (p_error <= *decision_.p_error_max) return {false, RouteReason::kConfident};
  drop_no_better(p_error);
  if (candidates_.empty()) return {false, RouteReason::kLocalOnly};
  return {true, RouteReason::kLocalDoubtful};
}

// The candidates in order, as far as retries go, and local behind them.
void Router::make_chain() {
  const auto tries = static_cast<std::size_t>(1 + state_.retries.retries());
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const std::size_t target = candidates_[i];
    if (i >= tries) {
      exclude(target, Exclusion::kRetries);
      continue;
    }
    decision_.chain.push_back(
        {.target = target,
         .timeout_ms = time_for(target),
         .redaction = has_bit(permission_.redacted, target) ? Redaction::kOn : Redaction::kOff,
         .reserve_usd = decision_.remotes[target].cost_usd_max});
  }
}

// Why each target is not asked, in brackets.
std::string Router::exclusions_text() const {
  std::string text;
  for (const ExcludedTarget& excluded : decision_.excluded)
    text += concat(text.empty() ? " (" : "; ", excluded.text);
  return text.empty() ? text : text + ")";
}

std::string Router::reason_text() const {
  const std::string_view first = target_name(policy_, decision_.first());
  const auto error = [&] {
    return rounded(answered_.value_or(state_.local_p_error.value_or(0)), 3);
  };
  switch (decision_.reason) {
    case RouteReason::kLocalOnly:
      if (policy_.targets.empty()) return "local: the policy has no other target";
      return concat("local: nobody else may or can answer now", exclusions_text());
    case RouteReason::kLocalFirst:
      return "local: comes first, and nothing speaks against it";
    case RouteReason::kLocalFaster:
      return "local: no permitted target is expected to be faster";
    case RouteReason::kLocalBetter:
      return "local: no permitted target is expected to be better";
    case RouteReason::kLocalLate:
      return concat(first, ": local would take ", rounded(decision_.local_latency->total_ms, 0),
                    " ms of the ", rounded(*request_.deadline_ms, 0), " ms that are left");
    case RouteReason::kLocalDoubtful:
      return concat(first, ": local is wrong with probability ", error(), ", more than ",
                    rounded(*decision_.p_error_max, 3));
    case RouteReason::kFaster:
      return concat(first, ": is expected to be faster");
    case RouteReason::kBetter:
      return concat(first, ": is expected to be better");
    case RouteReason::kConfident:
      return concat("local: its answer is wrong with probability ", error(), ", at most ",
                    rounded(*decision_.p_error_max, 3));
    case RouteReason::kNoThreshold:
      break;
  }
  return "local: nothing says when its answer is too doubtful; calibrate, or set p_error_max";
}

Decision Router::run(std::optional<double> answered) {
  answered_ = answered;
  decision_.prefer = permission_.prefer.value_or(Prefer::kPrivacy);
  decision_.p_error_max = permission_.p_error_max ? permission_.p_error_max : state_.p_error_max;
  for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
    if (has_bit(permission_.granting | permission_.narrowing, i)) {
      decision_.rules.push_back(policy_.rules[i].name);
    }
  }
  if (state_.local_costs) {
    decision_.local_latency =
        predict_local(*state_.local_costs, request_.answer_tokens, state_.local_ratios);
  }
  collect_candidates();
  const auto [goes, reason] = answered ? choose_after(*answered) : choose();
  decision_.reason = reason;
  if (goes) make_chain();
  decision_.chain.push_back({});
  decision_.text = reason_text();
  return std::move(decision_);
}

}  // namespace

std::string_view target_name(const Policy& policy, const RouteHop& hop) {
  return hop.is_local() ? kLocalTarget : std::string_view(policy.targets[*hop.target].name);
}

Decision decide(const Policy& policy, const RouteRequest& request, const RouteState& state) {
  return Router(policy, request, state).run(std::nullopt);
}

Decision decide_after_answer(const Policy& policy, const RouteRequest& request,
                             const RouteState& state, double p_error) {
  return Router(policy, request, state).run(p_error);
}

}  // namespace hearth
