// SPDX-License-Identifier: Apache-2.0
// The engine: a loaded model with its tokenizer, chat template and threads, and sessions over it.
//
// Ownership: an Engine owns everything that it loaded; Sessions borrow it and must go first.
// Threading: one thread at a time may use an Engine and its Sessions; cancellation may come from
// any thread or signal handler through the atomic flag of an Interruption.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/interruption.h"
#include "base/result.h"
#include "engine/answer.h"
#include "engine/cost_model.h"
#include "engine/embed.h"
#include "engine/score.h"
#include "format/gguf.h"
#include "model/forward.h"
#include "model/model.h"
#include "template/chat_template.h"
#include "text/tokenizer.h"

namespace hearth {

struct EngineOptions {
  int threads = 0;              // 0: usable_cpu_count()
  std::optional<Isa> isa = {};  // best_isa() where absent
  // kFloat where absent and the instruction set is kScalar, else kFast.
  std::optional<Numerics> numerics = {};
  // Keys and values of 8 bits each in place of 16: half the memory of a context, less exact. Not
  // with Numerics::kFloat.
  bool kv_bytes = false;
  // The same bits however an answer is computed. Without, prompts are faster on CPUs with AMX, and
  // how a prompt is cut into passes changes its rounding; on others there is no difference.
  bool exact = false;
  // Where PackedFile::write() may have kept the model's packed weights; empty: nowhere.
  std::filesystem::path packed_folder = {};
};

// Tokens of a context where no other number is asked for, at most: long ones cost memory.
inline constexpr int32_t kContextDefaultMax = 8192;

class Decoder;
class Session;
struct SavedSession;
struct SessionIdentity;

class Engine {
 public:
  // Maps and validates the file, builds the tokenizer, packs the weights; the file is closed again.
  // Errors: those of MappedGguf::open, Tokenizer::create, Model::load,
  // ThreadPool::create; kUnsupported for an ISA this CPU lacks; kCorrupt (more tokens than rows of
  // weights); kUsage (an adapter's file).
  static Result<std::unique_ptr<Engine>> load(const std::filesystem::path& path,
                                              const EngineOptions& options);

