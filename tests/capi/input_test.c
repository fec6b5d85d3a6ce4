// SPDX-License-Identifier: Apache-2.0
// Bad input at the C boundary is a status and one line, never a crash: without a model, then with
// the tiny model that the first argument names.
#include <math.h>
#include <stdint.h>

#include "check.h"

static void options_without_a_size(void) {
  hearth_model_options options;
  hearth_model* model = (hearth_model*)&options;
  memset(&options, 0, sizeof options);
  CHECK_FAILS(hearth_model_options_init(NULL, sizeof options), HEARTH_USAGE, "NULL");
  CHECK_FAILS(hearth_model_options_init(&options, 0), HEARTH_USAGE, "struct_size is 0");
  CHECK_FAILS(hearth_model_options_init(&options, sizeof options + 8), HEARTH_USAGE, "is 48");
  CHECK_FAILS(hearth_generate_options_init(NULL, 0), HEARTH_USAGE, "NULL");
  CHECK_FAILS(hearth_session_options_init(NULL, 0), HEARTH_USAGE, "NULL");
  CHECK_FAILS(hearth_chat_options_init(NULL, 0), HEARTH_USAGE, "NULL");
  CHECK_FAILS(hearth_lockdown_options_init(NULL, 0), HEARTH_USAGE, "NULL");
  CHECK_FAILS(hearth_model_load("x", &options, &model), HEARTH_USAGE, "struct_size is 0");
  CHECK(model == NULL);
  options.struct_size = sizeof options - 1;
  CHECK_FAILS(hearth_model_load("x", &options, &model), HEARTH_USAGE, "struct_size is 39");
}

static void files_that_are_no_model(const char* model_path) {
  hearth_model* model = NULL;
  char folder[1024];
  CHECK_FAILS(hearth_model_load("/nowhere/model.gguf", NULL, &model), HEARTH_NOT_FOUND, "nowhere");
  CHECK_FAILS(hearth_model_load("", NULL, &model), HEARTH_NOT_FOUND, "");
  CHECK_FAILS(hearth_model_load(NULL, NULL, &model), HEARTH_USAGE, "path: is NULL");
  CHECK_FAILS(hearth_model_load(model_path, NULL, NULL), HEARTH_USAGE, "model: is NULL");
  snprintf(folder, sizeof folder, "%s", model_path);
  *strrchr(folder, '/') = '\0';
  CHECK_FAILS(hearth_model_load(folder, NULL, &model), HEARTH_USAGE, "");
  CHECK_FAILS(hearth_model_load("/proc/self/exe", NULL, &model), HEARTH_CORRUPT, "");
  CHECK(model == NULL);
}

static void load_options(const char* model_path) {
  hearth_model_options options;
  hearth_model* model = NULL;
#define REFUSED(change, status, fragment)                        \
  CHECK_OK(hearth_model_options_init(&options, sizeof options)); \
  options.change;                                                \
  CHECK_FAILS(hearth_model_load(model_path, &options, &model), status, fragment)
  REFUSED(threads = -1, HEARTH_USAGE, "threads: -1");
  REFUSED(threads = 257, HEARTH_USAGE, "threads: 257");
  REFUSED(context = -5, HEARTH_USAGE, "context: -5");
  REFUSED(context = 1 << 30, HEARTH_USAGE, "context: 1073741824");
  REFUSED(numerics = 4, HEARTH_USAGE, "numerics: 4");
  REFUSED(kv_bits = 4, HEARTH_USAGE, "kv_bits: 4");
  REFUSED(isa = "sse9", HEARTH_USAGE, "isa: \"sse9\"");
  REFUSED(isa = "\n\x1b", HEARTH_USAGE, "isa: \"\\x0a\\x1b\"");
  REFUSED(adapters = &options, HEARTH_UNSUPPORTED, "adapters: is set");
#undef REFUSED
  CHECK(model == NULL);
}

