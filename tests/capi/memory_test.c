// SPDX-License-Identifier: Apache-2.0
// Where memory runs out a call says so, and the process and its handles go on.
#define _POSIX_C_SOURCE 200809L
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

static size_t mapped_bytes(void) {
  unsigned long pages = 0;
  FILE* const file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%lu", &pages) != 1) exit(77);
  fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void allow(size_t bytes_more) {
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
  limit.rlim_cur = bytes_more == 0 ? limit.rlim_max : mapped_bytes() + bytes_more;
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

int main(int argc, char** argv) {
  enum { kTextBytes = 16 << 20 };
  if (argc != 2) return 2;
  if (getenv("HEARTH_SANITIZED") != NULL) {
    printf("skipped: a sanitizer's shadow memory does not fit an address limit\n");
    return 77;
  }
  char* const text = malloc(kTextBytes);
  if (text == NULL) return 77;
  memset(text, 'x', kTextBytes);
  hearth_model* const model = load_model(argv[1]);
  hearth_session* session = create_session(model);
  size_t count = 0;
  CHECK_OK(hearth_session_free(session));
  allow(64 << 10);
  CHECK_FAILS(hearth_session_create(model, NULL, &session), HEARTH_UNAVAILABLE, "memory");
  // std::bad_alloc, out of the middle of the tokenizer.
  CHECK_FAILS(hearth_model_tokenize(model, text, kTextBytes, 0, NULL, 0, &count),
              HEARTH_UNAVAILABLE, "memory: there is no more");
  CHECK(session == NULL);
  allow(0);
  CHECK_OK(hearth_model_tokenize(model, text, 1000, 0, NULL, 0, &count));
  CHECK(count == 1000);
  session = create_session(model);
  CHECK_OK(hearth_session_free(session));
  CHECK_OK(hearth_model_unload(model));
  free(text);
  return checks_done();
}