  const Model& model() const { return *model_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  ConstrainedVocabulary& constrained_vocabulary() { return constrained_; }
  ThreadPool& pool() { return *pool_; }
  double load_ms() const { return load_ms_; }
  // What was measured of this model here before; without, no deadline is known to be too short.
  const std::optional<CostModel>& costs() const { return costs_; }
  void set_costs(const CostModel& costs) { costs_ = costs; }
  // Whether there is a template that render_chat() can follow.
  bool has_chat_template() const { return template_.has_value(); }

  // The model's template applied to a conversation, ready for the answer. Errors: kUnsupported (the
  // model has no template: use raw text), those of ChatTemplate::parse and render: what a template
  // refuses, such as a role that it does not know, it says in its own words.
  Result<std::string> render_chat(std::span<const ChatMessage> messages,
                                  const ChatOptions& options = {}) const;
  // That text as tokens: special tokens of the template count as such, look-alikes in the messages'
  // text, in tools and in further variables do not. Errors: as render_chat().
  Result<std::vector<TokenId>> encode_chat(std::span<const ChatMessage> messages,
                                           const ChatOptions& options = {}) const;
  // Plain text as tokens, with BOS in front where the model adds one.
  std::vector<TokenId> encode_raw(std::string_view text) const;

  // Whether an answer can be given to that in a context of `context` tokens. Errors: kUsage (empty
  // prompt; prompt longer than the context: both numbers; ids outside the vocabulary; options out
  // of range).
  Result<void> check_request(std::span<const TokenId> prompt, const GenerateOptions& options,
                             int32_t context) const;
  // Whether a prompt of which [begin, end) is to be evaluated, behind `ahead_ms` of other work, can
  // be answered in time, as far as costs() are known. Errors: kDeadline.
  Result<void> check_deadline(int32_t begin, int32_t end, double ahead_ms,
                              const Deadline& deadline) const;

  // How many tokens a context of `context` has: prompt and answer together; 0 is the model's own up
  // to 8,192. Errors: kUsage (below 0 or above what the model was made for: both numbers).
  Result<int32_t> context_tokens(int32_t context) const;
  // With a context of so many. Errors: those of context_tokens(), kUnavailable (memory).
  Result<Session> create_session(int32_t context);

  // A session as Session::save() wrote it, by this model, the same kind of arithmetic, and any
  // number of threads: what it generates is the same, bit for bit. `context` as in
  // create_session(), but 0 is what the saved one had. `bytes` are trusted in nothing and copied.
  // Errors: kCorrupt (no saved session, cut short, damaged, inconsistent), kUnsupported (another
  // version of the format), kUsage (saved by another model or another kind of arithmetic; context),
  // kUnavailable (memory).
  Result<Session> restore_session(std::span<const std::byte> bytes, int32_t context = 0);

  // One vector for `text`, of any model: pooled over the text's tokens and those that the model
  // puts around it. Memory is kept for the next text. Errors: kUsage (no tokens; more than the
  // model's context, of which at most 8,192 are used: both numbers), kUnsupported (the model's way
  // of pooling: choose one), kCorrupt (the weights give no finite numbers), kUnavailable (memory).
  Result<Embedding> embed(std::string_view text, const EmbedOptions& options);

  // What keys and values depend on, of model, weights and arithmetic: those of one engine can be
  // gone on with by another that has the same. Reads all weights when it is asked for first.
  uint64_t kv_identity();

 private:
  friend class Session;

  // What one text after the other is embedded in.
  struct EmbedState {
    int32_t context;
    KvSequence sequence;
    Workspace workspace;
    std::vector<float> hidden;  // [context][embedding], as far as it was needed
  };

  explicit Engine(Tokenizer tokenizer)
      : tokenizer_(std::move(tokenizer)), constrained_(tokenizer_) {}

  Result<void> check_ids(std::span<const TokenId> tokens) const;
  Result<void> check_prompt(std::span<const TokenId> prompt, int32_t context) const;
  void load_template(const GgufFile& gguf);
  Result<RenderedText> render(std::span<const ChatMessage> messages,
                              const ChatOptions& options) const;
  const SessionIdentity& identity();  // computed when first asked for: it reads all weights
  // With BOS in front and EOS behind, where the model adds them.
  std::vector<TokenId> encode_whole(std::string_view text) const;
  Result<EmbedState*> embed_state();

  std::unique_ptr<ThreadPool> pool_;
  std::shared_ptr<const Model> model_;
  Tokenizer tokenizer_;
  ConstrainedVocabulary constrained_;
  std::optional<ChatTemplate> template_;
  std::optional<Error> template_error_;  // why there is none; told to who asks for it
  Result<std::optional<Pooling>> pooling_ = std::optional<Pooling>();  // what the file says
  std::unique_ptr<EmbedState> embed_state_;  // once something was embedded
  double load_ms_ = 0;
  std::optional<CostModel> costs_;
  std::shared_ptr<const SessionIdentity> identity_;
};

// One context: its tokens, their KV cache, and generation on top of it. Move-only; borrows the
// Engine.
class Session {
 public:
  Session(Session&&) noexcept = default;
  Session& operator=(Session&&) noexcept = default;

  int32_t context() const { return context_; }
  std::span<const TokenId> tokens() const { return tokens_; }  // what the cache holds
  Workspace& workspace() { return workspace_; }                // to measure its operations

  // Answers `prompt`, the whole token sequence; the longest prefix that the session already holds
  // is reused. `sink` gets the text piece by piece, never half a character, never part of a stop
  // string. Where the engine knows its costs, a deadline that the prompt will surely miss is
  // refused at once. A deadline that passes with some text out ends the answer with kDeadline; with
  // none it is an error. The session may be used on after either. Where the session has held as
  // many tokens before, a token allocates nothing but, now and then, room for the text. Errors:
  // kUsage (empty prompt; prompt longer than the context: both numbers; options out of range; ids
  // outside the vocabulary), kDeadline, kCorrupt (the weights give no numbers), kUnavailable
  // (memory).
  Result<Answer> generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                          FunctionRef<void(std::string_view)> sink);

