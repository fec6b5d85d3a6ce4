// SPDX-License-Identifier: Apache-2.0
// hearth_session_score(): how likely each of several continuations is.
#include <algorithm>
#include <vector>

#include "capi/boundary.h"
#include "capi/limits.h"
#include "capi/objects.h"
#include "engine/score.h"

using namespace hearth;
using namespace hearth::capi;

namespace {

// The caller's arrays, which have the sizes that the call's other arguments give.
struct Outputs {
  double* logprobs;        // [candidates]
  double* token_logprobs;  // [tokens of all candidates], may be null
  hearth_score_result* result;
};

Result<std::vector<std::vector<TokenId>>> read_candidates(const hearth_candidate* candidates,
                                                          std::size_t count) {
  if (count == 0) return usage("candidates: there are none; give at least one");
  if (count > kCandidatesMax) {
    return usage(concat("candidates: ", count, " are more than the ", kCandidatesMax,
                        " that one call may have; give fewer"));
  }
  HEARTH_ASSIGN(const auto given, read_array(candidates, count, "candidates"));
  std::vector<std::vector<TokenId>> read;
  std::size_t total = 0;
  for (const hearth_candidate& candidate : given) {
    const std::string place = concat("candidates[", read.size(), "].tokens");
    HEARTH_ASSIGN(const auto tokens, read_array(candidate.tokens, candidate.token_count, place));
    if (tokens.empty()) return usage(concat(place, ": there are none; give at least one"));
    if (tokens.size() > kCandidateTokensMax - total) {
      return usage(concat(place, ": with it there are more than the ", kCandidateTokensMax,
                          " tokens that one call may have; give fewer"));
    }
    total += tokens.size();
    read.emplace_back(tokens.begin(), tokens.end());
  }
  return read;
}

void write_scores(const CandidateScores& scores, double wait_ms, const Outputs& outputs) {
  double* token_logprob = outputs.token_logprobs;
  double* logprob = outputs.logprobs;
  for (const CandidateScore& candidate : scores.candidates) {
    *logprob++ = candidate.logprob;
    if (token_logprob == nullptr) continue;
    token_logprob =
        std::copy(candidate.token_logprobs.begin(), candidate.token_logprobs.end(), token_logprob);
  }
  if (outputs.result == nullptr) return;
  outputs.result->cached_tokens = scores.cached_tokens;
  outputs.result->evaluated_tokens = scores.evaluated_tokens;
  outputs.result->wait_ms = wait_ms;
}

}  // namespace

hearth_status hearth_score_options_init(hearth_score_options* options, std::size_t struct_size) {
  return init_options(options, struct_size, "score options", [](hearth_score_options&) {});
}

hearth_status hearth_session_score(hearth_session* session, const int32_t* context,
                                   std::size_t context_count, const hearth_candidate* candidates,
                                   std::size_t candidate_count, const hearth_score_options* options,
                                   double* logprobs, double* token_logprobs,
                                   hearth_score_result* result) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const auto object, find_session(session));
    HEARTH_TRY(check_pointer(logprobs, "logprobs"));
    if (result != nullptr) HEARTH_TRY(check_output(result, "score result"));
    HEARTH_ASSIGN(const hearth_score_options given,
                  read_options(options, "score options", hearth_score_options_init));
    HEARTH_TRY(check_reserved(given.reserved != 0, "reserved", "reserved fields"));
    Interruption wanted;
    HEARTH_ASSIGN(wanted.deadline, read_deadline(given.deadline_ms));
    HEARTH_ASSIGN(wanted.cancelled, read_cancel(given.cancel));
    HEARTH_ASSIGN(const auto prefix, read_array(context, context_count, "context"));
    HEARTH_ASSIGN(const auto choices, read_candidates(candidates, candidate_count));
    const Stopwatch waiting;
    HEARTH_ASSIGN(const Turn turn, object->model->turnstile.enter(wanted));
    const double wait_ms = waiting.elapsed_ms();
    HEARTH_ASSIGN(const CandidateScores scores, object->session.score(prefix, choices, wanted));
    write_scores(scores, wait_ms, {logprobs, token_logprobs, result});
    return {};
  });
}
