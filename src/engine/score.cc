// SPDX-License-Identifier: Apache-2.0
#include "engine/score.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/strings.h"
#include "engine/engine.h"
#include "engine/score_trie.h"
#include "engine/softmax.h"

namespace hearth {
namespace {

Result<void> check_candidates(std::span<const std::vector<TokenId>> candidates,
                              int32_t vocabulary) {
  if (candidates.empty() || candidates.size() > kCandidatesMax) {
    return Error(ErrorCode::kUsage, concat("candidates: ", candidates.size(), " is outside 1 to ",
                                           kCandidatesMax, "; give another number of them"));
  }
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    tokens += candidates[i].size();
    if (candidates[i].empty()) {
      return Error(ErrorCode::kUsage,
                   concat("candidate ", i, ": has no tokens; give one at least"));
    }
    for (const TokenId id : candidates[i]) {
      if (id >= 0 && id < vocabulary) continue;
      return Error(ErrorCode::kUsage,
                   concat("candidate ", i, ": token ", id, " is outside the vocabulary of ",
                          vocabulary, "; encode the text with this model's tokenizer"));
    }
  }
  if (tokens <= kCandidateTokensMax) return {};
  return Error(ErrorCode::kUsage, concat("candidates: ", tokens, " tokens are more than ",
                                         kCandidateTokensMax, " together; give fewer"));
}

// Logits to log-probabilities over the tokens that exist: rows beyond pad the weights.
class LogProbabilities {
 public:
  LogProbabilities(std::span<const float> logits, int32_t vocabulary)
      : logits_(logits.first(static_cast<std::size_t>(vocabulary))),
        log_sum_(log_sum_exp(logits_, max_logit(logits_))) {}

  bool ok() const { return std::isfinite(log_sum_); }
  double of(TokenId id) const {
    return static_cast<double>(logits_[static_cast<std::size_t>(id)]) - log_sum_;
  }

 private:
  std::span<const float> logits_;
  double log_sum_;
};

Error not_numbers() {
  return Error(
      ErrorCode::kCorrupt,
      "logits: the model computed NaN or infinity; its weights are damaged, fetch them again");
}

// The walk over a trie behind a context that the session has evaluated.
class TrieWalk {
 public:
  TrieWalk(Session& session, ScoreTrie& trie, int32_t vocabulary, const Interruption& interruption)
      : session_(session), trie_(trie), vocabulary_(vocabulary), interruption_(interruption) {}

  int32_t evaluated() const { return evaluated_; }

  // `logits` are those after the context of `root` tokens.
  Result<void> run(std::span<const float> logits, int32_t root) {
    HEARTH_TRY(spread(ScoreTrie::kRoot, logits));
    push_branches(ScoreTrie::kRoot, -1);
    while (!open_.empty()) {
      const int32_t start = open_.back();
      open_.pop_back();
      session_.truncate(root + trie_.node(start).depth - 1);
      const std::vector<int32_t> chain = trie_.chain(start);
      HEARTH_TRY(evaluate(chain));
      for (std::size_t i = 0; i < chain.size(); ++i) {
        push_branches(chain[i], i + 1 < chain.size() ? chain[i + 1] : -1);
      }
    }
    return {};
  }

 private:
  // The children's log-probabilities from the logits after `node`.
  Result<void> spread(int32_t node, std::span<const float> logits) {
    const LogProbabilities logprobs(logits, vocabulary_);
    if (!logprobs.ok()) return not_numbers();
    for (const int32_t child : trie_.node(node).children) {
      trie_.node(child).logprob = logprobs.of(trie_.node(child).token);
    }
    return {};
  }

  // Those pushed last, the deepest, are evaluated first: what the session holds is always the path
  // to their parent.
  void push_branches(int32_t node, int32_t except) {
    const auto& children = trie_.node(node).children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      if (*child != except && trie_.node(*child).is_inner()) open_.push_back(*child);
    }
  }

  // A chain of nodes in as few forward passes as possible.
  Result<void> evaluate(std::span<const int32_t> chain) {
    while (!chain.empty()) {
      const auto part =
          chain.first(std::min(chain.size(), static_cast<std::size_t>(kForwardTokensMax)));
      chain = chain.subspan(part.size());
      std::vector<TokenId> tokens;
      for (const int32_t node : part) tokens.push_back(trie_.node(node).token);
      Result<void> spreading;
      HEARTH_TRY(session_.feed_all(
          tokens,
          [&](int32_t i, std::span<float> logits) {
            if (spreading.ok()) spreading = spread(part[static_cast<std::size_t>(i)], logits);
          },
          interruption_));
      HEARTH_TRY(spreading);
      evaluated_ += static_cast<int32_t>(part.size());
    }
    return {};
  }

