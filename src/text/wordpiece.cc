// SPDX-License-Identifier: Apache-2.0
#include "text/wordpiece.h"

#include <algorithm>

#include "base/strings.h"
#include "text/tokenizer_special.h"

namespace hearth {
namespace {

constexpr std::string_view kWordBegin = "\u2581";

Result<TokenId> unknown_token(const TokenizerSource& source, const Vocabulary& vocabulary) {
  if (!source.unknown) {
    return tokenizer_error("the file names no unknown token (tokenizer.ggml.unknown_token_id)");
  }
  if (*source.unknown >= static_cast<uint64_t>(vocabulary.size())) {
    return tokenizer_error(concat("tokenizer.ggml.unknown_token_id is ", *source.unknown,
                                  ", but the vocabulary has ", vocabulary.size(), " tokens"));
  }
  return static_cast<TokenId>(*source.unknown);
}

}  // namespace

Result<Vocabulary> read_wordpiece_vocabulary(const TokenizerSource& source) {
  HEARTH_ASSIGN(const std::size_t bytes, check_tokens(source));
  Vocabulary vocabulary(source.tokens.size(), bytes);
  bool any_begins_a_word = false;
  for (std::size_t i = 0; i < source.tokens.size(); ++i) {
    const auto type =
        source.types.empty() ? TokenType::kNormal : static_cast<TokenType>(source.types[i]);
    const std::string_view spelled = source.tokens[i];
    const bool begins_a_word = type != TokenType::kControl && spelled.starts_with(kWordBegin);
    any_begins_a_word = any_begins_a_word || begins_a_word;
    vocabulary.add(type, [&](char* out) {
      if (!begins_a_word) return spelled.copy(out, spelled.size());
      *out = ' ';
      return 1 + spelled.substr(kWordBegin.size()).copy(out + 1, spelled.size());
    });
  }
  if (!any_begins_a_word) {
    return tokenizer_error(
        "no token begins with U+2581: not a WordPiece vocabulary as GGUF files have it");
  }
  return vocabulary;
}

WordPiece::WordPiece(const Vocabulary& vocabulary, BertRules rules, TokenId unknown)
    : vocabulary_(&vocabulary),
      rules_(rules),
      unknown_(unknown),
      tokens_(static_cast<std::size_t>(vocabulary.size())) {}

Result<std::unique_ptr<const WordPiece>> WordPiece::create(const TokenizerSource& source,
                                                           const Vocabulary& vocabulary) {
  HEARTH_ASSIGN(const TokenId unknown, unknown_token(source, vocabulary));
  BertRules rules;
  if (!source.lower_case.value_or(true)) rules.letters = LetterCase::kKept;
  if (!source.strip_accents.value_or(source.lower_case.value_or(true))) {
    rules.accents = Accents::kKept;
  }
  std::unique_ptr<WordPiece> made(new WordPiece(vocabulary, rules, unknown));
  HEARTH_TRY(made->index_tokens());
  return std::unique_ptr<const WordPiece>(std::move(made));
}

Result<void> WordPiece::index_tokens() {
  for (TokenId id = 0; id < vocabulary_->size(); ++id) {
    const std::string_view bytes = vocabulary_->bytes(id);
    if (vocabulary_->type(id) == TokenType::kControl || bytes.empty()) continue;
    token_bytes_max_ = std::max(token_bytes_max_, bytes.size());
    switch (tokens_.insert(*vocabulary_, id)) {
      case Inserted::kYes:
        break;
      case Inserted::kAlreadyThere:
        return duplicate_tokens(tokens_.find(*vocabulary_, bytes), id, bytes);
      case Inserted::kTooManyCollisions:
        return tokenizer_error(
            concat("token ", id, " collides with more than ", kProbesMax, " others"));
    }
  }
  return {};
}

void WordPiece::encode(std::string_view text, std::vector<TokenId>& out) const {
  split_bert_words(text, rules_, [&](BertWord word) {
    if (!encode_word(word, out)) out.push_back(unknown_);
  });
}

std::size_t WordPiece::unspellable_bytes(std::string_view text) const {
  std::size_t bytes = 0;
  std::vector<TokenId> ignored;
  split_bert_words(text, rules_, [&](BertWord word) {
    if (!encode_word(word, ignored)) bytes += word.spaced.size() - 1;
    ignored.clear();
  });
  return bytes;
}

// Appends the tokens of a word; false, and nothing appended, where it is unknown.
bool WordPiece::encode_word(BertWord word, std::vector<TokenId>& out) const {
  if (word.chars > kBertWordCharsMax) return false;
  const std::size_t count = out.size();
  for (std::string_view rest = word.spaced; !rest.empty();) {
    // The space in front of a word is no piece by itself.
    const std::size_t bytes_min = rest.size() == word.spaced.size() ? 2 : 1;
    std::size_t bytes = std::min(rest.size(), token_bytes_max_);
    TokenId id = -1;
    for (; bytes >= bytes_min; --bytes) {
      id = tokens_.find(*vocabulary_, rest.substr(0, bytes));
      if (id >= 0) break;
    }
    if (id < 0) {
      out.resize(count);
      return false;
    }
    out.push_back(id);
    rest.remove_prefix(bytes);
  }
  return true;
}

Result<TokenizerParts> create_wordpiece(const TokenizerSource& source) {
  HEARTH_ASSIGN(Vocabulary vocabulary, read_wordpiece_vocabulary(source));
  TokenizerParts parts;
  parts.vocabulary = std::make_unique<const Vocabulary>(std::move(vocabulary));
  HEARTH_ASSIGN(parts.encoder, WordPiece::create(source, *parts.vocabulary));
  parts.space_prefix = SpacePrefix::kAdd;
  parts.specials = special_tokens(*parts.vocabulary);
  return parts;
}

}  // namespace hearth
