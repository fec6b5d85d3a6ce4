// SPDX-License-Identifier: Apache-2.0
// The binary interface as it is written down here: sizes and places of what callers were compiled
// with. A line that changes breaks programs that exist; a struct grows at its end only, and its
// earlier size stays known to the library.
#include <stdint.h>

#include "check.h"

#define SIZE(type, bytes, constant) \
  _Static_assert(sizeof(type) == (bytes) && (constant) == (bytes), #type)
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)

SIZE(hearth_model_options, 40, HEARTH_MODEL_OPTIONS_BYTES);
AT(hearth_model_options, struct_size, 0);
AT(hearth_model_options, threads, 8);
AT(hearth_model_options, context, 12);
AT(hearth_model_options, numerics, 16);
AT(hearth_model_options, kv_bits, 20);
AT(hearth_model_options, isa, 24);
AT(hearth_model_options, adapters, 32);

SIZE(hearth_model_info, 88, HEARTH_MODEL_INFO_BYTES);
AT(hearth_model_info, struct_size, 0);
AT(hearth_model_info, architecture, 8);
AT(hearth_model_info, name, 16);
AT(hearth_model_info, isa, 24);
AT(hearth_model_info, numerics, 32);
AT(hearth_model_info, threads, 36);
AT(hearth_model_info, context_max, 40);
AT(hearth_model_info, context, 44);
AT(hearth_model_info, vocabulary_size, 48);
AT(hearth_model_info, bos, 52);
AT(hearth_model_info, eos, 56);
AT(hearth_model_info, has_chat_template, 60);
AT(hearth_model_info, layers, 64);
AT(hearth_model_info, embedding_size, 68);
AT(hearth_model_info, weight_bytes, 72);
AT(hearth_model_info, load_ms, 80);

_Static_assert(sizeof(hearth_text) == 16, "hearth_text");
AT(hearth_text, bytes, 8);

_Static_assert(sizeof(hearth_message) == 40 && HEARTH_MESSAGE_BYTES == 40, "hearth_message");
AT(hearth_message, role, 0);
AT(hearth_message, role_bytes, 8);
AT(hearth_message, content, 16);
AT(hearth_message, content_bytes, 24);
AT(hearth_message, reserved, 32);

SIZE(hearth_chat_options, 24, HEARTH_CHAT_OPTIONS_BYTES);
AT(hearth_chat_options, tools, 8);
AT(hearth_chat_options, reserved, 16);

SIZE(hearth_session_options, 16, HEARTH_SESSION_OPTIONS_BYTES);
AT(hearth_session_options, context, 8);
AT(hearth_session_options, reserved, 12);

SIZE(hearth_cancel, 16, HEARTH_CANCEL_BYTES);

_Static_assert(sizeof(hearth_logit_bias) == 8, "hearth_logit_bias");
AT(hearth_logit_bias, bias, 4);

SIZE(hearth_generate_options, 168, HEARTH_GENERATE_OPTIONS_BYTES);
AT(hearth_generate_options, temperature, 8);
AT(hearth_generate_options, top_p, 16);
AT(hearth_generate_options, min_p, 24);
AT(hearth_generate_options, repetition_penalty, 32);
AT(hearth_generate_options, frequency_penalty, 40);
AT(hearth_generate_options, presence_penalty, 48);
AT(hearth_generate_options, top_k, 56);
AT(hearth_generate_options, penalty_tokens, 60);
AT(hearth_generate_options, seed, 64);
AT(hearth_generate_options, logit_bias, 72);
AT(hearth_generate_options, logit_bias_count, 80);
AT(hearth_generate_options, stop, 88);
AT(hearth_generate_options, stop_count, 96);
AT(hearth_generate_options, tokens_max, 104);
AT(hearth_generate_options, reserved, 108);
AT(hearth_generate_options, deadline_ms, 112);
AT(hearth_generate_options, cancel, 120);
AT(hearth_generate_options, on_text, 128);
AT(hearth_generate_options, user, 136);
AT(hearth_generate_options, grammar, 144);
AT(hearth_generate_options, tools, 152);
AT(hearth_generate_options, adapter, 160);

SIZE(hearth_result, 56, HEARTH_RESULT_BYTES);
AT(hearth_result, finish_reason, 8);
AT(hearth_result, prompt_tokens, 12);
AT(hearth_result, completion_tokens, 16);
AT(hearth_result, cached_tokens, 20);
AT(hearth_result, wait_ms, 24);
AT(hearth_result, prefill_ms, 32);
AT(hearth_result, first_token_ms, 40);
AT(hearth_result, decode_ms, 48);

_Static_assert(sizeof(hearth_candidate) == 16, "hearth_candidate");
AT(hearth_candidate, tokens, 0);
AT(hearth_candidate, token_count, 8);

SIZE(hearth_score_options, 32, HEARTH_SCORE_OPTIONS_BYTES);
AT(hearth_score_options, deadline_ms, 8);
AT(hearth_score_options, cancel, 16);
AT(hearth_score_options, reserved, 24);

SIZE(hearth_score_result, 24, HEARTH_SCORE_RESULT_BYTES);
AT(hearth_score_result, cached_tokens, 8);
AT(hearth_score_result, evaluated_tokens, 12);
AT(hearth_score_result, wait_ms, 16);

