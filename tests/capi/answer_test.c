// SPDX-License-Identifier: Apache-2.0
// Answers of the tiny model that the first argument names: streamed, stopped by what may stop them,
// and asked for from several threads.
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define PROMPT_MAX 256
#define TEXT_MAX 4096

// What a callback has seen, and what it shall do.
typedef struct stream {
  char text[TEXT_MAX];
  size_t bytes;
  int32_t calls;
  int32_t stop_at_call;  // 0: never
  hearth_model* model;   // called back, where not NULL
  hearth_session* session;
  hearth_cancel* cancel;  // requested at the first call, where not NULL
} stream;

static int32_t collect(void* user, const char* text, size_t bytes) {
  stream* const seen = user;
  CHECK(bytes > 0 && seen->bytes + bytes < TEXT_MAX);
  memcpy(seen->text + seen->bytes, text, bytes);
  seen->bytes += bytes;
  ++seen->calls;
  if (seen->cancel != NULL) hearth_cancel_request(seen->cancel);
  return seen->calls == seen->stop_at_call;
}

// Letters only, drawn with a seed, so that texts are as long as they have tokens.
static hearth_generate_options letters(int32_t tokens_max, stream* seen) {
  static const hearth_logit_bias bias[4] = {
      {2 + 'a', 1000.0f}, {2 + 'b', 1000.0f}, {2 + 'c', 1000.0f}, {1, -INFINITY}};
  hearth_generate_options options;
  CHECK_OK(hearth_generate_options_init(&options, sizeof options));
  options.temperature = 1.0;
  options.tokens_max = tokens_max;
  options.logit_bias = bias;
  options.logit_bias_count = 4;
  if (seen != NULL) {
    memset(seen, 0, sizeof *seen);
    options.on_text = collect;
    options.user = seen;
  }
  return options;
}

static hearth_result empty_result(void) {
  hearth_result result;
  memset(&result, 0xff, sizeof result);
  result.struct_size = sizeof result;
  return result;
}

static void text_of(hearth_session* session, char* text) {
  size_t bytes = 0;
  text[0] = '\0';
  CHECK_OK(hearth_session_read_text(session, text, TEXT_MAX, &bytes));
  CHECK(strlen(text) == bytes);
}

static void streams_what_it_returns(hearth_model* model) {
  hearth_session* const session = create_session(model);
  int32_t prompt[PROMPT_MAX];
  int32_t tokens[64];
  float logprobs[64];
  const size_t prompt_count = ask(model, "hello", prompt, PROMPT_MAX);
  stream seen;
  const hearth_generate_options options = letters(40, &seen);
  hearth_result result = empty_result();
  char text[TEXT_MAX];
  size_t count = 0;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  text_of(session, text);
  CHECK(seen.bytes == 40 && strcmp(text, seen.text) == 0);
  CHECK(result.finish_reason == HEARTH_FINISH_LENGTH && result.completion_tokens == 40);
  CHECK(result.prompt_tokens == (int32_t)prompt_count && result.cached_tokens == 0);
  CHECK(result.wait_ms >= 0.0 && result.prefill_ms > 0.0 && result.decode_ms > 0.0);
  CHECK(result.first_token_ms >= result.prefill_ms);
  CHECK_OK(hearth_session_read_tokens(session, NULL, NULL, 0, &count));
  CHECK(count == 40);
  CHECK_FAILS(hearth_session_read_tokens(session, tokens, NULL, 39, &count), HEARTH_USAGE, "room");
  CHECK_OK(hearth_session_read_tokens(session, tokens, logprobs, 64, &count));
  for (size_t i = 0; i < count; ++i) CHECK(tokens[i] == 2 + text[i] && logprobs[i] <= 0.0f);
  // Asked again, it is the same answer, out of what the session knows.
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.cached_tokens == (int32_t)prompt_count - 1);
  CHECK(seen.bytes == 80 && memcmp(seen.text + 40, text, 40) == 0);
  // And by another seed another one.
  hearth_generate_options other = letters(40, NULL);
  char other_text[TEXT_MAX];
  other.seed = 1;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &other, NULL));
  text_of(session, other_text);
  CHECK(strcmp(text, other_text) != 0);
  CHECK_OK(hearth_session_reset(session));
  CHECK_FAILS(hearth_session_read_text(session, text, TEXT_MAX, &count), HEARTH_USAGE, "no answer");
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &other, &result));
  CHECK(result.cached_tokens == 0);
  CHECK_OK(hearth_session_free(session));
}

