// SPDX-License-Identifier: Apache-2.0
// Scoring, and sessions as bytes, on the tiny model that the first argument names.
#include <math.h>

#include "check.h"

#define TOKENS_MAX 256
#define SAVED_MAX (4 << 20)

static hearth_score_options score_options(void) {
  hearth_score_options options;
  CHECK_OK(hearth_score_options_init(&options, sizeof options));
  return options;
}

// What an answer said of its tokens is what scoring says of them behind the same prompt.
static void scores_are_those_of_generation(hearth_model* model) {
  hearth_session* const session = create_session(model);
  int32_t prompt[TOKENS_MAX];
  int32_t answer[16];
  float logprobs[16];
  double sums[2];
  double by_token[32];
  size_t count = 0;
  hearth_score_result result;
  const size_t prompt_count = ask(model, "hello", prompt, TOKENS_MAX);
  const hearth_generate_options options = greedy(16);
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &options, NULL));
  CHECK_OK(hearth_session_read_tokens(session, answer, logprobs, 16, &count));
  CHECK(count > 1);
  const hearth_candidate candidates[2] = {{answer, count}, {prompt, 2}};
  result.struct_size = sizeof result;
  CHECK_OK(hearth_session_score(session, prompt, prompt_count, candidates, 2, NULL, sums, by_token,
                                &result));
  double sum = 0.0;
  for (size_t i = 0; i < count; ++i) {
    CHECK(fabs(by_token[i] - (double)logprobs[i]) < 1e-5);
    sum += by_token[i];
  }
  CHECK(sums[0] == sum && sums[1] == by_token[count] + by_token[count + 1]);
  CHECK(result.cached_tokens == (int32_t)prompt_count - 1);
  CHECK(result.evaluated_tokens == (int32_t)count + 1);  // one of the prompt, all but two last ones
  CHECK(result.wait_ms >= 0.0);
  // Neither the numbers of each token nor the result are asked for; the last answer has stayed.
  double again[2];
  CHECK_OK(
      hearth_session_score(session, prompt, prompt_count, candidates, 2, NULL, again, NULL, NULL));
  CHECK(again[0] == sums[0] && again[1] == sums[1]);
  CHECK_OK(hearth_session_read_tokens(session, NULL, NULL, 0, &count));
  CHECK_OK(hearth_session_free(session));
}

static void bad_scores(hearth_model* model) {
  hearth_session* const session = create_session(model);
  const int32_t tokens[3] = {2, 3, 264};
  hearth_candidate candidate = {tokens, 2};
  hearth_score_options options = score_options();
  hearth_score_result result;
  hearth_cancel cancel;
  double logprob = 7.0;
#define SCORE(count_, candidates_, candidate_count_)                                               \
  hearth_session_score(session, tokens, count_, candidates_, candidate_count_, &options, &logprob, \
                       NULL, NULL)
  CHECK_FAILS(SCORE(0, &candidate, 1), HEARTH_USAGE, "context");
  CHECK_FAILS(SCORE(3, &candidate, 1), HEARTH_USAGE, "token 264");
  CHECK_FAILS(SCORE(2, NULL, 1), HEARTH_USAGE, "candidates: is NULL");
  CHECK_FAILS(SCORE(2, &candidate, 0), HEARTH_USAGE, "candidates: there are none");
  CHECK_FAILS(SCORE(2, &candidate, SIZE_MAX), HEARTH_USAGE, "65536");
  candidate.token_count = 0;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_USAGE, "candidates[0].tokens: there are none");
  candidate.token_count = SIZE_MAX / 8;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_USAGE, "candidates[0].tokens: with it");
  candidate.token_count = 3;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_USAGE, "token 264");
  candidate.tokens = NULL;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_USAGE, "candidates[0].tokens: is NULL");
  candidate = (hearth_candidate){tokens, 2};
  CHECK_FAILS(hearth_session_score(session, tokens, 2, &candidate, 1, NULL, NULL, NULL, NULL),
              HEARTH_USAGE, "logprobs: is NULL");
  result.struct_size = 0;
  CHECK_FAILS(
      hearth_session_score(session, tokens, 2, &candidate, 1, NULL, &logprob, NULL, &result),
      HEARTH_USAGE, "score result: struct_size is 0");
  CHECK_FAILS(hearth_session_score(NULL, tokens, 2, &candidate, 1, NULL, &logprob, NULL, NULL),
              HEARTH_USAGE, "session: is NULL");
  options.reserved = 1;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_UNSUPPORTED, "reserved: is set");
  options = score_options();
  options.deadline_ms = -1;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_USAGE, "deadline_ms: -1");
  options = score_options();
  hearth_cancel_init(&cancel);
  hearth_cancel_request(&cancel);
  options.cancel = &cancel;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_CANCELLED, "");
  CHECK(logprob == 7.0);
  hearth_cancel_init(&cancel);
  CHECK_OK(SCORE(2, &candidate, 1));
  CHECK(logprob < 0.0);
  options.struct_size = 8;
  CHECK_FAILS(SCORE(2, &candidate, 1), HEARTH_USAGE, "struct_size is 8");