static void handles_that_are_none(void) {
  int32_t number = 0;
  size_t count = 0;
  char on_stack[64] = {0};
  hearth_model* models[] = {NULL, (hearth_model*)on_stack,
                            (hearth_model*)(uintptr_t)0x5EA2000000000011};
  for (size_t i = 0; i < 3; ++i) {
    hearth_session* const session = (hearth_session*)models[i];
    const char* const fragment = models[i] == NULL ? "is NULL" : "not alive";
    hearth_model_info info;
    info.struct_size = sizeof info;
    CHECK_FAILS(hearth_model_describe(models[i], &info), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_model_prewarm(models[i]), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_model_is_end(models[i], 0, &number), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_model_tokenize(models[i], "a", 1, 0, NULL, 0, &count), HEARTH_USAGE,
                fragment);
    CHECK_FAILS(hearth_model_detokenize(models[i], NULL, 0, 0, NULL, 0, &count), HEARTH_USAGE,
                fragment);
    CHECK_FAILS(hearth_model_count_unspellable(models[i], "a", 1, &count), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_chat_tokenize(models[i], NULL, 0, NULL, NULL, 0, &count), HEARTH_USAGE,
                fragment);
    CHECK_FAILS(hearth_chat_render(models[i], NULL, 0, NULL, NULL, 0, &count), HEARTH_USAGE,
                fragment);
    hearth_session* created = session;
    CHECK_FAILS(hearth_session_create(models[i], NULL, &created), HEARTH_USAGE, fragment);
    CHECK(created == NULL);
    CHECK_FAILS(hearth_session_reset(session), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_session_generate(session, &number, 1, NULL, NULL), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_session_read_text(session, NULL, 0, &count), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_session_read_tokens(session, NULL, NULL, 0, &count), HEARTH_USAGE, fragment);
    if (models[i] == NULL) continue;
    CHECK_FAILS(hearth_model_unload(models[i]), HEARTH_USAGE, fragment);
    CHECK_FAILS(hearth_session_free(session), HEARTH_USAGE, fragment);
  }
  CHECK_OK(hearth_model_unload(NULL));
  CHECK_OK(hearth_session_free(NULL));
}

static void handles_after_their_end(const char* model_path) {
  hearth_model* const model = load_model(model_path);
  hearth_session* const session = create_session(model);
  size_t count = 0;
  CHECK(hearth_handle_count() == 2);
  CHECK_FAILS(hearth_session_free((hearth_session*)model), HEARTH_USAGE, "not alive");
  CHECK_FAILS(hearth_model_unload((hearth_model*)session), HEARTH_USAGE, "not alive");
  CHECK_OK(hearth_session_free(session));
  CHECK_FAILS(hearth_session_free(session), HEARTH_USAGE, "it was freed");
  CHECK_FAILS(hearth_session_read_text(session, NULL, 0, &count), HEARTH_USAGE, "it was freed");
  CHECK_OK(hearth_model_unload(model));
  CHECK_FAILS(hearth_model_unload(model), HEARTH_USAGE, "it was freed");
  CHECK_FAILS(hearth_model_tokenize(model, "a", 1, 0, NULL, 0, &count), HEARTH_USAGE,
              "it was freed");
  // Whatever lies at the old address now, the handle is another.
  hearth_model* const second = load_model(model_path);
  CHECK(second != model);
  CHECK_FAILS(hearth_model_unload(model), HEARTH_USAGE, "it was freed");
  CHECK_OK(hearth_model_unload(second));
}

// A session goes on living when its model's handle has ended.
static void sessions_keep_their_model(const char* model_path) {
  hearth_model* const model = load_model(model_path);
  hearth_session* const session = create_session(model);
  int32_t tokens[256];
  const size_t count = ask(model, "hello", tokens, 256);
  const hearth_generate_options options = greedy(3);
  CHECK_OK(hearth_model_unload(model));
  CHECK_OK(hearth_session_generate(session, tokens, count, &options, NULL));
  CHECK_OK(hearth_session_free(session));
}

