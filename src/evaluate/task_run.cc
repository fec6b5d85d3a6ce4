// SPDX-License-Identifier: Apache-2.0
#include "evaluate/task_run.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/strings.h"
#include "engine/softmax.h"
#include "engine/token_certainty.h"
#include "evaluate/answer_grade.h"
#include "evaluate/choice_question.h"
#include "evaluate/text_words.h"

namespace hearth {
namespace {

Error at_place(const Example& example, ErrorCode code, std::string_view why) {
  return Error(code, concat(example.place, ": ", why));
}

// A question in tokens.
struct EncodedQuestion {
  std::vector<TokenId> context;
  std::vector<std::vector<TokenId>> candidates;
};

Result<EncodedQuestion> encode_question(const Engine& engine, const Task& task,
                                        const ChoiceQuestion& question) {
  EncodedQuestion encoded;
  // Also for raw prompts: what cannot be a candidate by itself cannot be one behind them.
  HEARTH_ASSIGN(encoded.candidates, encode_candidates(engine.tokenizer(), question.candidates));
  if (task.format == PromptFormat::kChat) {
    HEARTH_ASSIGN(encoded.context,
                  encode_prompt(engine, task.format, task.system, question.prompt));
    return encoded;
  }
  std::set<std::vector<TokenId>> seen;
  for (std::size_t i = 0; i < question.candidates.size(); ++i) {
    HEARTH_ASSIGN(Continuation pair, encode_continuation(engine.tokenizer(), question.prompt,
                                                         task.separator + question.candidates[i]));
    encoded.context = std::move(pair.context);
    encoded.candidates[i] = std::move(pair.tokens);
    if (!seen.insert(encoded.candidates[i]).second) {
      return Error(ErrorCode::kUsage,
                   concat("option \"", printable(question.candidates[i]),
                          "\": has the same tokens as another; leave one of them out"));
    }
  }
  return encoded;
}

// Log-probabilities as a metric compares them.
std::vector<double> normalised_logs(const CandidateScores& scores, const ChoiceQuestion& question,
                                    Metric metric) {
  std::vector<double> logs;
  for (std::size_t i = 0; i < scores.candidates.size(); ++i) {
    const CandidateScore& score = scores.candidates[i];
    double length = 1.0;
    if (metric == Metric::kAccuracyTokens) {
      length = static_cast<double>(score.token_logprobs.size());
    } else if (metric == Metric::kAccuracyCharacters) {
      length = static_cast<double>(code_points(question.candidates[i]).size());
    }
    logs.push_back(score.logprob / length);
  }
  return logs;
}

// By how much the best share is greater than the next.
double lead_of(std::span<const double> shares, std::size_t best) {
  double second = 0.0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (i != best) second = std::max(second, shares[i]);
  }
  return shares[best] - second;
}

class Runner {
 public:
  Runner(Engine& engine, Session session, const Task& task, const std::atomic<bool>* cancelled)
      : engine_(engine), session_(std::move(session)), task_(task), cancelled_(cancelled) {}

  Result<TaskItem> run(const Example& example, std::span<const Metric> metrics) {
    switch (task_.kind) {
      case TaskKind::kGenerate:
        return generate(example, metrics);
      case TaskKind::kPerplexity:
        return read(example);
      default:
        return choose(example, metrics);
    }
  }

 private:
  Result<TaskItem> choose(const Example& example, std::span<const Metric> metrics);
  Result<TaskItem> generate(const Example& example, std::span<const Metric> metrics);
  Result<TaskItem> read(const Example& example);

