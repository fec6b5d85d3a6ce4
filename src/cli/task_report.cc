// SPDX-License-Identifier: Apache-2.0
#include "cli/task_report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/table.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kConfusionsShown = 10;

std::string decimals(double value, int places = 3) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

// A p below what the test resolves is no 0.
std::string p_text(double p) { return p < 0.001 ? "< 0.001" : decimals(p); }

Json interval_json(const Interval& interval) {
  return {{"low", interval.low}, {"high", interval.high}};
}

Json metrics_json(const TaskSummary& summary) {
  Json metrics = Json::object();
  for (const MetricValue& value : summary.metrics) {
    Json one = {{"value", value.value}};
    one.update(interval_json(value.interval));
    metrics[std::string(metric_name(value.metric))] = std::move(one);
  }
  return metrics;
}

std::string metrics_table(const TaskReport& report) {
  Table table({"metric", "value", "95 % interval"});
  for (const MetricValue& value : report.summary.metrics) {
    table.add({std::string(metric_name(value.metric)), decimals(value.value),
               concat(decimals(value.interval.low), " to ", decimals(value.interval.high))});
  }
  return table.text();
}

std::string labels_table(const TaskSummary& summary) {
  Table table({"label", "examples", "precision", "recall", "f1"});
  for (const LabelValue& label : summary.labels) {
    table.add({printable(label.label), concat(label.examples), decimals(label.precision),
               decimals(label.recall), decimals(label.f1)});
  }
  return table.text();
}

std::string confusions_table(const TaskSummary& summary) {
  Table table({"expected", "answered", "times"});
  const std::size_t count = std::min(kConfusionsShown, summary.confusions.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Confusion& confusion = summary.confusions[i];
    table.add(
        {printable(confusion.expected), printable(confusion.predicted), concat(confusion.count)});
  }
  return table.text();
}

}  // namespace

std::string value_text(const MetricValue& value) {
  return concat(decimals(value.value), " (", decimals(value.interval.low), " to ",
                decimals(value.interval.high), ")");
}

std::string task_text(const TaskReport& report) {
  const TaskSummary& summary = report.summary;
  std::string text = concat(printable(report.task.name), ": ", metric_name(report.task.metric), " ",
                            value_text(summary.main), " over ", report.run.items.size(), " of ",
                            report.split, ", ", decimals(summary.ms_mean, 1), " ms each\n");
  if (report.task.floor) {
    const bool passed = passes(report.task, summary);
    text += concat(report.task.metric == Metric::kPerplexity ? "ceiling " : "floor ",
                   decimals(*report.task.floor), passed ? ": reached\n" : ": missed\n");
  }
  text += "\n" + metrics_table(report);
  if (!summary.labels.empty()) text += "\n" + labels_table(summary);
  if (!summary.confusions.empty()) text += "\n" + confusions_table(summary);
  if (summary.calibration) {
    text += concat("\nmean confidence ", decimals(summary.calibration->mean_confidence),
                   ", calibration error ", decimals(summary.calibration->ece), "\n");
  }
  if (report.comparison) {
    text += concat(
        "\nagainst ", printable(report.against), " (", decimals(report.against_summary->main.value),
        "): ", report.comparison->difference >= 0 ? "+" : "",
        decimals(report.comparison->difference), " (", decimals(report.comparison->interval.low),
        " to ", decimals(report.comparison->interval.high), "), p ", p_text(report.comparison->p),
        " (", report.comparison->test, ")\n");
  }
  return text;
}

Json task_json(const TaskReport& report) {
  const TaskSummary& summary = report.summary;
  Json document = {{"task", report.task.name},
                   {"kind", std::string(task_kind_name(report.task.kind))},
                   {"model", report.model},
                   {"split", report.split},
                   {"examples", report.run.items.size()},
                   {"metric", std::string(metric_name(report.task.metric))},
                   {"value", summary.main.value},
                   {"interval", interval_json(summary.main.interval)},
                   {"floor", report.task.floor ? Json(*report.task.floor) : Json(nullptr)},
                   {"passed", passes(report.task, summary)},
                   {"metrics", metrics_json(summary)}};
  if (!summary.labels.empty()) {
    Json labels = Json::array();
    for (const LabelValue& label : summary.labels) {
      labels.push_back({{"label", label.label},
                        {"examples", label.examples},
                        {"precision", label.precision},
                        {"recall", label.recall},
                        {"f1", label.f1}});
    }
    document["labels"] = std::move(labels);
    Json confusions = Json::array();
    for (const Confusion& confusion : summary.confusions) {
      confusions.push_back({{"expected", confusion.expected},
                            {"predicted", confusion.predicted},
                            {"count", confusion.count}});
    }
    document["confusions"] = std::move(confusions);
  }
  if (summary.calibration) {
    document["calibration"] = {{"mean_confidence", summary.calibration->mean_confidence},
                               {"ece", summary.calibration->ece}};
  }
  document["ms_per_example"] = summary.ms_mean;
  if (report.comparison) {
    document["against"] = {{"model", report.against},
                           {"value", report.against_summary->main.value},
                           {"difference", report.comparison->difference},
                           {"interval", interval_json(report.comparison->interval)},
                           {"p", report.comparison->p},
                           {"test", std::string(report.comparison->test)}};
  }
  return document;
}

}  // namespace hearth