static void text_and_tokens(hearth_model* model) {
  static const char text[] = "hello, \xff\0<|im_end|>";
  int32_t tokens[64];
  char back[64];
  size_t count = 99;
  size_t bytes = 99;
  CHECK_FAILS(hearth_model_tokenize(model, NULL, 3, 0, NULL, 0, &count), HEARTH_USAGE,
              "text: is NULL");
  CHECK_FAILS(hearth_model_tokenize(model, "a", 1, 0, NULL, 0, NULL), HEARTH_USAGE,
              "count: is NULL");
  CHECK_FAILS(hearth_model_tokenize(model, "a", 1, 4, NULL, 0, &count), HEARTH_USAGE, "flags: 4");
  CHECK_FAILS(hearth_model_tokenize(model, "a", SIZE_MAX - 1, 0, NULL, 0, &count), HEARTH_USAGE,
              "more than memory holds");
  CHECK_FAILS(hearth_model_tokenize(model, "a", 1, 0, NULL, 8, &count), HEARTH_USAGE,
              "tokens: is NULL");
  // NULL is no text where the length is 0.
  CHECK_OK(hearth_model_tokenize(model, NULL, 0, 0, NULL, 0, &count));
  CHECK(count == 0);
  // Any bytes come back, NUL and what is no UTF-8 among them; a special token's look-alike is text.
  CHECK_OK(hearth_model_tokenize(model, text, sizeof text - 1, 0, NULL, 0, &count));
  memset(tokens, 0, sizeof tokens);
  CHECK_FAILS(hearth_model_tokenize(model, text, sizeof text - 1, 0, tokens, count - 1, &count),
              HEARTH_USAGE, "room for");
  CHECK(tokens[0] == 0 && tokens[1] == 0);
  CHECK_OK(hearth_model_tokenize(model, text, sizeof text - 1, 0, tokens, 64, &count));
  for (size_t i = 0; i < count; ++i) CHECK(tokens[i] != 1);
  CHECK_OK(hearth_model_detokenize(model, tokens, count, 0, NULL, 0, &bytes));
  CHECK(bytes == sizeof text - 1);
  memset(back, 'x', sizeof back);
  CHECK_FAILS(hearth_model_detokenize(model, tokens, count, 0, back, bytes - 1, &bytes),
              HEARTH_USAGE, "room for");
  CHECK(back[0] == 'x');
  CHECK_OK(hearth_model_detokenize(model, tokens, count, 0, back, bytes, &bytes));
  CHECK(memcmp(back, text, bytes) == 0 && back[bytes] == 'x');
  CHECK_OK(hearth_model_detokenize(model, tokens, count, 0, back, sizeof back, &bytes));
  CHECK(back[bytes] == '\0');
  // Asked for, it is the token; which has no text unless that is asked for too.
  CHECK_OK(hearth_model_tokenize(model, "<|im_end|>", HEARTH_NUL_TERMINATED, HEARTH_TEXT_SPECIAL,
                                 tokens, 64, &count));
  CHECK(count == 1 && tokens[0] == 1);
  CHECK_OK(hearth_model_detokenize(model, tokens, 1, 0, back, sizeof back, &bytes));
  CHECK(bytes == 0);
  CHECK_OK(
      hearth_model_detokenize(model, tokens, 1, HEARTH_TEXT_SPECIAL, back, sizeof back, &bytes));
  CHECK(strcmp(back, "<|im_end|>") == 0);
  CHECK_FAILS(hearth_model_detokenize(model, tokens, 1, HEARTH_TEXT_BOS, back, 64, &bytes),
              HEARTH_USAGE, "flags: 2");
  CHECK_FAILS(hearth_model_detokenize(model, NULL, 1, 0, back, 64, &bytes), HEARTH_USAGE,
              "tokens: is NULL");
  CHECK_FAILS(hearth_model_detokenize(model, tokens, SIZE_MAX / 2, 0, back, 64, &bytes),
              HEARTH_USAGE, "more than memory holds");
  tokens[0] = 264;
  CHECK_FAILS(hearth_model_detokenize(model, tokens, 1, 0, back, 64, &bytes), HEARTH_USAGE,
              "token 264: is outside the vocabulary of 264");
  CHECK_OK(hearth_model_count_unspellable(model, text, sizeof text - 1, &count));
  CHECK(count == 0);
}

static void model_info(hearth_model* model) {
  hearth_model_info info;
  int32_t is_end = -1;
  memset(&info, 0, sizeof info);
  CHECK_FAILS(hearth_model_describe(model, NULL), HEARTH_USAGE, "model info: is NULL");
  CHECK_FAILS(hearth_model_describe(model, &info), HEARTH_USAGE, "struct_size is 0");
  info.struct_size = sizeof info;
  CHECK_OK(hearth_model_describe(model, &info));
  CHECK(strcmp(info.architecture, "llama") == 0 && strcmp(info.name, "test model") == 0);
  CHECK(info.vocabulary_size == 264 && info.context_max == 2048 && info.context == 2048);
  CHECK(info.bos == 0 && info.eos == 1 && info.has_chat_template == 1 && info.threads == 2);
  CHECK(info.layers == 2 && info.embedding_size == 64);
  CHECK(info.weight_bytes > 0 && info.load_ms > 0.0);
  CHECK_OK(hearth_model_is_end(model, 1, &is_end));
  CHECK(is_end == 1);
  CHECK_OK(hearth_model_is_end(model, 2, &is_end));
  CHECK(is_end == 0);
  CHECK_FAILS(hearth_model_is_end(model, 264, &is_end), HEARTH_USAGE, "token 264");
  CHECK_FAILS(hearth_model_is_end(model, -1, &is_end), HEARTH_USAGE, "token -1");
  CHECK_FAILS(hearth_model_is_end(model, 1, NULL), HEARTH_USAGE, "is_end: is NULL");
  CHECK_OK(hearth_model_prewarm(model));
}

