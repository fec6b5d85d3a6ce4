// SPDX-License-Identifier: Apache-2.0
// hearth_session_*: conversations and their answers.
#include <string>
#include <utility>
#include <vector>

#include "capi/boundary.h"
#include "capi/handles.h"
#include "capi/limits.h"
#include "capi/objects.h"

using namespace hearth;
using namespace hearth::capi;

namespace {

Result<std::vector<std::string>> read_stops(const hearth_generate_options& given) {
  if (given.stop_count > kStopsMax) {
    return usage(concat("stop: ", given.stop_count, " strings are more than the ", kStopsMax,
                        " that one request may have; give fewer"));
  }
  HEARTH_ASSIGN(const auto stops, read_array(given.stop, given.stop_count, "stop"));
  std::vector<std::string> read;
  for (const hearth_text& stop : stops) {
    HEARTH_ASSIGN(const std::string_view text,
                  read_text(stop.text, stop.bytes, concat("stop[", read.size(), "]")));
    // Before it is copied: the engine looks at the rest.
    if (text.size() > kStopBytesMax) {
      return usage(concat("stop: ", text.size(), " bytes are more than the ", kStopBytesMax,
                          " that a stop string may have; give a shorter one"));
    }
    read.emplace_back(text);
  }
  return read;
}

Result<SamplingOptions> read_sampling(const hearth_generate_options& given, int32_t vocabulary) {
  HEARTH_ASSIGN(const auto biases,
                read_array(given.logit_bias, given.logit_bias_count, "logit_bias"));
  if (biases.size() > static_cast<std::size_t>(vocabulary)) {
    return usage(concat("logit_bias: ", biases.size(), " are more than the ", vocabulary,
                        " tokens of the vocabulary; give one a token"));
  }
  SamplingOptions sampling;
  sampling.temperature = given.temperature;
  sampling.top_k = given.top_k;
  sampling.top_p = given.top_p;
  sampling.min_p = given.min_p;
  sampling.repetition_penalty = given.repetition_penalty;
  sampling.frequency_penalty = given.frequency_penalty;
  sampling.presence_penalty = given.presence_penalty;
  sampling.penalty_tokens = given.penalty_tokens;
  sampling.seed = given.seed;
  for (const hearth_logit_bias& bias : biases)
    sampling.logit_bias.emplace_back(bias.token, bias.bias);
  return sampling;
}

// All but `stopped`, which is the call's own. The deadline begins to run here.
Result<GenerateOptions> read_generate_options(const hearth_generate_options& given,
                                              int32_t vocabulary) {
  HEARTH_TRY(check_reserved(given.grammar != nullptr, "grammar", "grammars"));
  HEARTH_TRY(check_reserved(given.tools != nullptr, "tools", "tools"));
  HEARTH_TRY(check_reserved(given.adapter != nullptr, "adapter", "adapters"));
  HEARTH_TRY(check_reserved(given.reserved != 0, "reserved", "reserved fields"));
  if (given.tokens_max < 0) {
    return usage(concat("tokens_max: ", given.tokens_max,
                        " is negative; give 1 or more, or 0 for no limit"));
  }
  GenerateOptions options;
  HEARTH_ASSIGN(options.interruption.deadline, read_deadline(given.deadline_ms));
  options.tokens_max = given.tokens_max;
  HEARTH_ASSIGN(options.sampling, read_sampling(given, vocabulary));
  HEARTH_ASSIGN(options.stop, read_stops(given));
  HEARTH_ASSIGN(options.interruption.cancelled, read_cancel(given.cancel));
  return options;
}

// Here and not in the engine, whose remedy is for the command line.
Result<void> check_prompt(std::span<const int32_t> prompt, int32_t context) {
  if (prompt.empty()) return usage("tokens: the prompt is empty; give at least one");
  if (prompt.size() < static_cast<std::size_t>(context)) return {};
  return usage(concat("tokens: a prompt of ", prompt.size(), " leaves no room in the context of ",
                      context, "; shorten it, or create the session with a larger one"));
}

// The caller's callback, until it wants no more.
struct Stream {
  hearth_text_callback callback;
  void* user;
  bool stopped = false;