static void stops(hearth_model* model) {
  hearth_session* const session = create_session(model);
  int32_t prompt[PROMPT_MAX];
  const size_t prompt_count = ask(model, "hello", prompt, PROMPT_MAX);
  stream seen;
  char plain[TEXT_MAX];
  char text[TEXT_MAX];
  hearth_result result = empty_result();
  hearth_generate_options options = letters(40, NULL);
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, NULL));
  text_of(session, plain);

  // A stop string: "zz" never comes, three letters of the plain answer do.
  const hearth_text stop[] = {{"zz", HEARTH_NUL_TERMINATED}, {plain + 20, 3}};
  options = letters(40, &seen);
  options.stop = stop;
  options.stop_count = 2;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_STOP);
  text_of(session, text);
  CHECK(strlen(text) <= 20 && strcmp(text, seen.text) == 0 &&
        strncmp(plain, text, strlen(text)) == 0);
  CHECK(strstr(plain, text) == plain && strncmp(plain + strlen(text), plain + 20, 3) == 0);

  // The callback, at its fifth call.
  options = letters(40, &seen);
  seen.stop_at_call = 5;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_CANCELLED && seen.calls == 5);
  CHECK(result.completion_tokens == 5 && strncmp(plain, seen.text, seen.bytes) == 0);
  // Nothing comes after it, also where a letter was held back that could begin a stop string.
  const hearth_text holding[] = {{"az", 2}, {"bz", 2}, {"cz", 2}};
  options = letters(40, &seen);
  options.stop = holding;
  options.stop_count = 3;
  seen.stop_at_call = 5;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(seen.calls == 5 && seen.bytes == 5 && result.completion_tokens == 6);
  text_of(session, text);
  CHECK(strlen(text) == 6);
  // At its last call, too.
  options = letters(5, &seen);
  seen.stop_at_call = 5;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_CANCELLED && seen.calls == 5);

  // A cancellation: while it runs, and when it was there before.
  hearth_cancel cancel;
  hearth_cancel_init(&cancel);
  options = letters(40, &seen);
  options.cancel = &cancel;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_LENGTH);
  seen.cancel = &cancel;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_CANCELLED && result.completion_tokens == 1);
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_CANCELLED && result.completion_tokens == 0);
  text_of(session, text);
  CHECK(text[0] == '\0');
  hearth_cancel_init(&cancel);
  seen.cancel = NULL;
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_LENGTH);
  CHECK_OK(hearth_session_free(session));
}

static int32_t sleep_20_ms(void* user, const char* text, size_t bytes) {
  const struct timespec pause = {0, 20000000};
  (void)text;
  (void)bytes;
  ++*(int32_t*)user;
  nanosleep(&pause, NULL);
  return 0;
}

