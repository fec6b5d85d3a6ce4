// SPDX-License-Identifier: Apache-2.0
// The real model through the C API: HEARTH_TEST_MODEL names it.
#include "check.h"

#define TOKENS_MAX 1024

static void describes_itself(hearth_model* model) {
  hearth_model_info info;
  info.struct_size = sizeof info;
  CHECK_OK(hearth_model_describe(model, &info));
  CHECK(strcmp(info.architecture, "llama") == 0);
  CHECK(info.vocabulary_size == 49152 && info.context_max == 8192 && info.eos == 2);
  CHECK(info.has_chat_template == 1 && info.weight_bytes > (80u << 20));
}

static void tokens_of_text(hearth_model* model) {
  static const char text[] = "Ragnar\xc3\xb6k 1234 <|im_end|>\n";
  int32_t tokens[64];
  char back[64];
  size_t count = 0;
  size_t bytes = 0;
  CHECK_OK(hearth_model_tokenize(model, text, HEARTH_NUL_TERMINATED, 0, tokens, 64, &count));
  CHECK_OK(hearth_model_detokenize(model, tokens, count, 0, back, sizeof back, &bytes));
  CHECK(strcmp(back, text) == 0);
  // SmolLM2's vocabulary has no token for this byte.
  CHECK_OK(hearth_model_count_unspellable(model, "a\x04", 2, &count));
  CHECK(count == 1);
}

// The system's message is the template's own; "<|im_end|>" ends two turns and begins no third.
static void chat(hearth_model* model) {
  hearth_message messages[] = {{"user", 4, "Say <|im_end|>", HEARTH_NUL_TERMINATED, NULL}};
  int32_t tokens[TOKENS_MAX];
  size_t count = 0;
  int ends = 0;
  CHECK_OK(hearth_chat_tokenize(model, messages, 1, NULL, tokens, TOKENS_MAX, &count));
  for (size_t i = 0; i < count; ++i) {
    int32_t is_end = 0;
    CHECK_OK(hearth_model_is_end(model, tokens[i], &is_end));
    ends += is_end;
  }
  CHECK(ends == 2 && tokens[0] == 1);
}

static size_t answer(hearth_session* session, const int32_t* tokens, size_t count, char* text,
                     size_t capacity, hearth_result* result) {
  const hearth_generate_options options = greedy(24);
  size_t bytes = 0;
  result->struct_size = sizeof *result;
  CHECK_OK(hearth_session_generate(session, tokens, count, &options, result));
  CHECK_OK(hearth_session_read_text(session, text, capacity, &bytes));
  return bytes;
}

// Without rounding, where what it says of France does not hang by a thread.
static void knows_something(const char* path) {
  hearth_model_options options;
  hearth_model* model = NULL;
  int32_t tokens[TOKENS_MAX];
  char text[512];
  hearth_result result;
  hearth_model_info info;
  CHECK_OK(hearth_model_options_init(&options, sizeof options));
  options.numerics = HEARTH_NUMERICS_FLOAT;
  options.context = 128;
  CHECK_OK(hearth_model_load(path, &options, &model));
  info.struct_size = sizeof info;
  CHECK_OK(hearth_model_describe(model, &info));
  CHECK(info.numerics == HEARTH_NUMERICS_FLOAT && info.context == 128);
  hearth_session* const session = create_session(model);
  const size_t count = ask(model, "What is the capital of France?", tokens, TOKENS_MAX);
  answer(session, tokens, count, text, sizeof text, &result);
  CHECK(strcmp(text, "The capital of France is Paris.") == 0);
  CHECK(result.finish_reason == HEARTH_FINISH_STOP);
  CHECK_OK(hearth_session_free(session));
  CHECK_OK(hearth_model_unload(model));
}

// The second question knows the first and its answer, and costs its own tokens only.
static void a_conversation(hearth_model* model) {
  hearth_session* const session = create_session(model);
  char first[512];
  char second[512];
  int32_t tokens[TOKENS_MAX];
  hearth_result result;
  size_t count = ask(model, "What is the capital of France?", tokens, TOKENS_MAX);
  const size_t bytes = answer(session, tokens, count, first, sizeof first, &result);
  CHECK(bytes > 0);
  CHECK(result.finish_reason == HEARTH_FINISH_STOP || result.finish_reason == HEARTH_FINISH_LENGTH);
  const hearth_message messages[] = {
      {"user", 4, "What is the capital of France?", HEARTH_NUL_TERMINATED, NULL},
      {"assistant", 9, first, bytes, NULL},
      {"user", 4, "And of Italy?", HEARTH_NUL_TERMINATED, NULL}};
  const size_t known = count;
  CHECK_OK(hearth_chat_tokenize(model, messages, 3, NULL, tokens, TOKENS_MAX, &count));
  answer(session, tokens, count, second, sizeof second, &result);
  CHECK(result.prompt_tokens == (int32_t)count && result.cached_tokens >= (int32_t)known);
  CHECK(second[0] != '\0' && strcmp(first, second) != 0);
  CHECK_OK(hearth_session_free(session));
}

int main(void) {
  const char* const path = getenv("HEARTH_TEST_MODEL");
  if (path == NULL) {
    printf("skipped: HEARTH_TEST_MODEL is not set; ./test sets it\n");
    return 77;
  }
  hearth_model* const model = load_model(path);
  CHECK_OK(hearth_model_prewarm(model));
  describes_itself(model);
  tokens_of_text(model);
  chat(model);
  a_conversation(model);
  CHECK_OK(hearth_model_unload(model));
  knows_something(path);
  return checks_done();
}
