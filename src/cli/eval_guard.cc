// SPDX-License-Identifier: Apache-2.0
// hearth eval guard: how well personal data and secrets are found in a labelled corpus
// (tools/guard_corpus makes one).
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/binomial.h"
#include "base/files.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/guard_score.h"
#include "cli/lock_in.h"
#include "cli/table.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCorpusBytesMax = 1 << 30;
constexpr double kLevel = 0.95;

std::string decimals(double value, int places = 4) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

Json counts_json(const GuardCounts& counts) {
  Json out = {
      {"expected", counts.expected}, {"found", counts.found}, {"precision", counts.precision()},
      {"recall", counts.recall()},   {"f1", counts.f(1.0)},   {"f2", counts.f(2.0)}};
  if (counts.documents > 0) {
    const ShareInterval leak = share_interval(counts.leaking, counts.documents, kLevel);
    out["documents"] = counts.documents;
    out["leak_rate"] = static_cast<double>(counts.leaking) / static_cast<double>(counts.documents);
    out["leak_rate_interval"] = {leak.low, leak.high};
  }
  if (counts.negatives > 0) {
    out["negatives"] = counts.negatives;
    out["flagged"] = counts.flagged;
    out["flagged_as_any"] = counts.flagged_any;
  }
  return out;
}

std::string leak_text(const GuardCounts& counts) {
  if (counts.documents == 0) return "";
  const ShareInterval leak = share_interval(counts.leaking, counts.documents, kLevel);
  const double rate = static_cast<double>(counts.leaking) / static_cast<double>(counts.documents);
  return concat(decimals(100 * rate, 2), " % [", decimals(100 * leak.low, 2), ", ",
                decimals(100 * leak.high, 2), "]");
}

std::string flagged_text(const GuardCounts& counts) {
  return counts.negatives == 0 ? "" : concat(counts.flagged, " of ", counts.negatives);
}

class GuardCommand : public Command {
 public:
  std::string name() const override { return "eval guard"; }
  std::string summary() const override {
    return "How well personal data and secrets are found in a labelled corpus";
  }
  void declare(Options& options) override {
    options.text({"FILE", "FILE", "The corpus, JSON Lines: tools/guard_corpus makes one"}, file_,
                 Presence::kRequired);
  }
  Result<int> run(const CommandContext& context) override;

 private:
  Result<GuardScore> score() const;
  void print(const GuardScore& score, Output& out) const;

  std::string file_;
};

Result<GuardScore> GuardCommand::score() const {
  HEARTH_ASSIGN(const std::string corpus, read_file(file_, kCorpusBytesMax));
  GuardScore score;
  const Guard guard;
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < corpus.size();) {
    const std::size_t end = std::min(corpus.find('\n', at), corpus.size());
    const std::string_view line = std::string_view(corpus).substr(at, end - at);
    at = end + 1;
    ++line_number;
    if (line.empty()) continue;
    auto document = parse_guard_document(line);
    if (!document.ok()) {
      return std::move(document).error().with_context(
          concat(printable(file_, 300), ":", line_number));
    }
    score.add(guard, *document);
  }
  if (score.all.expected + score.all.negatives > 0) return score;
  return Error(ErrorCode::kUsage,
               concat(printable(file_, 300), ": has no entities; give a labelled corpus"));
}

void GuardCommand::print(const GuardScore& score, Output& out) const {
  Table table({"slice", "entities", "precision", "recall", "F1", "F2", "leaking documents",
               "negatives flagged"});
  const auto add = [&](const std::string& name, const GuardCounts& counts) {
    table.add({name, concat(counts.expected), decimals(counts.precision()),
               decimals(counts.recall()), decimals(counts.f(1.0)), decimals(counts.f(2.0)),
               leak_text(counts), flagged_text(counts)});
  };
  add("all", score.all);
  add("with check digits", score.checksummed);
  for (const auto& [name, counts] : score.slices) add(name, counts);
  out.write(table.text());
}

Result<int> GuardCommand::run(const CommandContext& context) {
  HEARTH_TRY(lock_in({}));
  HEARTH_ASSIGN(const GuardScore counted, score());
  if (!context.json) {
    print(counted, context.out);
    return 0;
  }
  Json slices = Json::object();
  for (const auto& [name, counts] : counted.slices) slices[name] = counts_json(counts);
  context.out.write_json({{"all", counts_json(counted.all)},
                          {"checksummed", counts_json(counted.checksummed)},
                          {"slices", std::move(slices)}});
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_eval_guard_command() { return std::make_unique<GuardCommand>(); }

}  // namespace hearth
