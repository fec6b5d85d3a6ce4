// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <span>

#include "base/strings.h"

namespace hearth {
namespace {

void add_head(std::string& text, std::string_view name, std::string_view type,
              std::string_view help) {
  text += concat("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

void add_number(std::string& text, std::string_view name, std::string_view type,
                std::string_view help, int64_t value) {
  add_head(text, name, type, help);
  text += concat(name, " ", value, "\n");
}

// `labels`: as route="chat", or empty.
void add_histogram(std::string& text, std::string_view name, std::string_view labels,
                   const Histogram& histogram) {
  const std::string_view comma = labels.empty() ? "" : ",";
  int64_t count = 0;
  for (std::size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
    count += histogram.count(i);
    const std::string bound =
        i < Histogram::kBounds.size() ? concat(Histogram::kBounds[i]) : std::string("+Inf");
    text += concat(name, "_bucket{", labels, comma, "le=\"", bound, "\"} ", count, "\n");
  }
  const std::string braces = labels.empty() ? "" : concat("{", labels, "}");
  text += concat(name, "_sum", braces, " ", histogram.sum_seconds(), "\n", name, "_count", braces,
                 " ", count, "\n");
}

std::string route_label(std::size_t endpoint) {
  return concat("route=\"", endpoint_name(static_cast<Endpoint>(endpoint)), "\"");
}

void add_requests(std::string& text, const ServerMetrics& metrics) {
  add_head(text, "hearth_requests_total", "counter", "Requests that were answered.");
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    for (std::size_t digit = 1; digit < metrics.requests[i].size(); ++digit) {
      const int64_t count = metrics.requests[i][digit];
      if (count == 0) continue;
      text += concat("hearth_requests_total{", route_label(i), ",status=\"", digit, "xx\"} ", count,
                     "\n");
    }
  }
  add_head(text, "hearth_request_seconds", "histogram",
           "From a request's last byte to its answer's.");
  for (std::size_t i = 0; i < kEndpoints; ++i)
    add_histogram(text, "hearth_request_seconds", route_label(i), metrics.request_time[i]);
}

void add_models(std::string& text, const ModelHost& models) {
  SchedulerState total;
  const auto loaded = models.loaded();
  for (const HostedModel& model : loaded) {
    total.waiting += model.state.waiting;
    total.running += model.state.running;
    total.kv_pages_used += model.state.kv_pages_used;
    total.kv_pages += model.state.kv_pages;
  }
  add_number(text, "hearth_requests_running", "gauge", "Answers that are being written.",
             total.running);
  add_number(text, "hearth_requests_waiting", "gauge", "Requests that wait for their turn.",
             total.waiting);
  add_number(text, "hearth_kv_pages_used", "gauge", "Pages of 64 tokens in the KV caches.",
             total.kv_pages_used);
  add_number(text, "hearth_kv_pages", "gauge", "Pages that the KV caches have.", total.kv_pages);
  add_number(text, "hearth_models_loaded", "gauge", "Models in memory.",
             static_cast<int64_t>(loaded.size()));
}

// A line for each value of an enum that was counted.
void add_counters(std::string& text, std::string_view name, std::string_view label,
                  std::span<const std::string_view> values,
                  std::span<const std::atomic<int64_t>> counts, std::string_view more = "") {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0)
      text += concat(name, "{", more, label, "=\"", values[i], "\"} ", counts[i].load(), "\n");
  }
}

void add_routes(std::string& text, const RouteMetrics& routes) {
  add_head(text, "hearth_route_answers_total", "counter", "Routed answers, by why and where.");
  add_counters(text, "hearth_route_answers_total", "reason", kRouteReasonNames, routes.local,
               "where=\"local\",");
  add_counters(text, "hearth_route_answers_total", "reason", kRouteReasonNames, routes.remote,
               "where=\"remote\",");
  add_head(text, "hearth_route_outcomes_total", "counter", "Routed requests, by how they ended.");
  add_counters(text, "hearth_route_outcomes_total", "outcome", kRouteOutcomeNames, routes.outcomes);
  add_head(text, "hearth_route_asks_total", "counter", "Messages sent, by what came of them.");
  add_counters(text, "hearth_route_asks_total", "fault", kRemoteFaultNames, routes.asks);
  add_head(text, "hearth_route_exclusions_total", "counter", "Targets that were left out.");
  add_counters(text, "hearth_route_exclusions_total", "why", kExclusionNames, routes.exclusions);
  add_head(text, "hearth_route_denials_total", "counter", "Of them, those not permitted.");
  add_counters(text, "hearth_route_denials_total", "why", kDenialNames, routes.denials);
  add_head(text, "hearth_route_checks_total", "counter", "What was wrong with answers.");
  add_counters(text, "hearth_route_checks_total", "fault", kOutputFaultNames, routes.faults);
  add_head(text, "hearth_route_decide_seconds", "histogram", "Deciding who answers.");
  add_histogram(text, "hearth_route_decide_seconds", "", routes.decide);
  add_head(text, "hearth_guard_seconds", "histogram", "Looking for personal data in requests.");
  add_histogram(text, "hearth_guard_seconds", "", routes.guard);
}

}  // namespace

std::string_view endpoint_name(Endpoint endpoint) {
  constexpr std::array<std::string_view, kEndpoints> kNames = {
      "chat",   "completion", "embedding", "rerank", "infill", "tokens",
      "models", "health",     "metrics",   "page",   "other"};
  return kNames[static_cast<std::size_t>(endpoint)];
}

void ServerMetrics::count(Endpoint endpoint, int status, double seconds) {
  const auto index = static_cast<std::size_t>(endpoint);
  const auto digit = static_cast<std::size_t>(status / 100);
  ++requests[index][digit < requests[index].size() ? digit : 0];
  request_time[index].add(seconds);
}

std::string metrics_text(const ServerMetrics& metrics, const ModelHost& models,
                         const Controller* controller) {
  std::string text;
  add_requests(text, metrics);
  const SchedulerMetrics& of_answers = *metrics.scheduler;
  add_head(text, "hearth_first_token_seconds", "histogram",
           "From a request to its answer's first token.");
  add_histogram(text, "hearth_first_token_seconds", "", of_answers.first_token);
  add_head(text, "hearth_token_gap_seconds", "histogram", "Between two tokens of an answer.");
  add_histogram(text, "hearth_token_gap_seconds", "", of_answers.token_gap);
  add_number(text, "hearth_prompt_tokens_total", "counter", "Tokens of prompts, evaluated.",
             of_answers.prompt_tokens);
  add_number(text, "hearth_cached_tokens_total", "counter",
             "Tokens of prompts that were known from earlier requests.", of_answers.cached_tokens);
  add_number(text, "hearth_answer_tokens_total", "counter", "Tokens of answers.",
             of_answers.answer_tokens);
  add_number(text, "hearth_passes_total", "counter", "Passes through the models.",
             of_answers.passes);
  add_models(text, models);
  if (controller != nullptr) add_routes(text, controller->metrics());
  return text;
}

}  // namespace hearth