  Session& session_;
  ScoreTrie& trie_;
  int32_t vocabulary_;
  const Interruption& interruption_;
  std::vector<int32_t> open_;  // inner nodes yet to be evaluated
  int32_t evaluated_ = 0;
};

CandidateScore score_of(const ScoreTrie& trie, int32_t end) {
  CandidateScore score;
  for (int32_t node = end; node != ScoreTrie::kRoot; node = trie.node(node).parent) {
    score.token_logprobs.push_back(trie.node(node).logprob);
  }
  std::reverse(score.token_logprobs.begin(), score.token_logprobs.end());
  for (const double logprob : score.token_logprobs) score.logprob += logprob;
  return score;
}

// The walk over all spellings of a prefix.
class SpellingWalk {
 public:
  SpellingWalk(Session& session, const Tokenizer& tokenizer, const ByteSortedVocabulary& vocabulary,
               std::string_view bytes, const PrefixOptions& options)
      : session_(session),
        tokenizer_(tokenizer),
        vocabulary_(vocabulary),
        bytes_(bytes),
        options_(options) {}

  const PrefixScore& result() const { return result_; }

  Result<void> run(std::span<const float> logits, int32_t root) {
    HEARTH_TRY(spread(logits, 0, 0, 0.0));
    while (!open_.empty()) {
      if (result_.evaluated_tokens == options_.evaluations_max) {
        return Error(ErrorCode::kUsage,
                     concat("prefix: \"", printable(bytes_), "\" has more spellings than ",
                            options_.evaluations_max,
                            " evaluations cover; set a least probability or allow more"));
      }
      const Spelling next = open_.back();
      open_.pop_back();
      session_.truncate(root + next.depth);
      HEARTH_ASSIGN(const std::span<float> after,
                    session_.feed({&next.token, 1}, options_.interruption));
      ++result_.evaluated_tokens;
      HEARTH_TRY(spread(after, next.depth + 1, next.spelled, next.logprob));
    }
    return {};
  }

 private:
  // A spelling of the first `spelled` bytes whose last token is yet to be evaluated.
  struct Spelling {
    TokenId token;
    int32_t depth;  // tokens before it
    std::size_t spelled;
    double logprob;
  };

  // Goes on from a spelling of the first `spelled` bytes with `depth` tokens.
  Result<void> spread(std::span<const float> logits, int32_t depth, std::size_t spelled,
                      double logprob) {
    const LogProbabilities logprobs(logits, tokenizer_.vocab_size());
    if (!logprobs.ok()) return not_numbers();
    const std::string_view rest = bytes_.substr(spelled);
    for (const TokenId id : vocabulary_.extending(rest)) {
      result_.probability += std::exp(logprob + logprobs.of(id));
    }
    for (const TokenId id : vocabulary_.proper_prefixes(rest)) {
      const double sum = logprob + logprobs.of(id);
      if (std::exp(sum) < options_.probability_min) {
        result_.unexplored += std::exp(sum);
        continue;
      }
      const std::size_t size = tokenizer_.token_bytes(id, SpecialTokens::kAsText).size();
      open_.push_back({id, depth, spelled + size, sum});
    }
    return {};
  }

  Session& session_;
  const Tokenizer& tokenizer_;
  const ByteSortedVocabulary& vocabulary_;
  std::string_view bytes_;
  const PrefixOptions& options_;
  PrefixScore result_;
  std::vector<Spelling> open_;
};

}  // namespace

// Evaluates the context, but for what the session holds of it, and hands out the logits after it.
Result<std::span<float>> Session::feed_context(std::span<const TokenId> context,
                                               const Interruption& interruption, int32_t& cached) {
  if (context.empty()) {
    return Error(ErrorCode::kUsage, "context: has no tokens; give at least one, BOS for example");
  }
  cached = reuse_prefix(context);
  std::span<const TokenId> rest = context.subspan(static_cast<std::size_t>(cached));
  HEARTH_TRY(check_feed(rest));
  return feed(rest, interruption);
}

Result<void> Session::check_room(std::size_t context, std::size_t extra,
                                 std::string_view what) const {
  if (context + extra <= static_cast<std::size_t>(context_)) return {};
  return Error(ErrorCode::kUsage,
               concat("context: ", context, " tokens and ", extra, " for ", what, " do not fit ",
                      context_, "; shorten the text or use a larger context"));
}