static void deadlines(hearth_model* model) {
  hearth_session* const session = create_session(model);
  int32_t prompt[2000];
  int32_t calls = 0;
  hearth_result result = empty_result();
  hearth_generate_options options = letters(0, NULL);
  for (int32_t i = 0; i < 2000; ++i) prompt[i] = 2 + i % 256;
  options.on_text = sleep_20_ms;
  options.user = &calls;
  options.deadline_ms = 300;
  CHECK_OK(hearth_session_generate(session, prompt, 5, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_DEADLINE && calls > 0 && calls < 20);
  CHECK_OK(hearth_session_reset(session));
  options.deadline_ms = 1;
  CHECK_FAILS(hearth_session_generate(session, prompt, 2000, &options, NULL), HEARTH_DEADLINE,
              "deadline: ");
  options.deadline_ms = INT64_MAX;
  options.tokens_max = 2;
  CHECK_OK(hearth_session_generate(session, prompt, 5, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_LENGTH);
  CHECK_OK(hearth_session_free(session));
}

// Calls that a callback makes: text functions work, work on the same model is refused, and freeing
// what is in use is put off.
static int32_t call_back(void* user, const char* text, size_t bytes) {
  stream* const seen = user;
  size_t count = 0;
  hearth_session* session = NULL;
  int32_t token = 2;
  if (seen->calls++ > 0) return 0;
  CHECK_OK(hearth_model_tokenize(seen->model, text, bytes, 0, NULL, 0, &count));
  CHECK(count == 1);
  CHECK_FAILS(hearth_session_read_text(seen->session, NULL, 0, &count), HEARTH_USAGE, "no answer");
  CHECK_FAILS(hearth_session_create(seen->model, NULL, &session), HEARTH_USAGE, "callback");
  CHECK_FAILS(hearth_model_prewarm(seen->model), HEARTH_USAGE, "callback");
  CHECK_FAILS(hearth_session_reset(seen->session), HEARTH_USAGE, "callback");
  CHECK_FAILS(hearth_session_generate(seen->session, &token, 1, NULL, NULL), HEARTH_USAGE,
              "callback");
  CHECK_OK(hearth_session_free(seen->session));
  CHECK_OK(hearth_model_unload(seen->model));
  return 0;
}

static void callbacks_call(const char* model_path) {
  stream seen;
  hearth_generate_options options = letters(8, &seen);
  hearth_result result = empty_result();
  int32_t prompt[PROMPT_MAX];
  seen.model = load_model(model_path);
  seen.session = create_session(seen.model);
  options.on_text = call_back;
  const size_t count = ask(seen.model, "hello", prompt, PROMPT_MAX);
  CHECK_OK(hearth_session_generate(seen.session, prompt, count, &options, &result));
  CHECK(result.finish_reason == HEARTH_FINISH_LENGTH && seen.calls == 8);
  CHECK_FAILS(hearth_session_reset(seen.session), HEARTH_USAGE, "it was freed");
}

// One thread's work in the tests below.
typedef struct job {
  hearth_model* model;
  hearth_session* session;
  hearth_cancel* cancel;
  int64_t deadline_ms;
  int32_t tokens_max;
  uint64_t seed;
  hearth_status status;
  hearth_result result;
  char text[TEXT_MAX];
  char error[HEARTH_ERROR_BYTES_MAX];
} job;

static void* run_job(void* user) {
  job* const mine = user;
  int32_t prompt[PROMPT_MAX];
  const size_t count = ask(mine->model, "hello", prompt, PROMPT_MAX);
  hearth_generate_options options = letters(mine->tokens_max, NULL);
  options.seed = mine->seed;
  options.deadline_ms = mine->deadline_ms;
  options.cancel = mine->cancel;
  mine->result = empty_result();
  mine->status = hearth_session_generate(mine->session, prompt, count, &options, &mine->result);
  snprintf(mine->error, sizeof mine->error, "%s", hearth_last_error());
  if (mine->status == HEARTH_OK) text_of(mine->session, mine->text);
  return NULL;
}

// Sessions of one model on many threads: each gets the answer that it would have got alone.
static void threads_take_turns(hearth_model* model) {
  enum { kThreads = 4 };
  job alone[kThreads];
  job together[kThreads];
  pthread_t threads[kThreads];
  memset(alone, 0, sizeof alone);
  for (int i = 0; i < kThreads; ++i) {
    alone[i].model = model;
    alone[i].tokens_max = 60;
    alone[i].seed = (uint64_t)i;
    together[i] = alone[i];
    alone[i].session = create_session(model);
    together[i].session = create_session(model);
    run_job(&alone[i]);
  }
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, run_job, &together[i]);
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(together[i].status == HEARTH_OK && strcmp(together[i].text, alone[i].text) == 0);
    CHECK(i == 0 || strcmp(alone[i].text, alone[0].text) != 0);
    CHECK_OK(hearth_session_free(alone[i].session));
    CHECK_OK(hearth_session_free(together[i].session));
  }
}

// What holds a model for as long as the test wants.
typedef struct gate {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int entered;
  int open;
} gate;

static int32_t wait_at_gate(void* user, const char* text, size_t bytes) {
  gate* const at = user;
  (void)text;
  (void)bytes;
  pthread_mutex_lock(&at->mutex);
  at->entered = 1;
  pthread_cond_broadcast(&at->changed);
  while (!at->open) pthread_cond_wait(&at->changed, &at->mutex);
  pthread_mutex_unlock(&at->mutex);
  return 0;
}

typedef struct holder {
  hearth_session* session;
  gate* at;
} holder;

static void* hold_model(void* user) {
  holder* const mine = user;
  const int32_t token = 2;
  hearth_generate_options options = letters(3, NULL);
  options.on_text = wait_at_gate;
  options.user = mine->at;
  CHECK_OK(hearth_session_generate(mine->session, &token, 1, &options, NULL));
  return NULL;
}

