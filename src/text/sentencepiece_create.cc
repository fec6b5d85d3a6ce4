// SPDX-License-Identifier: Apache-2.0
// Building a SentencePiece from the arrays of a file, and everything that can be wrong with them.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/strings.h"
#include "text/sentencepiece.h"
#include "text/sentencepiece_pairs.h"

namespace hearth {
namespace {

constexpr std::string_view kEscapedSpace = "\xe2\x96\x81";  // U+2581
constexpr TokenId kTokensAhead = 16;  // looked up so far ahead: hides the latency of memory

// The byte that "<0xXX>" names, or -1.
int32_t named_byte(std::string_view spelled) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (spelled.size() != 6 || !spelled.starts_with("<0x") || spelled[5] != '>') return -1;
  const std::size_t high = kDigits.find(spelled[3]), low = kDigits.find(spelled[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return -1;
  return static_cast<int32_t>(16 * high + low);
}

// Writes `spelled` with spaces for U+2581; returns the bytes written, at most spelled.size().
std::size_t write_spaced(std::string_view spelled, char* out) {
  if (spelled.find(kEscapedSpace[0]) == std::string_view::npos) {
    return spelled.copy(out, spelled.size());
  }
  char* const first = out;
  for (std::size_t at = 0; at < spelled.size();) {
    if (spelled.substr(at, kEscapedSpace.size()) == kEscapedSpace) {
      *out++ = ' ';
      at += kEscapedSpace.size();
    } else {
      *out++ = spelled[at++];
    }
  }
  return static_cast<std::size_t>(out - first);
}

// Whether a user-defined token begins or ends turns. Where a converter did not declare it control,
// what a user types must still not become one.
bool marks_turns(const TokenizerSource& source, std::size_t index) {
  for (const auto& id : {source.bos, source.eos, source.eot, source.eom}) {
    if (id == index) return true;
  }
  const std::string_view spelled = source.tokens[index];
  if (spelled == "<start_of_turn>" || spelled == "<end_of_turn>") return true;
  return spelled.size() > 4 && spelled.starts_with("<|") && spelled.ends_with("|>");
}

TokenType type_in_use(const TokenizerSource& source, std::size_t index) {
  const auto type = static_cast<TokenType>(source.types[index]);
  const bool is_control = type == TokenType::kUnknown ||
                          (type == TokenType::kUserDefined && marks_turns(source, index));
  return is_control ? TokenType::kControl : type;
}

std::vector<TokenId> tokens_of_type(const Vocabulary& vocabulary, TokenType type) {
  std::vector<TokenId> ids;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.type(id) == type && !vocabulary.bytes(id).empty()) ids.push_back(id);
  }
  return ids;
}

bool is_continuation(std::size_t byte) { return byte >= 0x80 && byte < 0xc0; }

}  // namespace

Result<Vocabulary> read_sentencepiece_vocabulary(const TokenizerSource& source) {
  HEARTH_ASSIGN(const std::size_t bytes, check_tokens(source));
  if (source.types.empty()) {
    return tokenizer_error("the token types (tokenizer.ggml.token_type) are missing");
  }
  Vocabulary vocabulary(source.tokens.size(), bytes);
  for (std::size_t i = 0; i < source.tokens.size(); ++i) {
    const std::string_view spelled = source.tokens[i];
    const TokenType type = type_in_use(source, i);
    const int32_t byte = type == TokenType::kByte ? named_byte(spelled) : 0;
    if (byte < 0) {
      return tokenizer_error(concat("token ", i, " is of type byte, but '", printable(spelled),
                                    "' names none; <0x00> to <0xFF> do"));
    }
    vocabulary.add(type, [&](char* out) -> std::size_t {
      if (type != TokenType::kByte) return write_spaced(spelled, out);
      *out = static_cast<char>(byte);
      return 1;
    });
  }
  return vocabulary;
}

SentencePiece::SentencePiece(SpacePrefix space_prefix, const Vocabulary& vocabulary,
                             std::vector<TokenId> user_defined)
    : space_prefix_(space_prefix),
      vocabulary_(&vocabulary),
      user_defined_(vocabulary, user_defined),
      pairs_(kPairs, 0) {
  for (const TokenId id : user_defined) {
    const std::string_view bytes = vocabulary.bytes(id);
    if (bytes.size() > 1) {
      pairs_[byte_pair(bytes[0], bytes[1])] |= kPairUserDefined;
      continue;
    }
    for (std::size_t second = 0; second < 256; ++second) {
      pairs_[byte_pair(bytes[0], static_cast<char>(second))] |= kPairUserDefined;
    }
  }
}

Result<std::unique_ptr<const SentencePiece>> SentencePiece::create(const TokenizerSource& source,
                                                                   SpacePrefix space_prefix,
                                                                   const Vocabulary& vocabulary) {
  std::unique_ptr<SentencePiece> made(new SentencePiece(
      space_prefix, vocabulary, tokens_of_type(vocabulary, TokenType::kUserDefined)));
  HEARTH_TRY(made->read_scores(source));
  HEARTH_TRY(made->find_byte_tokens(source));
  HEARTH_TRY(made->index_tokens(source));
  HEARTH_TRY(made->check_others(source));
  made->mark_pairs();
  return std::unique_ptr<const SentencePiece>(std::move(made));
}