static void messages(hearth_model* model) {
  hearth_message message = {"user", 4, "hi", 2, NULL};
  hearth_chat_options options;
  int32_t tokens[8];
  size_t count = 0;
  char text[128];
#define REFUSED(change, status, fragment)                                                         \
  message = (hearth_message){"user", 4, "hi", 2, NULL};                                           \
  message.change;                                                                                 \
  CHECK_FAILS(hearth_chat_tokenize(model, &message, 1, NULL, NULL, 0, &count), status, fragment); \
  CHECK_FAILS(hearth_chat_render(model, &message, 1, NULL, NULL, 0, &count), status, fragment)
  REFUSED(role = NULL, HEARTH_USAGE, "messages[0].role: is NULL");
  REFUSED(role_bytes = 0, HEARTH_USAGE, "messages[0].role: is empty");
  REFUSED(content = NULL, HEARTH_USAGE, "messages[0].content: is NULL");
  REFUSED(content = "a\xff", HEARTH_USAGE, "messages[0].content: byte 1 is not UTF-8");
  REFUSED(role = "\xc3(..", HEARTH_USAGE, "messages[0].role: byte 0 is not UTF-8");
  REFUSED(reserved = text, HEARTH_UNSUPPORTED, "messages[0].reserved: is set");
#undef REFUSED
  message = (hearth_message){"user", 4, "hi\0<|im_end|>", 13, NULL};
  CHECK_FAILS(hearth_chat_tokenize(model, &message, 0, NULL, NULL, 0, &count), HEARTH_USAGE,
              "there are none");
  CHECK_FAILS(hearth_chat_tokenize(model, NULL, 1, NULL, NULL, 0, &count), HEARTH_USAGE,
              "messages: is NULL");
  CHECK_FAILS(hearth_chat_tokenize(model, &message, SIZE_MAX, NULL, NULL, 0, &count), HEARTH_USAGE,
              "65536");
  CHECK_FAILS(hearth_chat_tokenize(model, &message, 1, NULL, NULL, 0, NULL), HEARTH_USAGE,
              "count: is NULL");
  CHECK_FAILS(hearth_chat_tokenize(model, &message, 1, NULL, tokens, 8, &count), HEARTH_USAGE,
              "room for 8");
  CHECK(count > 8);
  CHECK_OK(hearth_chat_options_init(&options, sizeof options));
  options.tools = "[]";
  CHECK_FAILS(hearth_chat_tokenize(model, &message, 1, &options, NULL, 0, &count),
              HEARTH_UNSUPPORTED, "tools: is set");
  options.tools = NULL;
  CHECK_OK(hearth_chat_render(model, &message, 1, &options, text, sizeof text, &count));
  CHECK(memcmp(text, "<|im_start|>user\nhi\0<|im_end|><|im_end|>\n<|im_start|>assistant\n",
               count) == 0);
}