// Who waits for a busy model waits no longer than its deadline, and can be cancelled.
static void waiting(hearth_model* model) {
  gate at = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
  holder held = {create_session(model), &at};
  hearth_cancel cancel;
  job waiter;
  pthread_t holding;
  pthread_t waits;
  const struct timespec pause = {0, 50000000};
  memset(&waiter, 0, sizeof waiter);
  waiter.model = model;
  waiter.session = create_session(model);
  waiter.tokens_max = 5;
  pthread_create(&holding, NULL, hold_model, &held);
  pthread_mutex_lock(&at.mutex);
  while (!at.entered) pthread_cond_wait(&at.changed, &at.mutex);
  pthread_mutex_unlock(&at.mutex);

  waiter.deadline_ms = 30;
  run_job(&waiter);
  CHECK(waiter.status == HEARTH_DEADLINE && strstr(waiter.error, "other calls") != NULL);

  hearth_cancel_init(&cancel);
  waiter.deadline_ms = 0;
  waiter.cancel = &cancel;
  pthread_create(&waits, NULL, run_job, &waiter);
  nanosleep(&pause, NULL);
  hearth_cancel_request(&cancel);
  pthread_join(waits, NULL);
  CHECK(waiter.status == HEARTH_OK && waiter.result.finish_reason == HEARTH_FINISH_CANCELLED);
  CHECK(waiter.result.completion_tokens == 0 && waiter.result.wait_ms >= 40.0);

  waiter.cancel = NULL;
  pthread_create(&waits, NULL, run_job, &waiter);
  nanosleep(&pause, NULL);
  CHECK_OK(hearth_session_free(held.session));  // its call goes on
  pthread_mutex_lock(&at.mutex);
  at.open = 1;
  pthread_cond_broadcast(&at.changed);
  pthread_mutex_unlock(&at.mutex);
  pthread_join(waits, NULL);
  pthread_join(holding, NULL);
  CHECK(waiter.status == HEARTH_OK && waiter.result.finish_reason == HEARTH_FINISH_LENGTH);
  CHECK(waiter.result.wait_ms >= 40.0);
  CHECK_OK(hearth_session_free(waiter.session));
}

static hearth_cancel alarm_cancel;

static void on_alarm(int signal_number) {
  (void)signal_number;
  hearth_cancel_request(&alarm_cancel);
}

// A signal handler may cancel.
static void signals(hearth_model* model) {
  struct sigaction action;
  job mine;
  memset(&action, 0, sizeof action);
  memset(&mine, 0, sizeof mine);
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, NULL);
  hearth_cancel_init(&alarm_cancel);
  mine.model = model;
  mine.session = create_session(model);
  mine.tokens_max = 5;
  mine.cancel = &alarm_cancel;
  raise(SIGALRM);
  run_job(&mine);
  CHECK(mine.status == HEARTH_OK && mine.result.finish_reason == HEARTH_FINISH_CANCELLED);
  CHECK_OK(hearth_session_free(mine.session));
}

// The model's threads do not exist in a forked child, which is told so, and can end.
static void forks(hearth_model* model) {
  hearth_session* const session = create_session(model);
  const pid_t child = fork();
  int status = 0;
  if (child == 0) {
    const int32_t token = 2;
    checks_failed = 0;
    CHECK_FAILS(hearth_session_generate(session, &token, 1, NULL, NULL), HEARTH_USAGE, "fork()");
    CHECK_OK(hearth_session_free(session));
    CHECK_OK(hearth_model_unload(model));
    _exit(checks_failed);
  }
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK_OK(hearth_session_free(session));
}

// A thread that pthread_cancel() ends inside its callback leaves the model free for others.
static int32_t wait_for_the_end(void* user, const char* text, size_t bytes) {
  gate* const at = user;
  const struct timespec pause = {10, 0};
  (void)text;
  (void)bytes;
  pthread_mutex_lock(&at->mutex);
  at->entered = 1;
  pthread_cond_broadcast(&at->changed);
  pthread_mutex_unlock(&at->mutex);
  nanosleep(&pause, NULL);
  return 1;
}

static void* generate_until_ended(void* user) {
  holder* const mine = user;
  const int32_t token = 2;
  hearth_generate_options options = letters(3, NULL);
  options.on_text = wait_for_the_end;
  options.user = mine->at;
  CHECK_OK(hearth_session_generate(mine->session, &token, 1, &options, NULL));
  return NULL;
}

static void threads_that_end(hearth_model* model) {
  gate at = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
  holder held = {create_session(model), &at};
  pthread_t thread;
  void* ended = NULL;
  job mine;
  pthread_create(&thread, NULL, generate_until_ended, &held);
  pthread_mutex_lock(&at.mutex);
  while (!at.entered) pthread_cond_wait(&at.changed, &at.mutex);
  pthread_mutex_unlock(&at.mutex);
  pthread_cancel(thread);
  pthread_join(thread, &ended);
  CHECK(ended == PTHREAD_CANCELED);
  memset(&mine, 0, sizeof mine);
  mine.model = model;
  mine.session = held.session;
  mine.tokens_max = 5;
  run_job(&mine);
  CHECK(mine.status == HEARTH_OK && mine.result.finish_reason == HEARTH_FINISH_LENGTH);
  CHECK_OK(hearth_session_free(held.session));
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  hearth_model* const model = load_model(argv[1]);
  streams_what_it_returns(model);
  stops(model);
  deadlines(model);
  callbacks_call(argv[1]);
  threads_take_turns(model);
  waiting(model);
  signals(model);
  forks(model);
  // AddressSanitizer does not understand how glibc unwinds a thread that ends.
  if (getenv("HEARTH_SANITIZED") == NULL) threads_that_end(model);
  CHECK_OK(hearth_model_unload(model));
  return checks_done();
}
