// SPDX-License-Identifier: Apache-2.0
// What `run` and `chat` share: the flags of an answer, and how an answer is shown.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/model_choice.h"
#include "engine/engine.h"
#include "package/model_settings.h"

namespace hearth {

inline constexpr int32_t kHistoryDaysMax = 36'500;

struct GenerationFlags {
  ModelFlags model;
  std::string system;
  int32_t tokens = 0;  // 0: to the end of the answer
  // Unless it was given: kLoopLimitDefault where the length is the model's choice, else none.
  int32_t loop_limit = 0;
  bool speculate = true;
  SamplingOptions sampling;
  std::vector<std::string> logit_bias;
  std::vector<std::string> stop;
  std::string grammar_file;
  std::string schema_file;
  std::shared_ptr<const Automaton> grammar;  // what is in it
  int32_t deadline_ms = 0;                   // 0: none
  bool history = true;                       // of a chat, which `run` may turn into
  int32_t history_days = 0;                  // after which a chat is forgotten; 0: never
  // What the model brings along, where this run says nothing else.
  ModelSettings settings = {};
  std::shared_ptr<const ChatTemplate> chat_template = {};  // of the settings; null: the model's own

  GenerationFlags();
  void declare(Options& options);

  // Checks all that can be checked without the model, so that a typing error costs no load. A seed
  // that was not given is drawn. Errors: kUsage (names option, value and range), and of the
  // grammar's or schema's file those of reading it.
  Result<void> finish(const Options& options);

  // Takes what the model of -m brings along, behind finish(): in front of config.toml and defaults.
  // What is wrong with that model, loading it says. Errors: those of ChatTemplate::parse().
  Result<void> take_settings(const Environment& environment, const Options& options);

  // The conversation so far, with what the settings put in front of it. Errors: those of
  // Engine::encode_chat().
  Result<std::vector<TokenId>> encode(const Engine& engine,
                                      const std::vector<ChatMessage>& messages) const;

  // For one answer that starts now, and stops on Ctrl-C.
  GenerateOptions make() const;
};

// Writes an answer to stdout as it comes, and stops it when stdout fails.
class AnswerWriter {
 public:
  explicit AnswerWriter(const CommandContext& context) : context_(context) {}
  void push(std::string_view piece);
  // Ends the text with a line end, unless it has one: what follows begins on a new line.
  void finish();

 private:
  const CommandContext& context_;
  bool line_open_ = true;  // the last byte was not a line end
};

// The document that `run --json` prints.
nlohmann::ordered_json answer_json(const LoadedModel& model, const GenerationFlags& flags,
                                   const Answer& answer);

// Says on stderr why an answer is not whole, where that was not asked for by -n.
void note_cut(const GenerationFlags& flags, const Session& session, const Answer& answer);

}  // namespace hearth