Result<TokenizerParts> create_sentencepiece(const TokenizerSource& source) {
  HEARTH_ASSIGN(Vocabulary vocabulary, read_sentencepiece_vocabulary(source));
  TokenizerParts parts;
  parts.vocabulary = std::make_unique<const Vocabulary>(std::move(vocabulary));
  parts.space_prefix =
      source.add_space_prefix.value_or(true) ? SpacePrefix::kAdd : SpacePrefix::kNone;
  HEARTH_ASSIGN(parts.encoder,
                SentencePiece::create(source, parts.space_prefix, *parts.vocabulary));
  parts.bos_default = BosDefault::kPresent;
  parts.specials = tokens_of_type(*parts.vocabulary, TokenType::kControl);
  return parts;
}

Result<void> SentencePiece::read_scores(const TokenizerSource& source) {
  if (source.scores.empty()) {
    return tokenizer_error("the scores (tokenizer.ggml.scores) are empty or missing");
  }
  if (source.scores.size() != source.tokens.size()) {
    return tokenizer_error(concat(source.tokens.size(), " tokens but ", source.scores.size(),
                                  " scores (tokenizer.ggml.scores)"));
  }
  const auto bad = std::find_if(source.scores.begin(), source.scores.end(),
                                [](float score) { return !std::isfinite(score); });
  if (bad != source.scores.end()) {
    return tokenizer_error(concat("the score of token ", bad - source.scores.begin(),
                                  " is no number (tokenizer.ggml.scores)"));
  }
  scores_ = source.scores;
  return {};
}

Result<void> SentencePiece::find_byte_tokens(const TokenizerSource& source) {
  byte_tokens_.fill(-1);
  for (TokenId id = 0; id < vocabulary_->size(); ++id) {
    if (vocabulary_->type(id) != TokenType::kByte) continue;
    TokenId& token = byte_tokens_[static_cast<unsigned char>(vocabulary_->bytes(id)[0])];
    if (token >= 0) {
      return duplicate_tokens(token, id, source.tokens[static_cast<std::size_t>(id)]);
    }
    token = id;
  }
  const auto missing = std::find(byte_tokens_.begin(), byte_tokens_.end(), -1);
  if (missing == byte_tokens_.end()) return {};
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<std::size_t>(missing - byte_tokens_.begin());
  return tokenizer_error(concat("the vocabulary has no token <0x", kDigits[byte / 16],
                                kDigits[byte % 16],
                                ">: only vocabularies with byte fallback are supported"));
}

// Fills tokens_ with what merging may yield.
Result<void> SentencePiece::index_tokens(const TokenizerSource& source) {
  tokens_ = TokenTable(static_cast<std::size_t>(vocabulary_->size()));
  for (TokenId id = 0; id < vocabulary_->size(); ++id) {
    if (const TokenId soon = id + kTokensAhead; vocabulary_->contains(soon)) {
      tokens_.prefetch(hash_padded(vocabulary_->bytes(soon)));
    }
    const std::string_view bytes = vocabulary_->bytes(id);
    if (vocabulary_->type(id) != TokenType::kNormal || bytes.empty()) continue;
    if (bytes.size() > kTokenBytesMax) {
      return tokenizer_error(concat("token ", id, " has ", bytes.size(), " bytes, more than the ",
                                    kTokenBytesMax, " supported"));
    }
    token_bytes_max_ = std::max(token_bytes_max_, bytes.size());
    const Inserted inserted = tokens_.insert(*vocabulary_, id);
    if (inserted == Inserted::kAlreadyThere) {
      return duplicate_tokens(tokens_.find(*vocabulary_, bytes), id,
                              source.tokens[static_cast<std::size_t>(id)]);
    }
    if (inserted == Inserted::kTooManyCollisions) {
      return tokenizer_error(
          concat("token ", id, " collides with more than ", kProbesMax, " others"));
    }
  }
  if (find(" ") < 0) {
    return tokenizer_error(
        "the vocabulary has no token for the space (U+2581): not SentencePiece's");
  }
  return {};
}

// Control, user-defined and unused tokens: none is another one or a normal one.
Result<void> SentencePiece::check_others(const TokenizerSource& source) const {
  std::vector<TokenId> others;
  for (TokenId id = 0; id < vocabulary_->size(); ++id) {
    const TokenType type = vocabulary_->type(id);
    if (type != TokenType::kNormal && type != TokenType::kByte) others.push_back(id);
  }
  const auto spelled = [&](TokenId id) { return source.tokens[static_cast<std::size_t>(id)]; };
  std::sort(others.begin(), others.end(),
            [&](TokenId a, TokenId b) { return spelled(a) < spelled(b); });
  for (std::size_t i = 0; i < others.size(); ++i) {
    const TokenId id = others[i];
    if (i > 0 && spelled(others[i - 1]) == spelled(id)) {
      return duplicate_tokens(others[i - 1], id, spelled(id));
    }
    const TokenId normal = find(vocabulary_->bytes(id));
    if (normal >= 0 && spelled(normal) == spelled(id)) {
      return duplicate_tokens(normal, id, spelled(id));
    }
  }
  return {};
}

// A cut before a byte that continues a character would part it; all others leave the merges on
// both sides as they are, for what is joined is always a normal token.
void SentencePiece::mark_pairs() {
  std::vector<uint8_t> together(kPairs, 0);
  for (TokenId id = 0; id < vocabulary_->size(); ++id) {
    if (vocabulary_->type(id) != TokenType::kNormal) continue;
    const std::string_view bytes = vocabulary_->bytes(id);
    for (std::size_t i = 1; i < bytes.size(); ++i) {
      together[byte_pair(bytes[i - 1], bytes[i])] = 1;
    }
  }
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    if (together[pair] == 0 && !is_continuation(pair % 256)) pairs_[pair] |= kPairCut;
  }
}

}  // namespace hearth
