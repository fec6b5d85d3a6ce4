// SPDX-License-Identifier: Apache-2.0
#include "evaluate/task_run.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/strings.h"
#include "engine/softmax.h"
#include "evaluate/answer_match.h"
#include "evaluate/edit_distance.h"
#include "evaluate/pattern.h"
#include "evaluate/rouge.h"
#include "evaluate/text_words.h"

namespace hearth {
namespace {

constexpr std::size_t kOptionsMax = 26;

Error at_place(const Example& example, ErrorCode code, std::string_view why) {
  return Error(code, concat(example.place, ": ", why));
}

std::string letter(std::size_t index) { return std::string(1, static_cast<char>('A' + index)); }

// One example of a choice: texts to score and which is right.
struct Question {
  std::string prompt;
  std::vector<std::string> candidates;
  std::vector<std::string> names;  // what results call them
  std::size_t right = 0;
};

Result<Question> make_choice(const Task& task, const Example& example) {
  Question question;
  HEARTH_ASSIGN(question.prompt, task.prompt->render(example));
  question.candidates = question.names = task.labels;
  HEARTH_ASSIGN(const std::string label, field_text(example, task.answer_field));
  const auto found = std::find(task.labels.begin(), task.labels.end(), label);
  if (found == task.labels.end()) {
    return at_place(example, ErrorCode::kUsage,
                    concat("label \"", printable(label),
                           "\" is none of the task's; correct it or "
                           "add it to `labels`"));
  }
  question.right = static_cast<std::size_t>(found - task.labels.begin());
  return question;
}

// The index that "answer" names: a number from 0, or a letter from A.
Result<std::size_t> read_answer(const Task& task, const Example& example, std::size_t options) {
  const auto found = example.fields.find(task.answer_field);
  if (found != example.fields.end() && found->is_number_integer()) {
    const auto index = found->get<int64_t>();
    if (index >= 0 && index < static_cast<int64_t>(options)) return static_cast<std::size_t>(index);
  } else if (found != example.fields.end() && found->is_string()) {
    const auto text = found->get<std::string>();
    if (text.size() == 1 && text[0] >= 'A' && static_cast<std::size_t>(text[0] - 'A') < options) {
      return static_cast<std::size_t>(text[0] - 'A');
    }
  }
  return at_place(example, ErrorCode::kCorrupt,
                  concat("field \"", printable(task.answer_field),
                         "\" is neither a number from 0 "
                         "to ",
                         options - 1, " nor a letter from A to ", letter(options - 1),
                         "; name the right option"));
}

Result<Question> make_multiple_choice(const Task& task, const Example& example) {
  const auto found = example.fields.find(task.options_field);
  const bool is_list = found != example.fields.end() && found->is_array() && found->size() >= 2 &&
                       found->size() <= kOptionsMax &&
                       std::all_of(found->begin(), found->end(),
                                   [](const auto& option) { return option.is_string(); });
  if (!is_list) {
    return at_place(example, ErrorCode::kCorrupt,
                    concat("field \"", printable(task.options_field), "\" is no list of 2 to ",
                           kOptionsMax, " texts; write one"));
  }
  Question question;
  std::string shown;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto option = (*found)[i].get<std::string>();
    question.names.push_back(letter(i));
    question.candidates.push_back(task.options == OptionStyle::kLetter ? letter(i) : option);
    shown += concat(i == 0 ? "" : "\n", letter(i), ". ", option);
  }
  HEARTH_ASSIGN(question.prompt,
                task.prompt->render(example, PromptTemplate::Extra{"options", std::move(shown)}));
  HEARTH_ASSIGN(question.right, read_answer(task, example, question.names.size()));
  return question;
}

// A question in tokens.
struct EncodedQuestion {
  std::vector<TokenId> context;
  std::vector<std::vector<TokenId>> candidates;
};

Result<EncodedQuestion> encode_question(const Engine& engine, const Task& task,
                                        const Question& question) {
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
std::vector<double> normalised_logs(const CandidateScores& scores, const Question& question,
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
  Result<double> value(Metric metric, const Example& example, std::string_view answer,
                       const std::vector<std::string>& references) const;
  Result<std::vector<std::string>> references(const Example& example) const;

  Engine& engine_;
  Session session_;
  const Task& task_;
  const std::atomic<bool>* cancelled_;
};

Result<TaskItem> Runner::choose(const Example& example, std::span<const Metric> metrics) {
  HEARTH_ASSIGN(const Question question, task_.kind == TaskKind::kChoice
                                             ? make_choice(task_, example)
                                             : make_multiple_choice(task_, example));
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
    item.confidence = softmax_of(logs)[best];
  }
  return item;
}

// The right answers: a text or a list of texts. A schema needs none.
Result<std::vector<std::string>> Runner::references(const Example& example) const {
  const auto found = example.fields.find(task_.answer_field);
  if (found == example.fields.end() && task_.metric == Metric::kSchema) {
    return std::vector<std::string>();
  }
  if (found == example.fields.end() || !found->is_array()) {
    HEARTH_ASSIGN(std::string text, field_text(example, task_.answer_field));
    return std::vector<std::string>{std::move(text)};
  }
  std::vector<std::string> texts;
  for (const auto& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  if (!texts.empty() && texts.size() == found->size()) return texts;
  return at_place(example, ErrorCode::kCorrupt,
                  concat("field \"", printable(task_.answer_field),
                         "\" is no list of texts; write [\"one\", \"two\"]"));
}

Result<double> Runner::value(Metric metric, const Example& example, std::string_view answer,
                             const std::vector<std::string>& references) const {
  if (metric == Metric::kSchema) return task_.schema->mismatch_of_text(answer) ? 0.0 : 1.0;
  double best = 0.0;
  for (const std::string& reference : references) {
    double value = 0.0;
    if (metric == Metric::kExactMatch) value = exact_match(answer, reference) ? 1.0 : 0.0;
    if (metric == Metric::kF1) value = word_f1(answer, reference);
    if (metric == Metric::kRouge1) value = rouge_n(answer, reference, 1).f;
    if (metric == Metric::kRouge2) value = rouge_n(answer, reference, 2).f;
    if (metric == Metric::kRougeL) value = rouge_l(answer, reference).f;
    if (metric == Metric::kEditSimilarity) value = edit_similarity(answer, reference);
    if (metric == Metric::kContains) value = answer.find(reference) != answer.npos ? 1.0 : 0.0;
    if (metric == Metric::kRegex) {
      auto pattern = Pattern::compile(reference);
      if (!pattern.ok()) return std::move(pattern).error().with_context(example.place);
      value = pattern->is_in(answer) ? 1.0 : 0.0;
    }
    best = std::max(best, value);
  }
  return best;
}

Result<TaskItem> Runner::generate(const Example& example, std::span<const Metric> metrics) {
  HEARTH_ASSIGN(const std::string prompt, task_.prompt->render(example));
  HEARTH_ASSIGN(const auto texts, references(example));
  HEARTH_ASSIGN(const auto tokens, encode_prompt(engine_, task_.format, task_.system, prompt));
  GenerateOptions options;
  options.sampling.temperature = task_.temperature;
  options.sampling.seed = task_.seed;
  options.tokens_max = task_.tokens_max;
  options.stop = task_.stop;
  options.interruption.cancelled = cancelled_;
  HEARTH_ASSIGN(const Answer answer, session_.generate(tokens, options, [](std::string_view) {}));
  TaskItem item;
  item.expected = texts.empty() ? "" : texts.front();
  item.predicted = trimmed(answer.text);
  for (const Metric metric : metrics) {
    HEARTH_ASSIGN(const double measured, value(metric, example, item.predicted, texts));
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
