// SPDX-License-Identifier: Apache-2.0
#include "controller/route_desk.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;

// Where the broker would take a message: what a running process cannot change any more.
bool leads_to_the_same(const RemoteTarget& a, const RemoteTarget& b) {
  return a.name == b.name && a.url == b.url && a.key_file == b.key_file && a.ca_file == b.ca_file;
}

// A target that was asked costs what was counted; one that broke off may cost what it could at
// most, as nobody told us.
double cost_of(const ChosenTarget& chosen, const RemoteResult& result) {
  switch (result.fault) {
    case RemoteFault::kNone:
      return cost_usd(chosen.target, result.prompt_tokens, result.answer_tokens);
    case RemoteFault::kUnreachable:
    case RemoteFault::kTls:
    case RemoteFault::kDns:
    case RemoteFault::kHttpStatus:
      return 0.0;
    default:
      return result.bytes_sent > 0 || result.fault == RemoteFault::kBrokerGone
                 ? chosen.hop.reserve_usd
                 : 0.0;
  }
}

}  // namespace

RouteDesk::RouteDesk(RouteDeskOptions options)
    : options_(std::move(options)),
      policy_(options_.policy),
      book_(RouteBook::open(options_.state_folder, policy_)) {
  policy_ = usable(policy_);
}

Result<std::unique_ptr<RouteDesk>> RouteDesk::open(RouteDeskOptions options) {
  HEARTH_TRY(make_folder(options.state_folder));
  std::unique_ptr<RouteDesk> desk(new RouteDesk(std::move(options)));
  if (desk->options_.policy.targets.empty()) return desk;
  HEARTH_CHECK(desk->options_.key.has_value());
  HEARTH_ASSIGN(Ledger ledger, Ledger::open(desk->options_.state_folder, *desk->options_.key,
                                            Database::Access::kWrite));
  desk->ledger_.emplace(std::move(ledger));
  return desk;
}

bool RouteDesk::has_targets() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(policy_.rules, [](const PolicyRule& rule) { return rule.allow != 0; });
}

// The policy without grants to targets that cannot be asked. What no rule grants is not permitted,
// and fewer grants never permit more.
Policy RouteDesk::usable(Policy policy) const {
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    const RemoteTarget& target = policy.targets[i];
    const bool was_there = std::ranges::any_of(
        options_.policy.targets,
        [&](const RemoteTarget& started) { return leads_to_the_same(started, target); });
    const bool is_counted = !target.has_price() || book_.trouble().empty();
    if (was_there && is_counted) continue;
    for (PolicyRule& rule : policy.rules) rule.allow &= ~(BitSet{1} << i);
    options_.note(was_there ? concat("target ", target.name,
                                     ": is not asked, as what was spent is "
                                     "not known: ",
                                     book_.trouble())
                            : concat("target ", target.name,
                                     ": is new or leads elsewhere; restart to use it"));
  }
  return policy;
}

// ---- deciding ----

RouteState RouteDesk::state_now(RequestTask task,
                                const std::optional<LocalCosts>& local_costs) const {
  const int64_t now_ms = options_.now_ms();
  book_.state.now_ms = now_ms;
  book_.state.spending.advance_to(now_ms / kDayMs);
  RouteState state = book_.state;
  state.local_costs = local_costs;
  if (!options_.calibration) return state;
  const ConfidenceCalibration& calibration = *options_.calibration;
  const auto index = static_cast<std::size_t>(task);
  state.local_p_error = calibration.local_p_error[index];
  state.local_stay_share = calibration.stay_share[index];
  state.p_error_max = calibration.threshold_of(task);
  for (RemoteState& remote : state.remotes) remote.p_error = calibration.remote_p_error[index];
  return state;
}

RouteVerdict RouteDesk::look_locked(const RouteQuestion& question) const {
  RouteRequest request = question.request;
  request.deadline_ms = question.deadline.remaining_ms();
  const RouteState state = state_now(request.task, question.local_costs);
  static const Policy kLocalOnly = local_only_policy();
  const Policy& policy = question.stays.empty() ? policy_ : kLocalOnly;
  RouteVerdict verdict{question.p_error
                           ? decide_after_answer(policy, request, state, *question.p_error)
                           : decide(policy, request, state),
                       std::nullopt};
  if (!question.stays.empty()) verdict.decision.text = concat("local: ", question.stays);
  for (const RouteHop& hop : verdict.decision.chain) {
    if (hop.is_local()) return verdict;
    const RemoteTarget& target = policy.targets[*hop.target];
    if (std::ranges::find(question.tried, target.name) != question.tried.end()) continue;
    verdict.next = ChosenTarget{target, hop};
    // Of a local answer nobody knows how long it takes; it gets half of what is left.
    const bool keeps_time =
        request.deadline_ms && !question.p_error && !verdict.decision.local_latency;
    if (keeps_time)
      verdict.next->hop.timeout_ms = std::min(hop.timeout_ms, *request.deadline_ms / 2);
    return verdict;
  }
  return verdict;
}