  // Appends tokens and returns the logits [vocabulary] after the last one, valid until the next
  // call. For bench and evaluation. Errors: kUsage (no tokens, beyond the context, ids outside the
  // vocabulary), kUnavailable (memory), kCancelled and kDeadline: the session then holds the tokens
  // of the passes before.
  Result<std::span<float>> feed(std::span<const TokenId> tokens,
                                const Interruption& interruption = {});
  // As feed(), but hands out the logits after every token: row(index into `tokens`, logits
  // [vocabulary]).
  Result<void> feed_all(std::span<const TokenId> tokens,
                        FunctionRef<void(int32_t, std::span<float>)> row,
                        const Interruption& interruption = {});
  // How likely each candidate (a sequence of tokens) is behind `context`, which must not be empty;
  // score.h says how. The longest prefix of the context that the session already holds is reused;
  // afterwards it holds the context alone. The session may be used on after an error. Errors:
  // kUsage (no context, no candidates or too many, an empty candidate, ids outside the vocabulary,
  // more than the context holds), kDeadline, kCancelled, kCorrupt (the weights give no numbers),
  // kUnavailable (memory).
  Result<CandidateScores> score(std::span<const TokenId> context,
                                std::span<const std::vector<TokenId>> candidates,
                                const Interruption& interruption = {});
  // How likely the text behind `context` begins with `bytes`, over all its spellings (score.h);
  // `vocabulary` is that of the engine's tokenizer. Errors: as score(); kUsage (no bytes, more
  // spellings than `options` allow).
  Result<PrefixScore> score_prefix(std::span<const TokenId> context,
                                   const ByteSortedVocabulary& vocabulary, std::string_view bytes,
                                   const PrefixOptions& options = {});
  // Forgets all but the longest prefix that it shares with `tokens`, and that short of all of them,
  // so that feeding the rest gives logits. Returns the prefix's length.
  int32_t reuse_prefix(std::span<const TokenId> tokens);
  // Forgets all tokens from `length` on, which is at most tokens().size().
  void truncate(int32_t length);
  // What the model is changed by from now on, for feed(), score() and the like; generate() takes
  // its options' instead. Where that is something else than before, all tokens are forgotten.
  // Errors: those of check_adapters().
  Result<void> use_adapters(std::span<const AdapterUse> adapters);

  // Writes the session, piece by piece, for Engine::restore_session(); the format is
  // docs/formats/session.md. It holds the text: who stores it seals it. Errors: those of `sink`;
  // kUnsupported (the text was computed with adapters, which the format cannot tell apart).
  Result<void> save(FunctionRef<Result<void>(std::span<const std::byte>)> sink) const;

 private:
  friend class Engine;
  Session(Engine& engine, KvSequence sequence, Workspace workspace, int32_t context);

  std::size_t vocabulary() const;
  Result<void> check_feed(std::span<const TokenId> tokens) const;
  static constexpr int32_t kSummarisedRows = 8;  // of logits: more are not drawn from
  std::size_t row_blocks() const { return vocabulary() / kLogitBlock; }
  Result<void> evaluate(std::span<const TokenId> chunk, LogitRows rows,
                        const Interruption& interruption);
  Result<void> take(const SavedSession& saved);
  Result<void> check_room(std::size_t context, std::size_t extra, std::string_view what) const;
  Result<std::span<float>> feed_context(std::span<const TokenId> context,
                                        const Interruption& interruption, int32_t& cached);
  Result<void> prefill(std::span<const TokenId> rest, const Interruption& interruption);
  Result<FinishReason> decode(Decoder& decoder, const Interruption& interruption);

  Engine* engine_;
  KvSequence sequence_;
  Workspace workspace_;
  int32_t context_;
  std::vector<TokenId> tokens_;
  std::vector<AdapterUse> adapters_;           // that these were computed with
  std::span<const AdapterUse> part_adapters_;  // the same, as parts name them
  std::vector<float> logits_;  // [vocabulary], or [rows of a chunk][vocabulary] after feed_all
  std::vector<LogitBlock>
      blocks_;  // [rows][row_blocks()] where the rows are up to kSummarisedRows, else empty
};

}  // namespace hearth