  Engine& engine_;
  Session session_;
  const Task& task_;
  const std::atomic<bool>* cancelled_;
};

Result<TaskItem> Runner::choose(const Example& example, std::span<const Metric> metrics) {
  HEARTH_ASSIGN(const ChoiceQuestion question, make_choice_question(task_, example));
  HEARTH_ASSIGN(const EncodedQuestion encoded, encode_question(engine_, task_, question));
  HEARTH_ASSIGN(const CandidateScores scores,
                session_.score(encoded.context, encoded.candidates, {.cancelled = cancelled_}));
  TaskItem item;
  item.expected = question.names[question.right];
  for (const Metric metric : metrics) {
    const std::vector<double> logs = normalised_logs(scores, question, metric);
    const auto best =
        static_cast<std::size_t>(std::max_element(logs.begin(), logs.end()) - logs.begin());
    item.values.push_back(best == question.right ? 1.0 : 0.0);
    if (metric != task_.metric) continue;
    item.predicted = question.names[best];
    const std::vector<double> shares = softmax_of(logs);
    item.confidence = shares[best];
    for (const double logprob : scores.candidates[best].token_logprobs)
      item.logprobs.push_back(static_cast<float>(logprob));
    item.margins = {static_cast<float>(lead_of(shares, best))};
  }
  item.question = question.prompt;
  return item;
}

Result<TaskItem> Runner::generate(const Example& example, std::span<const Metric> metrics) {
  HEARTH_ASSIGN(const std::string prompt, task_.prompt->render(example));
  HEARTH_ASSIGN(const auto texts, right_answers(task_, example));
  HEARTH_ASSIGN(const auto tokens, encode_prompt(engine_, task_.format, task_.system, prompt));
  GenerateOptions options;
  options.sampling.temperature = task_.temperature;
  options.sampling.seed = task_.seed;
  options.tokens_max = task_.tokens_max;
  options.stop = task_.stop;
  options.interruption.cancelled = cancelled_;
  TokenCertainty certainty;
  certainty.watch(options);
  HEARTH_ASSIGN(const Answer answer, session_.generate(tokens, options, [](std::string_view) {}));
  TaskItem item;
  item.expected = texts.empty() ? "" : texts.front();
  item.predicted = trimmed(answer.text);
  item.question = prompt;
  item.logprobs = certainty.take_logprobs();
  item.margins = certainty.take_margins();
  for (const Metric metric : metrics) {
    HEARTH_ASSIGN(const double measured,
                  answer_value(task_, metric, example, item.predicted, texts));
    item.values.push_back(measured);
  }
  return item;
}

// The mean loss of a text's tokens behind the first; a text beyond the context is read in pieces,
// each of which begins anew.
Result<TaskItem> Runner::read(const Example& example) {
  HEARTH_ASSIGN(const std::string text, field_text(example, task_.text_field));
  const std::vector<TokenId> ids = engine_.encode_raw(text);
  if (ids.size() < 2) {
    return at_place(example, ErrorCode::kUsage,
                    "has fewer than two tokens, so nothing to predict; give a longer text");
  }
  const auto vocabulary = static_cast<std::size_t>(engine_.tokenizer().vocab_size());
  double loss = 0.0;
  TaskItem item;
  const auto piece_max = static_cast<std::size_t>(session_.context());
  for (std::size_t begin = 0; begin + 1 < ids.size(); begin += piece_max) {
    const auto piece = std::span(ids).subspan(begin, std::min(piece_max, ids.size() - begin));
    session_.truncate(0);
    HEARTH_TRY(session_.feed_all(piece.first(piece.size() - 1), [&](int32_t i, auto row) {
      const std::span<const float> logits = row.first(vocabulary);
      const TokenId target = piece[static_cast<std::size_t>(i) + 1];
      loss += log_sum_exp(logits, max_logit(logits)) - logits[static_cast<std::size_t>(target)];
      ++item.tokens;
    }));
  }
  if (!std::isfinite(loss)) {
    return at_place(
        example, ErrorCode::kCorrupt,
        "the model computed NaN or infinity; its weights are damaged, fetch them again");
  }
  item.values.push_back(loss / static_cast<double>(item.tokens));
  return item;
}

std::vector<Metric> metrics_for(const Task& task) {
  switch (task.kind) {
    case TaskKind::kChoice:
    case TaskKind::kMultipleChoice:
      return {Metric::kAccuracy, Metric::kAccuracyTokens, Metric::kAccuracyCharacters};
    case TaskKind::kPerplexity:
      return {Metric::kPerplexity};
    case TaskKind::kGenerate:
      break;
  }
  if (task.metric == Metric::kRegex) return {Metric::kRegex};  // its answers are patterns, no texts
  if (task.metric == Metric::kSchema) return {Metric::kSchema};
  std::vector<Metric> metrics = {Metric::kExactMatch, Metric::kF1,     Metric::kRouge1,
                                 Metric::kRouge2,     Metric::kRougeL, Metric::kEditSimilarity,
                                 Metric::kContains};
  if (task.schema) metrics.push_back(Metric::kSchema);
  if (task.metric == Metric::kMentions || task.metric == Metric::kNumber)
    metrics.push_back(task.metric);
  return metrics;
}

// The place in front, unless the message begins with it.
Error placed(Error error, const std::string& place) {
  if (error.message().starts_with(place)) return error;
  return std::move(error).with_context(place);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\r\f\v";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

Result<std::vector<TokenId>> encode_prompt(const Engine& engine, PromptFormat format,
                                           const std::string& system, const std::string& text) {
  if (format == PromptFormat::kRaw) return engine.encode_raw(text);
  std::vector<ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", system});
  messages.push_back({"user", text});
  return engine.encode_chat(messages);
}

std::vector<double> TaskRun::values(Metric metric) const {
  const auto found = std::find(metrics.begin(), metrics.end(), metric);
  HEARTH_CHECK(found != metrics.end());
  const auto index = static_cast<std::size_t>(found - metrics.begin());
  std::vector<double> all;
  for (const TaskItem& item : items) all.push_back(item.values[index]);
  return all;
}

Result<TaskRun> run_task(Engine& engine, const Task& task, std::span<const Example> examples,
                         Progress progress, const std::atomic<bool>* cancelled) {
  HEARTH_ASSIGN(Session session, engine.create_session(0));
  Runner runner(engine, std::move(session), task, cancelled);
  TaskRun run;
  run.metrics = metrics_for(task);
  for (const Example& example : examples) {
    const Stopwatch since;
    auto item = runner.run(example, run.metrics);
    if (!item.ok()) return placed(std::move(item).error(), example.place);
    item->place = example.place;
    item->ms = since.elapsed_ms();
    run.items.push_back(std::move(item).value());
    const double share =
        static_cast<double>(run.items.size()) / static_cast<double>(examples.size());
    if (!progress(share)) return Error(ErrorCode::kCancelled, "task: was stopped; start it again");
  }
  return run;
}

}  // namespace hearth