RouteVerdict RouteDesk::look(const RouteQuestion& question) const {
  const std::lock_guard lock(mutex_);
  return look_locked(question);
}

std::optional<double> RouteDesk::p_error(RequestTask task,
                                         const ConfidenceFeatures& features) const {
  if (!options_.calibration) return std::nullopt;
  return options_.calibration->p_error(task, features);
}

std::optional<LatencyPrediction> RouteDesk::predict(std::string_view target,
                                                    const RouteQuestion& question,
                                                    int32_t answer_tokens) const {
  const std::lock_guard lock(mutex_);
  if (target == kLocalTarget) {
    if (!question.local_costs) return std::nullopt;
    return predict_local(*question.local_costs, answer_tokens, book_.state.local_ratios);
  }
  const auto index = policy_.find_target(target);
  if (!index || *index >= book_.state.remotes.size()) return std::nullopt;
  return book_.state.remotes[*index].latency.predict(question.request.prompt_tokens, answer_tokens);
}

// ---- acting ----

RemoteState* RouteDesk::remote_state(std::string_view target) {
  const auto index = policy_.find_target(target);
  return index ? &book_.state.remotes[*index] : nullptr;
}

void RouteDesk::save() {
  if (const auto saved = book_.save(policy_); !saved.ok()) options_.note(saved.error().message());
}

void RouteDesk::begin_request() {
  const std::lock_guard lock(mutex_);
  book_.state.retries.earn();
}

RouteVerdict RouteDesk::take_next(const RouteQuestion& question) {
  const std::lock_guard lock(mutex_);
  RouteVerdict verdict = look_locked(question);
  if (!verdict.next) return verdict;
  const RouteState before = book_.state;
  remote_state(verdict.next->target.name)->breaker.started(book_.state.now_ms);
  book_.state.spending.reserve(verdict.next->hop.reserve_usd);
  if (!question.tried.empty()) book_.state.retries.take();
  if (const auto saved = book_.save(policy_); !saved.ok()) {
    // What is not on the disk is not sent.
    options_.note(saved.error().message());
    book_.state = before;
    verdict.next.reset();
  }
  return verdict;
}

Result<int64_t> RouteDesk::write_down(const ChosenTarget& chosen, const OutgoingBody& body,
                                      const std::string& request, Sensitivity sensitivity) {
  const std::string& bytes = body.bytes.get();
  EgressRecord record;
  record.time_ms = options_.now_ms();
  record.request = request;
  record.target = chosen.target.name;
  record.host = host_and_port(chosen.target.endpoint);
  record.sensitivity = std::string(sensitivity_name(sensitivity));
  record.redactions = body.redactions;
  record.bytes = static_cast<int64_t>(bytes.size());
  record.content = content_hash(std::as_bytes(std::span(bytes)));
  const std::lock_guard lock(mutex_);
  return ledger_->append(record);
}

double RouteDesk::settle(const ChosenTarget& chosen, const RemoteResult& result,
                         int32_t prompt_tokens) {
  const double cost = cost_of(chosen, result);
  const std::lock_guard lock(mutex_);
  book_.state.spending.settle(chosen.hop.reserve_usd, cost);
  if (RemoteState* const remote = remote_state(chosen.target.name)) {
    if (result.fault == RemoteFault::kNone) {
      remote->breaker.succeeded();
      remote->latency.observe(prompt_tokens, static_cast<int32_t>(result.answer_tokens),
                              result.first_token_ms, result.total_ms);
    } else if (result.fault == RemoteFault::kCancelled) {
      remote->breaker.abandoned();
    } else {
      remote->breaker.failed(options_.now_ms());
    }
  }
  save();
  return cost;
}

void RouteDesk::give_up(const ChosenTarget& chosen) {
  const std::lock_guard lock(mutex_);
  book_.state.spending.settle(chosen.hop.reserve_usd, 0.0);
  if (RemoteState* const remote = remote_state(chosen.target.name)) remote->breaker.abandoned();
  save();
}

void RouteDesk::observe_local(const LocalCosts& costs, int32_t answer_tokens, double total_ms) {
  const std::lock_guard lock(mutex_);
  book_.state.local_ratios.add(total_ms, predict_local(costs, answer_tokens, {}).total_ms);
}

void RouteDesk::change_policy(Policy policy) {
  const std::lock_guard lock(mutex_);
  Policy after = usable(std::move(policy));
  book_.change_policy(policy_, after);
  policy_ = std::move(after);
}

}  // namespace hearth