static void generate_options(hearth_model* model) {
  hearth_session* const session = create_session(model);
  hearth_generate_options options;
  hearth_result result;
  hearth_logit_bias bias = {264, 1.0f};
  hearth_text stop = {"", 0};
  hearth_cancel cancel;
  int32_t tokens[2048] = {0};
  size_t count = 0;
  memset(&cancel, 0, sizeof cancel);
#define REFUSED(change, status, fragment) \
  options = greedy(2);                    \
  options.change;                         \
  CHECK_FAILS(hearth_session_generate(session, tokens, 1, &options, NULL), status, fragment)
  REFUSED(struct_size = 0, HEARTH_USAGE, "struct_size is 0");
  REFUSED(temperature = -1.0, HEARTH_USAGE, "temperature");
  REFUSED(temperature = NAN, HEARTH_USAGE, "temperature");
  REFUSED(top_p = 2.0, HEARTH_USAGE, "top-p");
  REFUSED(min_p = -0.5, HEARTH_USAGE, "min-p");
  REFUSED(top_k = -1, HEARTH_USAGE, "top-k");
  REFUSED(penalty_tokens = -2, HEARTH_USAGE, "penalty");
  REFUSED(repetition_penalty = 0.0, HEARTH_USAGE, "repetition penalty");
  REFUSED(frequency_penalty = INFINITY, HEARTH_USAGE, "frequency penalty");
  REFUSED(presence_penalty = NAN, HEARTH_USAGE, "presence penalty");
  REFUSED(tokens_max = -1, HEARTH_USAGE, "tokens_max: -1");
  REFUSED(deadline_ms = -1, HEARTH_USAGE, "deadline_ms: -1");
  REFUSED(logit_bias_count = 1, HEARTH_USAGE, "logit_bias: is NULL");
  REFUSED(stop_count = 1, HEARTH_USAGE, "stop: is NULL");
  REFUSED(stop_count = 33, HEARTH_USAGE, "stop: 33");
  REFUSED(grammar = "root ::= \"a\"", HEARTH_UNSUPPORTED, "grammar: is set");
  REFUSED(tools = "[]", HEARTH_UNSUPPORTED, "tools: is set");
  REFUSED(adapter = &bias, HEARTH_UNSUPPORTED, "adapter: is set");
  REFUSED(reserved = -1, HEARTH_UNSUPPORTED, "reserved: is set");
  REFUSED(cancel = &cancel, HEARTH_USAGE, "hearth_cancel_init");
  options = greedy(2);
  options.logit_bias = &bias;
  options.logit_bias_count = 1;
  CHECK_FAILS(hearth_session_generate(session, tokens, 1, &options, NULL), HEARTH_USAGE, "264");
  options = greedy(2);
  options.stop = &stop;
  options.stop_count = 1;
  CHECK_FAILS(hearth_session_generate(session, tokens, 1, &options, NULL), HEARTH_USAGE, "empty");
  stop = (hearth_text){"\xff", 1};
  CHECK_FAILS(hearth_session_generate(session, tokens, 1, &options, NULL), HEARTH_USAGE, "UTF-8");
  stop = (hearth_text){(const char*)tokens, 513};
  CHECK_FAILS(hearth_session_generate(session, tokens, 1, &options, NULL), HEARTH_USAGE, "513");
  // The prompt and the result.
  options = greedy(2);
  CHECK_FAILS(hearth_session_generate(session, tokens, 0, &options, NULL), HEARTH_USAGE, "empty");
  CHECK_FAILS(hearth_session_generate(session, NULL, 1, &options, NULL), HEARTH_USAGE,
              "tokens: is NULL");
  CHECK_FAILS(hearth_session_generate(session, tokens, 2048, &options, NULL), HEARTH_USAGE,
              "context of 2048");
  tokens[0] = 1 << 20;
  CHECK_FAILS(hearth_session_generate(session, tokens, 1, &options, NULL), HEARTH_USAGE,
              "outside the vocabulary");
  result.struct_size = 1;
  CHECK_FAILS(hearth_session_generate(session, tokens, 1, &options, &result), HEARTH_USAGE,
              "result: struct_size is 1");
  // Nothing of this was an answer.
  CHECK_FAILS(hearth_session_read_text(session, NULL, 0, &count), HEARTH_USAGE, "no answer yet");
  CHECK_FAILS(hearth_session_read_tokens(session, NULL, NULL, 0, &count), HEARTH_USAGE,
              "no answer");
#undef REFUSED
  CHECK_OK(hearth_session_free(session));
}

static void session_options(hearth_model* model) {
  hearth_session_options options;
  hearth_session* session = NULL;
  CHECK_FAILS(hearth_session_create(model, NULL, NULL), HEARTH_USAGE, "session: is NULL");
  CHECK_OK(hearth_session_options_init(&options, sizeof options));
  options.context = 2049;
  CHECK_FAILS(hearth_session_create(model, &options, &session), HEARTH_USAGE, "context: 2049");
  options.context = -1;
  CHECK_FAILS(hearth_session_create(model, &options, &session), HEARTH_USAGE, "context: -1");
  options.context = 0;
  options.reserved = 1;
  CHECK_FAILS(hearth_session_create(model, &options, &session), HEARTH_UNSUPPORTED, "reserved");
  options.struct_size = 12;
  CHECK_FAILS(hearth_session_create(model, &options, &session), HEARTH_USAGE, "struct_size is 12");
}

// The text of an error is the last one's, and stays while calls succeed.
static void errors_stay(hearth_model* model) {
  size_t count = 0;
  const char* const address = hearth_last_error();
  CHECK_FAILS(hearth_model_prewarm(NULL), HEARTH_USAGE, "model: is NULL");
  CHECK_OK(hearth_model_tokenize(model, "a", 1, 0, NULL, 0, &count));
  CHECK(hearth_last_error() == address);
  CHECK(strstr(address, "model: is NULL") != NULL);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  options_without_a_size();
  handles_that_are_none();
  files_that_are_no_model(argv[1]);
  load_options(argv[1]);
  handles_after_their_end(argv[1]);
  sessions_keep_their_model(argv[1]);
  hearth_cancel_init(NULL);
  hearth_cancel_request(NULL);
  hearth_model* const model = load_model(argv[1]);
  model_info(model);
  text_and_tokens(model);
  messages(model);
  session_options(model);
  generate_options(model);
  errors_stay(model);
  CHECK_OK(hearth_model_unload(model));
  return checks_done();
}
