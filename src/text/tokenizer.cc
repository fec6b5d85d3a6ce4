// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "text/text_encoder.h"
#include "text/tokenizer_source.h"
#include "text/tokenizer_special.h"
#include "text/tokenizer_vocabulary.h"
#include "text/unicode.h"

namespace hearth {
namespace {

// Control tokens of these names end an answer whatever the file says about EOS: chat models are
// trained to emit their family's end of turn, and files often name only the end of the document.
constexpr std::string_view kEndNames[] = {"<|im_end|>",      "<|eot_id|>", "<|endoftext|>",
                                          "<|end_of_text|>", "<|end|>",    "<|eom_id|>",
                                          "<end_of_turn>"};

// What the file says about single tokens, each checked to be one of the vocabulary.
struct SpecialIds {
  std::optional<TokenId> bos, eos, eot, eom;
};

Result<std::optional<TokenId>> checked_id(std::optional<uint64_t> id, std::size_t tokens,
                                          std::string_view key) {
  if (!id) return std::optional<TokenId>{};
  if (*id >= tokens) {
    return Error(ErrorCode::kCorrupt, concat("tokenizer: ", key, " is ", *id,
                                             ", but the vocabulary has ", tokens, " tokens"));
  }
  return std::optional<TokenId>(static_cast<TokenId>(*id));
}

Result<SpecialIds> read_special_ids(const TokenizerSource& source) {
  const std::size_t tokens = source.tokens.size();
  SpecialIds ids;
  HEARTH_ASSIGN(ids.bos, checked_id(source.bos, tokens, "tokenizer.ggml.bos_token_id"));
  HEARTH_ASSIGN(ids.eos, checked_id(source.eos, tokens, "tokenizer.ggml.eos_token_id"));
  HEARTH_ASSIGN(ids.eot, checked_id(source.eot, tokens, "tokenizer.ggml.eot_token_id"));
  HEARTH_ASSIGN(ids.eom, checked_id(source.eom, tokens, "tokenizer.ggml.eom_token_id"));
  return ids;
}

Result<bool> checked_flag(bool flag, std::optional<TokenId> id, std::string_view name) {
  if (flag && !id) {
    return Error(
        ErrorCode::kCorrupt,
        concat("tokenizer: add_", name, "_token is true, but there is no ", name, "_token_id"));
  }
  return flag;
}

// How many bytes of white space `text` begins with.
std::size_t leading_space(std::string_view text) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Utf8Char next = decode_utf8(text.substr(bytes));
    if (!next.valid || (char_traits(next.code_point) & kTraitSpace) == 0) break;
    bytes += next.bytes;
  }
  return bytes;
}

// A row for each tokenizer.ggml.model.
struct TokenizerKind {
  std::string_view name;
  std::string_view what;
  Result<TokenizerParts> (*create)(const TokenizerSource& source);
};

constexpr TokenizerKind kKinds[] = {
    {"gpt2", "byte-level BPE", create_byte_level_bpe},
    {"llama", "SentencePiece", create_sentencepiece},
    {"bert", "WordPiece", create_wordpiece},
};

Result<const TokenizerKind*> named_kind(std::string_view name) {
  std::string known;
  for (const TokenizerKind& kind : kKinds) {
    if (kind.name == name) return &kind;
    known += concat(known.empty() ? "" : ", ", kind.name, " (", kind.what, ")");
  }
  return Error(ErrorCode::kUnsupported, concat("tokenizer: unknown model '", printable(name),
                                               "' (tokenizer.ggml.model); supported: ", known));
}

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(TokenizerParts parts_in)
      : parts(std::move(parts_in)), specials(*parts.vocabulary, std::move(parts.specials)) {}

  void find_ends();
  bool takes_space(TokenId id) const;

  TokenizerParts parts;
  SpecialTokenFinder specials;
  SpecialIds ids;
  bool add_bos = false;
  bool add_eos = false;
  bool markers_take_space = false;
  std::vector<TokenId> ends;  // a handful
};