#undef SCORE
  CHECK_OK(hearth_session_free(session));
}

typedef struct saved {
  unsigned char bytes[SAVED_MAX];
  size_t count;
  hearth_session* session;  // used inside the callback, where not NULL
} saved;

static int32_t keep(void* user, const void* bytes, size_t count) {
  saved* const kept = user;
  if (kept->session != NULL)
    CHECK_FAILS(hearth_session_reset(kept->session), HEARTH_USAGE, "callback");
  CHECK(kept->count + count <= SAVED_MAX);
  memcpy(kept->bytes + kept->count, bytes, count);
  kept->count += count;
  return 0;
}

static int32_t refuse(void* user, const void* bytes, size_t count) {
  (void)user;
  (void)bytes;
  (void)count;
  return 1;
}

static void sessions_as_bytes(hearth_model* model, hearth_model* same_model) {
  static saved kept;
  hearth_session* const session = create_session(model);
  hearth_session* restored = NULL;
  hearth_session_options options;
  int32_t prompt[TOKENS_MAX];
  int32_t answers[2][16];
  size_t counts[2] = {0, 0};
  hearth_result result;
  const size_t prompt_count = ask(model, "hello", prompt, TOKENS_MAX);
  const hearth_generate_options wanted = greedy(16);
  CHECK_OK(hearth_session_generate(session, prompt, prompt_count, &wanted, NULL));
  CHECK_OK(hearth_session_read_tokens(session, answers[0], NULL, 16, &counts[0]));
  kept.session = session;
  CHECK_OK(hearth_session_save(session, keep, &kept));
  CHECK(kept.count > 1000);
  CHECK_FAILS(hearth_session_save(session, refuse, NULL), HEARTH_CANCELLED, "callback");
  CHECK_FAILS(hearth_session_save(session, NULL, NULL), HEARTH_USAGE, "write: is NULL");
  CHECK_FAILS(hearth_session_save(NULL, keep, &kept), HEARTH_USAGE, "session: is NULL");

  CHECK_OK(hearth_session_restore(same_model, kept.bytes, kept.count, NULL, &restored));
  result.struct_size = sizeof result;
  CHECK_OK(hearth_session_generate(restored, prompt, prompt_count, &wanted, &result));
  CHECK(result.cached_tokens == (int32_t)prompt_count - 1);
  CHECK_OK(hearth_session_read_tokens(restored, answers[1], NULL, 16, &counts[1]));
  CHECK(counts[0] == counts[1] && memcmp(answers[0], answers[1], counts[0] * sizeof(int32_t)) == 0);
  CHECK_OK(hearth_session_free(restored));

  CHECK_FAILS(hearth_session_restore(model, kept.bytes, kept.count, NULL, NULL), HEARTH_USAGE,
              "session: is NULL");
  CHECK_FAILS(hearth_session_restore(model, NULL, 8, NULL, &restored), HEARTH_USAGE,
              "bytes: is NULL");
  CHECK_FAILS(hearth_session_restore(model, NULL, 0, NULL, &restored), HEARTH_CORRUPT, "");
  CHECK_FAILS(hearth_session_restore(model, kept.bytes, kept.count - 1, NULL, &restored),
              HEARTH_CORRUPT, "");
  CHECK_OK(hearth_session_options_init(&options, sizeof options));
  options.context = 4096;
  CHECK_FAILS(hearth_session_restore(model, kept.bytes, kept.count, &options, &restored),
              HEARTH_USAGE, "context: 4096");
  options.context = 3;
  CHECK_FAILS(hearth_session_restore(model, kept.bytes, kept.count, &options, &restored),
              HEARTH_USAGE, "context");
  kept.bytes[kept.count / 2] ^= 1;
  CHECK_FAILS(hearth_session_restore(model, kept.bytes, kept.count, NULL, &restored),
              HEARTH_CORRUPT, "");
  CHECK(restored == NULL);
  CHECK_OK(hearth_session_free(session));
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  hearth_model* const model = load_model(argv[1]);
  hearth_model* const same_model = load_model(argv[1]);
  scores_are_those_of_generation(model);
  bad_scores(model);
  sessions_as_bytes(model, same_model);
  CHECK_OK(hearth_model_unload(same_model));
  CHECK_OK(hearth_model_unload(model));
  return checks_done();
}