SIZE(hearth_embed_options, 24, HEARTH_EMBED_OPTIONS_BYTES);
AT(hearth_embed_options, pooling, 8);
AT(hearth_embed_options, length, 12);
AT(hearth_embed_options, reserved, 16);

SIZE(hearth_lockdown_options, 24, HEARTH_LOCKDOWN_OPTIONS_BYTES);
AT(hearth_lockdown_options, writable, 8);
AT(hearth_lockdown_options, writable_count, 16);

_Static_assert(HEARTH_INTERNAL == 1 && HEARTH_USAGE == 2 && HEARTH_NOT_FOUND == 3 &&
                   HEARTH_CORRUPT == 4 && HEARTH_UNSUPPORTED == 5 && HEARTH_REFUSED == 6 &&
                   HEARTH_UNAVAILABLE == 7 && HEARTH_DEADLINE == 8 && HEARTH_VERIFICATION == 9 &&
                   HEARTH_CANCELLED == 130,
               "statuses are the exit statuses of docs/guide/commands.md");

static void sizes_of_the_running_library(void) {
  CHECK(hearth_model_options_size() == HEARTH_MODEL_OPTIONS_BYTES);
  CHECK(hearth_model_info_size() == HEARTH_MODEL_INFO_BYTES);
  CHECK(hearth_chat_options_size() == HEARTH_CHAT_OPTIONS_BYTES);
  CHECK(hearth_session_options_size() == HEARTH_SESSION_OPTIONS_BYTES);
  CHECK(hearth_generate_options_size() == HEARTH_GENERATE_OPTIONS_BYTES);
  CHECK(hearth_result_size() == HEARTH_RESULT_BYTES);
  CHECK(hearth_score_options_size() == HEARTH_SCORE_OPTIONS_BYTES);
  CHECK(hearth_score_result_size() == HEARTH_SCORE_RESULT_BYTES);
  CHECK(hearth_embed_options_size() == HEARTH_EMBED_OPTIONS_BYTES);
  CHECK(hearth_lockdown_options_size() == HEARTH_LOCKDOWN_OPTIONS_BYTES);
  CHECK(hearth_error_bytes_max() == HEARTH_ERROR_BYTES_MAX);
  CHECK(hearth_stops_max() == HEARTH_STOPS_MAX);
  CHECK(hearth_stop_bytes_max() == HEARTH_STOP_BYTES_MAX);
}

static void versions(void) {
  char expected[32];
  snprintf(expected, sizeof expected, "%d.%d.%d", HEARTH_VERSION_MAJOR, HEARTH_VERSION_MINOR,
           HEARTH_VERSION_PATCH);
  CHECK(strcmp(hearth_version(), expected) == 0);
  CHECK(hearth_version_number() ==
        HEARTH_VERSION_MAJOR * 1000000 + HEARTH_VERSION_MINOR * 1000 + HEARTH_VERSION_PATCH);
}

static void names(void) {
  CHECK(strcmp(hearth_status_name(HEARTH_OK), "ok") == 0);
  CHECK(strcmp(hearth_status_name(HEARTH_NOT_FOUND), "not_found") == 0);
  CHECK(strcmp(hearth_status_name(HEARTH_CANCELLED), "cancelled") == 0);
  CHECK(strcmp(hearth_status_name(77), "unknown") == 0);
  CHECK(strcmp(hearth_finish_name(HEARTH_FINISH_STOP), "stop") == 0);
  CHECK(strcmp(hearth_finish_name(HEARTH_FINISH_LENGTH), "length") == 0);
  CHECK(strcmp(hearth_finish_name(HEARTH_FINISH_DEADLINE), "deadline") == 0);
  CHECK(strcmp(hearth_finish_name(HEARTH_FINISH_CANCELLED), "cancelled") == 0);
  CHECK(strcmp(hearth_finish_name(-1), "unknown") == 0);
  CHECK(strcmp(hearth_finish_name(4), "unknown") == 0);
}

// What programs get that change nothing.
static void defaults(void) {
  hearth_generate_options options;
  memset(&options, 0x55, sizeof options);
  CHECK_OK(hearth_generate_options_init(&options, sizeof options));
  CHECK(options.struct_size == sizeof options);
  CHECK(options.temperature == 0.7 && options.top_p == 0.95 && options.min_p == 0.05);
  CHECK(options.repetition_penalty == 1.0 && options.frequency_penalty == 0.0);
  CHECK(options.presence_penalty == 0.0 && options.top_k == 0 && options.penalty_tokens == 64);
  CHECK(options.seed == 0 && options.logit_bias == NULL && options.logit_bias_count == 0);
  CHECK(options.stop == NULL && options.stop_count == 0 && options.tokens_max == 0);
  CHECK(options.reserved == 0 && options.deadline_ms == 0 && options.cancel == NULL);
  CHECK(options.on_text == NULL && options.user == NULL && options.grammar == NULL);
  CHECK(options.tools == NULL && options.adapter == NULL);
}

int main(void) {
  CHECK(strcmp(hearth_last_error(), "") == 0);
  sizes_of_the_running_library();
  versions();
  names();
  defaults();
  return checks_done();
}
