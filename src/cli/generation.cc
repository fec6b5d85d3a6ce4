// SPDX-License-Identifier: Apache-2.0
#include "cli/generation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "base/files.h"
#include "base/strings.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "grammar/gbnf.h"
#include "grammar/schema_grammar.h"
#include "server/settings_use.h"

namespace hearth {
namespace {

constexpr int32_t kIntMax = std::numeric_limits<int32_t>::max();

double rounded_ms(double ms) { return std::round(ms * 1000.0) / 1000.0; }

using Compile = Result<Automaton>(std::string_view text);

Result<std::shared_ptr<const Automaton>> read_grammar(const std::string& file,
                                                      std::size_t bytes_max, Compile& compile) {
  HEARTH_ASSIGN(const std::string text, read_file(file, bytes_max));
  auto automaton = compile(text);
  if (!automaton.ok()) return Error(automaton.error()).with_context(printable(file));
  return std::make_shared<const Automaton>(std::move(automaton).value());
}

// "ID:VALUE". Errors: kUsage.
Result<std::pair<TokenId, float>> parse_bias(const std::string& text) {
  const char* const end = text.data() + text.size();
  TokenId id = 0;
  float value = 0;
  const auto id_parsed = std::from_chars(text.data(), end, id);
  if (id_parsed.ec == std::errc() && id_parsed.ptr != end && *id_parsed.ptr == ':') {
    const auto value_parsed = std::from_chars(id_parsed.ptr + 1, end, value);
    if (value_parsed.ec == std::errc() && value_parsed.ptr == end) return std::pair(id, value);
  }
  return Error(ErrorCode::kUsage, concat("--logit-bias: \"", printable(text),
                                         "\" is not ID:VALUE; give a token's id and a number"));
}

// What was to be expected before the work began; null where nobody measured it yet.
nlohmann::ordered_json predicted_json(const std::optional<CostModel>& costs, const Answer& answer) {
  if (!costs) return nullptr;
  const double first_ms = costs->prompt_ms(answer.usage.cached_tokens, answer.usage.prompt_tokens);
  return {{"load_ms", rounded_ms(costs->load_ms)}, {"first_token_ms", rounded_ms(first_ms)}};
}

}  // namespace

GenerationFlags::GenerationFlags() { sampling.min_p = 0.05; }

void GenerationFlags::declare(Options& options) {
  model.declare_model(options);
  options.number(
      {"-n,--tokens", "N", "At most N tokens (default: to the end of the answer)", "tokens"},
      tokens, 1, kIntMax);
  options.number(
      {"--loop-limit", "N",
       "End an answer that goes round in a circle for N tokens, 0 for never (default: 200 "
       "without -n)",
       "loop_limit"},
      loop_limit, 0, kIntMax);
  options.text({"--system", "TEXT", "What the model is told before the conversation", "system"},
               system);
  options.number(
      {"--temp,--temperature", "T", "Randomness, 0 for none (default 0.7)", "temperature"},
      sampling.temperature);
  options.number({"--top-k", "K", "Choose among the K likeliest tokens (default: all)", "top_k"},
                 sampling.top_k, 0, kIntMax);
  options.number(
      {"--top-p", "P", "Choose among the likeliest that sum up to P (default 0.95)", "top_p"},
      sampling.top_p);
  options.number(
      {"--min-p", "P", "Leave out those below P times the likeliest (default 0.05)", "min_p"},
      sampling.min_p);
  options.number({"--repeat-penalty", "R", "Above 1: repeat less (default 1)", "repeat_penalty"},
                 sampling.repetition_penalty);
  options.number({"--frequency-penalty", "F", "Subtracted for each earlier use (default 0)",
                  "frequency_penalty"},
                 sampling.frequency_penalty);
  options.number({"--presence-penalty", "F", "Subtracted once for earlier use (default 0)",
                  "presence_penalty"},
                 sampling.presence_penalty);
  options.texts({"--logit-bias", "ID:VALUE", "Add VALUE to a token's logit; repeatable"},
                logit_bias);
  options.number({"--seed", "N", "Same seed, same answer (default: drawn)", "seed"}, sampling.seed);
  options.texts({"--stop", "TEXT", "End the answer before TEXT; repeatable"}, stop);
  options.text({"--grammar", "FILE", "Answer what fits the grammar (GBNF) in FILE, nothing else"},
               grammar_file);
  options.text({"--json-schema", "FILE", "Answer JSON that is valid by the schema in FILE"},
               schema_file);
  model.declare_context(options);
  model.declare_engine(options);
  model.declare_adapters(options);
  options.number({"--deadline-ms", "MS", "End the answer after MS milliseconds"}, deadline_ms, 1,
                 kIntMax);
  options.flag({"--speculate,!--no-speculate", "",
                "Guess what the text suggests, to be faster; the answer is the same (default on)",
                "speculate"},
               speculate);
  options.flag({"--history,!--no-history", "",
                "In a chat, keep what is typed for the arrow keys (default on)", "history"},
               history);
  options.number(
      {"--history-days", "N",
       "Forget chats that are older, when one begins; 0 keeps them (default 0)", "history_days"},
      history_days, 0, kHistoryDaysMax);
}

Result<void> GenerationFlags::finish(const Options& options) {
  if (!options.given("seed")) {
    std::random_device device;
    sampling.seed = device();
  }
  if (!options.given("loop_limit") && tokens == 0) loop_limit = kLoopLimitDefault;
  for (const std::string& text : logit_bias) {
    HEARTH_ASSIGN(const auto bias, parse_bias(text));
    sampling.logit_bias.push_back(bias);
  }
  for (const std::string& text : stop) {
    if (text.empty()) return Error(ErrorCode::kUsage, "--stop: is empty; give a text to stop at");
  }
  if (!grammar_file.empty() && !schema_file.empty()) {
    return Error(ErrorCode::kUsage,
                 "--grammar, --json-schema: an answer fits one of them; choose one");
  }
  if (!grammar_file.empty()) {
    HEARTH_ASSIGN(grammar, read_grammar(grammar_file, kGbnfBytesMax, compile_gbnf));
  }
  if (!schema_file.empty()) {
    HEARTH_ASSIGN(grammar, read_grammar(schema_file, kSchemaBytesMax, compile_json_schema_text));
  }
  if (!system.empty()) {
    if (const auto checked = check_prompt(system); !checked.ok()) {
      return Error(checked.error()).with_context("--system");
    }
  }
  return sampling.validate(kIntMax);  // token ids are held against the vocabulary later
}

Result<void> GenerationFlags::take_settings(const Environment& environment,
                                            const Options& options) {
  auto choice = choose_model(environment, model.model);
  if (choice.ok()) settings = std::move(choice->model.settings);
  ModelParameters& parameters = settings.parameters;
  const auto drop = [&](const auto& rows) {
    for (const auto& row : rows) {
      if (options.for_this_run(std::string(row.name))) (parameters.*row.value).reset();
    }
  };
  drop(number_parameters());
  drop(sampling_integers());
  apply_sampling(parameters, sampling);
  if (stop.empty()) stop = parameters.stop;
  if (parameters.num_predict && !options.for_this_run("tokens")) {
    tokens = static_cast<int32_t>(std::max<int64_t>(*parameters.num_predict, 0));
    if (!options.given("loop_limit")) loop_limit = tokens == 0 ? kLoopLimitDefault : 0;
  }
  if (parameters.num_ctx && !options.for_this_run("context"))
    model.context = static_cast<int32_t>(*parameters.num_ctx);
  if (options.for_this_run("system") || settings.system.empty()) settings.system = system;
  if (settings.chat_template.empty()) return {};
  HEARTH_ASSIGN(ChatTemplate parsed, ChatTemplate::parse(settings.chat_template));
  chat_template = std::make_shared<const ChatTemplate>(std::move(parsed));
  return {};
}

Result<std::vector<TokenId>> GenerationFlags::encode(
    const Engine& engine, const std::vector<ChatMessage>& messages) const {
  ChatOptions options;
  options.own_template = chat_template.get();
  return engine.encode_chat(with_settings(settings, messages), options);
}

GenerateOptions GenerationFlags::make() const {
  GenerateOptions options;
  options.sampling = sampling;
  options.tokens_max = tokens;
  options.loop_limit = loop_limit;
  options.speculate = speculate;
  options.stop = stop;
  options.grammar = grammar;
  if (deadline_ms > 0) options.interruption.deadline = Deadline::after_ms(deadline_ms);
  options.interruption.cancelled = &InterruptScope::flag();
  return options;
}

void AnswerWriter::push(std::string_view piece) {
  if (piece.empty()) return;
  line_open_ = piece.back() != '\n';
  if (context_.environment.stdout_is_terminal()) {
    context_.out.write(terminal_text(piece));
  } else {
    context_.out.write(piece);
  }
  if (!context_.out.ok()) InterruptScope::stop();
}

void AnswerWriter::finish() {
  if (line_open_) context_.out.write("\n");
}

nlohmann::ordered_json answer_json(const LoadedModel& model, const GenerationFlags& flags,
                                   const Answer& answer) {
  return {{"model", model.name},
          {"text", answer.text},
          {"finish_reason", std::string(finish_reason_name(answer.finish_reason))},
          {"looped", answer.looped},
          {"usage",
           {{"prompt_tokens", answer.usage.prompt_tokens},
            {"completion_tokens", answer.usage.completion_tokens},
            {"cached_tokens", answer.usage.cached_tokens},
            {"drafted_tokens", answer.usage.drafted_tokens},
            {"accepted_tokens", answer.usage.accepted_tokens}}},
          {"timings",
           {{"load_ms", rounded_ms(model.engine->load_ms())},
            {"prefill_ms", rounded_ms(answer.timings.prefill_ms)},
            {"first_token_ms", rounded_ms(answer.timings.first_token_ms)},
            {"decode_ms", rounded_ms(answer.timings.decode_ms)}}},
          {"predicted", predicted_json(model.engine->costs(), answer)},
          {"route", {{"target", "local"}, {"reason", "no other target is configured"}}},
          {"seed", flags.sampling.seed}};
}

void note_cut(const GenerationFlags& flags, const Session& session, const Answer& answer) {
  if (answer.finish_reason == FinishReason::kDeadline) {
    print_note(concat("answer: cut at the deadline of ", flags.deadline_ms, " ms"));
  }
  if (answer.looped) {
    print_note(concat("answer: ended after ", flags.loop_limit,
                      " tokens in a circle; --repeat-penalty 1.1 or another --seed may help"));
    return;
  }
  const bool asked = flags.tokens > 0 && answer.usage.completion_tokens >= flags.tokens;
  if (answer.finish_reason == FinishReason::kLength && !asked) {
    print_note(concat("answer: cut where the context of ", session.context(),
                      " tokens was full; a larger -c has more room"));
  }
}

}  // namespace hearth