void Tokenizer::Impl::find_ends() {
  for (const auto& id : {ids.eos, ids.eot, ids.eom}) {
    if (id) ends.push_back(*id);
  }
  for (const std::string_view name : kEndNames) {
    const auto id = specials.find_exact(name);
    if (id && parts.vocabulary->type(*id) == TokenType::kControl) ends.push_back(*id);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

// All but those that stand around a whole document.
bool Tokenizer::Impl::takes_space(TokenId id) const {
  if (!markers_take_space || id == ids.bos) return false;
  const std::string_view spelled = parts.vocabulary->bytes(id);
  return spelled != "<unk>" && spelled != "<|endoftext|>";
}

Result<Tokenizer> Tokenizer::create(const GgufFile& file) {
  HEARTH_ASSIGN(const TokenizerSource source, read_tokenizer_source(file));
  return create(source);
}

Result<Tokenizer> Tokenizer::create(const TokenizerSource& source) {
  HEARTH_ASSIGN(const TokenizerKind* kind, named_kind(source.model));
  HEARTH_ASSIGN(TokenizerParts parts, kind->create(source));
  auto impl = std::make_unique<Impl>(std::move(parts));
  HEARTH_ASSIGN(impl->ids, read_special_ids(source));
  const bool bos_by_default =
      impl->parts.bos_default == BosDefault::kPresent && impl->ids.bos.has_value();
  HEARTH_ASSIGN(impl->add_bos,
                checked_flag(source.add_bos.value_or(bos_by_default), impl->ids.bos, "bos"));
  HEARTH_ASSIGN(impl->add_eos, checked_flag(source.add_eos.value_or(false), impl->ids.eos, "eos"));
  impl->markers_take_space = source.markers_take_space;
  impl->find_ends();
  return Tokenizer(std::move(impl));
}

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<TokenId> Tokenizer::encode(std::string_view text, SpecialTokens special) const {
  std::vector<TokenId> ids;
  std::size_t at = 0;
  if (special == SpecialTokens::kParse) {
    for (const SpecialSpan& span : find_specials(text)) {
      impl_->parts.encoder->encode(text.substr(at, span.begin - at), ids);
      ids.push_back(span.id);
      at = span.begin + span.bytes;
    }
  }
  impl_->parts.encoder->encode(text.substr(at), ids);
  return ids;
}

std::size_t Tokenizer::unspellable_bytes(std::string_view text) const {
  return impl_->parts.encoder->unspellable_bytes(text);
}

std::string_view Tokenizer::token_bytes(TokenId id, SpecialTokens special) const {
  const Vocabulary& vocabulary = *impl_->parts.vocabulary;
  if (!vocabulary.contains(id)) return {};
  if (special == SpecialTokens::kAsText && vocabulary.type(id) == TokenType::kControl) return {};
  return vocabulary.bytes(id);
}

std::string_view Tokenizer::bytes_after(std::optional<TokenId> previous, TokenId id,
                                        SpecialTokens special) const {
  const std::string_view bytes = token_bytes(id, special);
  if (impl_->parts.space_prefix == SpacePrefix::kNone || !bytes.starts_with(' ')) return bytes;
  const Vocabulary& vocabulary = *impl_->parts.vocabulary;
  const auto is_of_type = [&](TokenId token, TokenType type) {
    return vocabulary.contains(token) && vocabulary.type(token) == type;
  };
  const bool begins_text = !previous || is_of_type(*previous, TokenType::kControl);
  const bool is_text =
      is_of_type(id, TokenType::kNormal) || is_of_type(id, TokenType::kUserDefined);
  return begins_text && is_text ? bytes.substr(1) : bytes;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, SpecialTokens special) const {
  std::string text;
  std::optional<TokenId> previous;
  for (const TokenId id : ids) {
    text += bytes_after(previous, id, special);
    previous = id;
  }
  return text;
}

int32_t Tokenizer::vocab_size() const { return impl_->parts.vocabulary->size(); }
std::optional<TokenId> Tokenizer::bos() const { return impl_->ids.bos; }
std::optional<TokenId> Tokenizer::eos() const { return impl_->ids.eos; }
bool Tokenizer::add_bos() const { return impl_->add_bos; }
bool Tokenizer::add_eos() const { return impl_->add_eos; }
bool Tokenizer::is_end(TokenId id) const {
  return std::binary_search(impl_->ends.begin(), impl_->ends.end(), id);
}
std::span<const TokenId> Tokenizer::ends() const { return impl_->ends; }
std::vector<SpecialSpan> Tokenizer::find_specials(std::string_view text) const {
  std::vector<SpecialSpan> spans;
  for (std::size_t at = 0; at < text.size();) {
    const SpecialTokenFinder::Match match = impl_->specials.find(text, at);
    at = match.at + match.bytes;
    if (match.bytes == 0) break;
    if (impl_->takes_space(match.id)) at += leading_space(text.substr(at));
    spans.push_back({match.at, at - match.at, match.id});
  }
  return spans;
}
std::optional<TokenId> Tokenizer::find_special(std::string_view text) const {
  return impl_->specials.find_exact(text);
}
std::string_view Tokenizer::pre_tokenizer() const { return impl_->parts.pre_tokenizer; }

}  // namespace hearth