Result<CandidateScores> Session::score(std::span<const TokenId> context,
                                       std::span<const std::vector<TokenId>> candidates,
                                       const Interruption& interruption) {
  HEARTH_TRY(check_candidates(candidates, engine_->tokenizer().vocab_size()));
  std::size_t longest = 0;
  for (const auto& tokens : candidates) longest = std::max(longest, tokens.size());
  HEARTH_TRY(check_room(context.size(), longest - 1, "the longest candidate"));
  CandidateScores scores;
  HEARTH_ASSIGN(const std::span<float> logits,
                feed_context(context, interruption, scores.cached_tokens));
  const auto root = static_cast<int32_t>(context.size());
  ScoreTrie trie(candidates);
  TrieWalk walk(*this, trie, engine_->tokenizer().vocab_size(), interruption);
  const auto walked = walk.run(logits, root);
  truncate(root);
  if (!walked.ok()) return walked.error();
  scores.evaluated_tokens = root - scores.cached_tokens + walk.evaluated();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    scores.candidates.push_back(score_of(trie, trie.end(i)));
  }
  return scores;
}

Result<PrefixScore> Session::score_prefix(std::span<const TokenId> context,
                                          const ByteSortedVocabulary& vocabulary,
                                          std::string_view bytes, const PrefixOptions& options) {
  if (bytes.empty()) {
    return Error(ErrorCode::kUsage, "prefix: is empty, which any text begins with; give some text");
  }
  HEARTH_TRY(check_room(context.size(), bytes.size() - 1, "the prefix"));
  int32_t cached = 0;
  HEARTH_ASSIGN(const std::span<float> logits, feed_context(context, options.interruption, cached));
  const auto root = static_cast<int32_t>(context.size());
  SpellingWalk walk(*this, engine_->tokenizer(), vocabulary, bytes, options);
  const auto walked = walk.run(logits, root);
  truncate(root);
  if (!walked.ok()) return walked.error();
  PrefixScore result = walk.result();
  result.evaluated_tokens += root - cached;
  return result;
}

std::vector<double> softmax_of(std::span<const double> logs) {
  if (logs.empty()) return {};
  const double best = *std::max_element(logs.begin(), logs.end());
  std::vector<double> shares;
  double sum = 0.0;
  for (const double log : logs) {
    shares.push_back(std::isinf(best) ? 1.0 : std::exp(log - best));
    sum += shares.back();
  }
  for (double& share : shares) share /= sum;
  return shares;
}

std::vector<double> normalised_probabilities(const CandidateScores& scores, LengthNorm norm) {
  std::vector<double> logs;
  for (const CandidateScore& score : scores.candidates) {
    const auto tokens = static_cast<double>(score.token_logprobs.size());
    logs.push_back(norm == LengthNorm::kTokens ? score.logprob / tokens : score.logprob);
  }
  return softmax_of(logs);
}

Result<std::vector<std::vector<TokenId>>> encode_candidates(const Tokenizer& tokenizer,
                                                            std::span<const std::string> texts) {
  std::vector<std::vector<TokenId>> candidates;
  std::map<std::vector<TokenId>, std::size_t> seen;
  for (const std::string& text : texts) {
    std::vector<TokenId> tokens = tokenizer.encode(text, SpecialTokens::kAsText);
    if (tokens.empty() || tokenizer.unspellable_bytes(text) > 0) {
      return Error(
          ErrorCode::kUsage,
          concat("label \"", printable(text),
                 "\": ", text.empty() ? "is empty" : "has bytes without a token in this vocabulary",
                 "; choose another text for it"));
    }
    if (const auto [at, added] = seen.emplace(tokens, candidates.size()); !added) {
      return Error(ErrorCode::kUsage,
                   concat("label \"", printable(text), "\": has the same tokens as \"",
                          printable(texts[at->second]), "\"; leave one of them out"));
    }
    candidates.push_back(std::move(tokens));
  }
  return candidates;
}

Result<Continuation> encode_continuation(const Tokenizer& tokenizer, std::string_view context,
                                         std::string_view text) {
  std::string whole(context);
  whole += text;
  const std::size_t last = context.find_last_not_of(" \t\n\r\f\v");
  const std::string_view trimmed = context.substr(0, last == context.npos ? 0 : last + 1);
  Continuation result;
  result.context = tokenizer.encode(trimmed, SpecialTokens::kAsText);
  const std::vector<TokenId> all = tokenizer.encode(whole, SpecialTokens::kAsText);
  const std::size_t context_tokens = std::min(result.context.size(), all.size());
  result.tokens.assign(all.begin() + static_cast<std::ptrdiff_t>(context_tokens), all.end());
  if (const auto bos = tokenizer.bos(); bos && tokenizer.add_bos()) {
    result.context.insert(result.context.begin(), *bos);
  }
  if (!text.empty() && !result.tokens.empty()) return result;
  return Error(ErrorCode::kUsage, concat("option \"", printable(text),
                                         "\": adds no token to its context; choose another text"));
}

}  // namespace hearth