  void push(std::string_view piece) {
    if (callback == nullptr || stopped || piece.empty()) return;
    stopped = callback(user, piece.data(), piece.size()) != 0;
  }
};

struct Timed {
  Answer answer;
  double wait_ms = 0;
};

Result<Timed> generate(SessionObject& object, std::span<const int32_t> prompt,
                       GenerateOptions& options, Stream& stream) {
  const Stopwatch waiting;
  Timed timed;
  auto turn = object.model->turnstile.enter(options.interruption);
  timed.wait_ms = waiting.elapsed_ms();
  if (!turn.ok()) {
    if (turn.error().code() != ErrorCode::kCancelled) return std::move(turn).error();
    timed.answer.finish_reason = FinishReason::kCancelled;  // as if it had been just begun
    timed.answer.usage.prompt_tokens = static_cast<int32_t>(prompt.size());
    return timed;
  }
  options.interruption.stopped = &stream.stopped;
  HEARTH_ASSIGN(timed.answer, object.session.generate(prompt, options, [&](std::string_view piece) {
    stream.push(piece);
  }));
  if (stream.stopped) timed.answer.finish_reason = FinishReason::kCancelled;
  return timed;
}

void write_result(const Timed& timed, hearth_result& result) {
  const Answer& answer = timed.answer;
  result.finish_reason = static_cast<int32_t>(answer.finish_reason);
  result.prompt_tokens = answer.usage.prompt_tokens;
  result.completion_tokens = answer.usage.completion_tokens;
  result.cached_tokens = answer.usage.cached_tokens;
  result.wait_ms = timed.wait_ms;
  result.prefill_ms = answer.timings.prefill_ms;
  result.first_token_ms = answer.timings.first_token_ms;
  result.decode_ms = answer.timings.decode_ms;
}

Result<std::shared_ptr<const Answer>> last_answer(const hearth_session* handle) {
  HEARTH_ASSIGN(const auto object, find_session(handle));
  std::shared_ptr<const Answer> answer = object->answer();
  if (answer == nullptr) {
    return usage("session: it has no answer yet; call hearth_session_generate() first");
  }
  return answer;
}

}  // namespace

hearth_status hearth_session_options_init(hearth_session_options* options,
                                          std::size_t struct_size) {
  return init_options(options, struct_size, "session options", [](hearth_session_options&) {});
}

hearth_status hearth_session_create(hearth_model* model, const hearth_session_options* options,
                                    hearth_session** session) {
  if (session != nullptr) *session = nullptr;
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(session, "session"));
    HEARTH_ASSIGN(const auto owner, find_model(model));
    HEARTH_ASSIGN(const int32_t context, read_session_context(options, *owner));
    HEARTH_ASSIGN(const Turn turn, owner->turnstile.enter());
    HEARTH_ASSIGN(Session created,
                  owner->engine->create_session(context != 0 ? context : owner->context));
    *session = add_session(owner, std::move(created));
    return {};
  });
}

hearth_status hearth_session_free(hearth_session* session) {
  if (session == nullptr) return HEARTH_OK;
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(find_session(session));  // says what is wrong
    take_handle(HandleKind::kSession, session);
    return {};
  });
}

hearth_status hearth_session_reset(hearth_session* session) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const auto object, find_session(session));
    HEARTH_ASSIGN(const Turn turn, object->model->turnstile.enter());
    object->session.truncate(0);
    object->set_answer(nullptr);
    return {};
  });
}

hearth_status hearth_generate_options_init(hearth_generate_options* options,
                                           std::size_t struct_size) {
  return init_options(options, struct_size, "generate options", [](hearth_generate_options& o) {
    const SamplingOptions defaults;
    o.temperature = defaults.temperature;
    o.top_p = defaults.top_p;
    o.min_p = defaults.min_p;
    o.repetition_penalty = defaults.repetition_penalty;
    o.frequency_penalty = defaults.frequency_penalty;
    o.presence_penalty = defaults.presence_penalty;
    o.top_k = defaults.top_k;
    o.penalty_tokens = defaults.penalty_tokens;
    o.seed = defaults.seed;
  });
}

hearth_status hearth_session_generate(hearth_session* session, const int32_t* tokens,
                                      std::size_t token_count,
                                      const hearth_generate_options* options,
                                      hearth_result* result) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const auto object, find_session(session));
    if (result != nullptr) HEARTH_TRY(check_output(result, "result"));
    HEARTH_ASSIGN(const hearth_generate_options given,
                  read_options(options, "generate options", hearth_generate_options_init));
    HEARTH_ASSIGN(const auto prompt, read_array(tokens, token_count, "tokens"));
    HEARTH_TRY(check_prompt(prompt, object->session.context()));
    HEARTH_ASSIGN(GenerateOptions wanted,
                  read_generate_options(given, object->model->engine->tokenizer().vocab_size()));
    Stream stream{given.on_text, given.user};
    HEARTH_ASSIGN(Timed timed, generate(*object, prompt, wanted, stream));
    if (result != nullptr) write_result(timed, *result);
    object->set_answer(std::make_shared<const Answer>(std::move(timed.answer)));
    return {};
  });
}

hearth_status hearth_session_read_text(hearth_session* session, char* text, std::size_t capacity,
                                       std::size_t* bytes) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const auto answer, last_answer(session));
    return write_text(answer->text, text, capacity, bytes, "text");
  });
}

hearth_status hearth_session_read_tokens(hearth_session* session, int32_t* tokens, float* logprobs,
                                         std::size_t capacity, std::size_t* count) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const auto answer, last_answer(session));
    HEARTH_TRY(
        write_array(std::span<const TokenId>(answer->ids), tokens, capacity, count, "tokens"));
    if (logprobs == nullptr) return {};
    return write_array(std::span<const float>(answer->logprobs), logprobs, capacity, count,
                       "logprobs");
  });
}
