// SPDX-License-Identifier: Apache-2.0
// hearth_lockdown(): loading alone locks nothing; locked, there are no sockets and no writing, and
// the model that the first argument names answers all the same.
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static int can_make_socket(void) {
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  if (made >= 0) close(made);
  return made >= 0;
}

static void bad_options(void) {
  hearth_lockdown_options options;
  const char* const nothing[] = {NULL};
  CHECK_OK(hearth_lockdown_options_init(&options, sizeof options));
  options.writable_count = 1;
  CHECK_FAILS(hearth_lockdown(&options, NULL), HEARTH_USAGE, "writable: is NULL");
  options.writable = nothing;
  CHECK_FAILS(hearth_lockdown(&options, NULL), HEARTH_USAGE, "writable[0]: is NULL");
  options.struct_size = 0;
  CHECK_FAILS(hearth_lockdown(&options, NULL), HEARTH_USAGE, "struct_size is 0");
}

int main(int argc, char** argv) {
  int32_t abi = -1;
  if (argc != 2) return 2;
  bad_options();
  hearth_model* model = load_model(argv[1]);
  CHECK(can_make_socket());
  CHECK_OK(hearth_model_unload(model));
  CHECK_OK(hearth_lockdown(NULL, &abi));
  CHECK(abi >= 0);
  CHECK(!can_make_socket());
  if (abi > 0) CHECK(fopen("lockdown_test.out", "w") == NULL);

  model = load_model(argv[1]);
  hearth_session* const session = create_session(model);
  int32_t tokens[256];
  const size_t count = ask(model, "hello", tokens, 256);
  const hearth_generate_options options = greedy(3);
  hearth_result result;
  result.struct_size = sizeof result;
  CHECK_OK(hearth_session_generate(session, tokens, count, &options, &result));
  CHECK(result.prompt_tokens == (int32_t)count);
  // Too late for a second one where Landlock could not reach the model's threads.
  if (abi > 0) CHECK_FAILS(hearth_lockdown(NULL, NULL), HEARTH_USAGE, "threads are running");
  CHECK_OK(hearth_session_free(session));
  CHECK_OK(hearth_model_unload(model));
  return checks_done();
}
