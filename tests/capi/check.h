// SPDX-License-Identifier: Apache-2.0
// For the tests of the C API, which are plain C: checks that count what failed, and a model to try
// things on.
#ifndef HEARTH_TESTS_CAPI_CHECK_H
#define HEARTH_TESTS_CAPI_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hearth/hearth.h"

static int checks_failed = 0;

#define CHECK(condition)                                                            \
  do {                                                                              \
    if (!(condition)) {                                                             \
      ++checks_failed;                                                              \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
    }                                                                               \
  } while (0)

// The call succeeds.
#define CHECK_OK(call)                                                    \
  do {                                                                    \
    const hearth_status status_ = (call);                                 \
    if (status_ != HEARTH_OK) {                                           \
      ++checks_failed;                                                    \
      fprintf(stderr, "%s:%d: %s is %s: %s\n", __FILE__, __LINE__, #call, \
              hearth_status_name(status_), hearth_last_error());          \
    }                                                                     \
  } while (0)

// The call fails with this status and an error of one line that has `fragment` in it.
#define CHECK_FAILS(call, status, fragment)                                                       \
  do {                                                                                            \
    const hearth_status status_ = (call);                                                         \
    const char* text_ = hearth_last_error();                                                      \
    if (status_ != (status) || strstr(text_, fragment) == NULL || strstr(text_, ": ") == NULL ||  \
        strchr(text_, '\n') != NULL) {                                                            \
      ++checks_failed;                                                                            \
      fprintf(stderr, "%s:%d: %s is %s: \"%s\", not %s with \"%s\"\n", __FILE__, __LINE__, #call, \
              hearth_status_name(status_), text_, hearth_status_name(status), fragment);          \
    }                                                                                             \
  } while (0)

// What main() returns.
static int checks_done(void) {
  CHECK(hearth_handle_count() == 0);  // nothing leaked
  if (checks_failed > 0) fprintf(stderr, "%d checks failed\n", checks_failed);
  return checks_failed > 0 ? 1 : 0;
}

// The model at `path`, on two threads. The test ends where it cannot be had.
static hearth_model* load_model(const char* path) {
  hearth_model_options options;
  hearth_model* model = NULL;
  CHECK_OK(hearth_model_options_init(&options, sizeof options));
  options.threads = 2;
  CHECK_OK(hearth_model_load(path, &options, &model));
  if (model == NULL) exit(1);
  return model;
}

static hearth_session* create_session(hearth_model* model) {
  hearth_session* session = NULL;
  CHECK_OK(hearth_session_create(model, NULL, &session));
  if (session == NULL) exit(1);
  return session;
}

// The best token each time, at most `tokens_max` of them.
static hearth_generate_options greedy(int32_t tokens_max) {
  hearth_generate_options options;
  CHECK_OK(hearth_generate_options_init(&options, sizeof options));
  options.temperature = 0.0;
  options.tokens_max = tokens_max;
  return options;
}

// Tokens of one question; returns how many.
static size_t ask(hearth_model* model, const char* question, int32_t* tokens, size_t capacity) {
  hearth_message message = {"user", HEARTH_NUL_TERMINATED, NULL, HEARTH_NUL_TERMINATED, NULL};
  size_t count = 0;
  message.content = question;
  CHECK_OK(hearth_chat_tokenize(model, &message, 1, NULL, tokens, capacity, &count));
  return count;
}

#endif  // HEARTH_TESTS_CAPI_CHECK_H
