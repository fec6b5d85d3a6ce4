// SPDX-License-Identifier: Apache-2.0
// hearth tokenize: bytes to token ids and back. Needs the vocabulary of a model, not its weights.
#include <nlohmann/json.hpp>
#include <optional>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/model_choice.h"
#include "cli/token_ids.h"
#include "format/mapped_gguf.h"
#include "text/tokenizer.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextBytesMax = 256 << 20;

// Errors: kUsage (names the id and the vocabulary's size).
Result<void> check_inside(const std::vector<TokenId>& ids, const Tokenizer& tokenizer,
                          std::string_view place) {
  for (const TokenId id : ids) {
    if (id >= 0 && id < tokenizer.vocab_size()) continue;
    return Error(ErrorCode::kUsage,
                 concat(place, ": token id ", id, " is outside the vocabulary of ",
                        tokenizer.vocab_size(), "; give ids of this model"));
  }
  return {};
}

class TokenizeCommand : public Command {
 public:
  std::string name() const override { return "tokenize"; }
  std::string summary() const override { return "Bytes on stdin to token ids, or back"; }

  void declare(Options& options) override {
    flags_.declare_model(options);
    options.flag({"--decode", "", "Token ids on stdin to bytes"}, decode_);
    options.flag({"--batch", "",
                  "One JSON string a line to one array a line; with --decode the other way round"},
                 batch_);
    options.flag({"--special", "", "Read and write special tokens such as <|im_end|> as such"},
                 special_);
    options.flag({"--bos", "", "Put the model's BOS token in front"}, bos_);
    options.flag({"--eos", "", "Put the model's EOS token at the end"}, eos_);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  SpecialTokens special() const {
    return special_ ? SpecialTokens::kParse : SpecialTokens::kAsText;
  }
  Result<Json> encode(const Tokenizer& tokenizer, std::string_view text) const;
  Result<void> run_batch(const Tokenizer& tokenizer, Output& out) const;
  Result<void> run_line(const Tokenizer& tokenizer, const std::string& line, std::string_view place,
                        Output& out) const;

  ModelFlags flags_;
  bool decode_ = false;
  bool batch_ = false;
  bool special_ = false;
  bool bos_ = false;
  bool eos_ = false;
};

Result<Json> TokenizeCommand::encode(const Tokenizer& tokenizer, std::string_view text) const {
  std::vector<TokenId> ids = tokenizer.encode(text, special());
  if (bos_) {
    if (!tokenizer.bos())
      return Error(ErrorCode::kUnsupported, "--bos: the model has no BOS token; leave it out");
    ids.insert(ids.begin(), *tokenizer.bos());
  }
  if (eos_) {
    if (!tokenizer.eos())
      return Error(ErrorCode::kUnsupported, "--eos: the model has no EOS token; leave it out");
    ids.push_back(*tokenizer.eos());
  }
  return Json(ids);
}

Result<void> TokenizeCommand::run_line(const Tokenizer& tokenizer, const std::string& line,
                                       std::string_view place, Output& out) const {
  if (decode_) {
    HEARTH_ASSIGN(const auto ids, parse_token_ids(line, place));
    HEARTH_TRY(check_inside(ids, tokenizer, place));
    out.write_json(tokenizer.decode(ids, special()));
    return {};
  }
  const Json text = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!text.is_string()) {
    return Error(ErrorCode::kCorrupt, concat(place, ": is not a JSON string; give one a line"));
  }
  HEARTH_ASSIGN(const Json ids, encode(tokenizer, text.get_ref<const std::string&>()));
  out.write_json(ids);
  return {};
}

Result<void> TokenizeCommand::run_batch(const Tokenizer& tokenizer, Output& out) const {
  StdinLines lines;
  std::string line;
  for (int64_t number = 1; out.ok(); ++number) {
    HEARTH_ASSIGN(const bool more, lines.next(line));
    if (!more) break;
    HEARTH_TRY(run_line(tokenizer, line, concat("stdin: line ", number), out));
  }
  return {};
}

Result<int> TokenizeCommand::run(const CommandContext& context) {
  if (decode_ && (bos_ || eos_)) {
    return Error(ErrorCode::kUsage, "--decode: has no use for --bos and --eos; leave them out");
  }
  HEARTH_ASSIGN(const ModelChoice choice, choose_model(context.environment, flags_.model));
  HEARTH_ASSIGN(const MappedGguf opened, MappedGguf::open(choice.model.weights, choice.name));
  HEARTH_ASSIGN(const Tokenizer tokenizer, Tokenizer::create(opened.gguf));
  if (batch_) {
    HEARTH_TRY(run_batch(tokenizer, context.out));
    return 0;
  }
  HEARTH_ASSIGN(const std::string text, read_stdin(kTextBytesMax));
  if (!decode_) {
    HEARTH_ASSIGN(const Json ids, encode(tokenizer, text));
    context.out.write_json(ids);
    return 0;
  }
  HEARTH_ASSIGN(const auto ids, parse_token_ids(text, "stdin"));
  HEARTH_TRY(check_inside(ids, tokenizer, "stdin"));
  const std::string bytes = tokenizer.decode(ids, special());
  if (context.json) {
    context.out.write_json(bytes);
  } else {
    context.out.write(bytes);  // exactly, also what is not UTF-8
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_tokenize_command() { return std::make_unique<TokenizeCommand>(); }

}  // namespace hearth
