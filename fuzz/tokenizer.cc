// SPDX-License-Identifier: Apache-2.0
// Tokenizer on any bytes. An input that begins with 'V' is a byte-level vocabulary: lines that
// become tokens ("t<type><token>") and merges ("m<left> <right>") beside those of plain text; one
// that begins with 'S' is SentencePiece's: tokens ("t<type><score><token>", '?' scores no number)
// beside the bytes and the space. Either must be refused or work. Any other input is text for the
// pre-tokenizers over the small vocabulary of the tests, and for SentencePiece over its.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "text/pre_tokenizer.h"
#include "text/tokenizer.h"
#include "text/tokenizer_test_vocabulary.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

constexpr const char* kPreTokenizers[] = {
    "gpt-2",  "smollm",      "llama-bpe",      "qwen2",        "qwen35", "gpt-4o",
    "tekken", "deepseek-v3", "deepseek-coder", "deepseek-llm", "falcon"};

std::string streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamDecoder decoder(tokenizer);
  std::string shown;
  for (const TokenId id : ids) {
    const std::string_view part = decoder.push(id);
    HEARTH_CHECK(sanitize_utf8(part) == part);
    shown += part;
  }
  shown += decoder.finish();
  return shown;
}

// `text` without the bytes that the vocabulary cannot spell.
std::string spellable(const Tokenizer& tokenizer, std::string_view text) {
  std::string kept;
  for (const char byte : text) {
    if (tokenizer.unspellable_bytes({&byte, 1}) == 0) kept += byte;
  }
  return kept;
}

// Encodes `text`, whose tokens together are `expected`.
void check_as_text(const Tokenizer& tokenizer, std::string_view text, const std::string& expected) {
  const std::vector<TokenId> ids = tokenizer.encode(text, SpecialTokens::kAsText);
  HEARTH_CHECK(tokenizer.decode(ids, SpecialTokens::kAsText) == expected);
  HEARTH_CHECK(streamed(tokenizer, ids) == sanitize_utf8(expected));
  // A control token would show nothing.
  for (const TokenId id : ids)
    HEARTH_CHECK(!tokenizer.token_bytes(id, SpecialTokens::kAsText).empty());
}

// The whole says what its pieces say one by one, also where it is long enough for the cache of
// words. Pieces of stages may be cut further when they stand alone: those are left out.
void check_pieces(const Tokenizer& tokenizer, std::string_view text) {
  const PreTokenizer& pre = *find_pre_tokenizer(tokenizer.pre_tokenizer());
  std::vector<TokenId> ids;
  std::size_t at = 0;
  bool alone = true;
  pre.cut(text, [&](std::string_view piece) {
    HEARTH_CHECK(!piece.empty() && piece.data() == text.data() + at);
    at += piece.size();
    pre.cut(piece, [&](std::string_view part) { alone = alone && part.size() == piece.size(); });
    const auto encoded = tokenizer.encode(piece, SpecialTokens::kAsText);
    ids.insert(ids.end(), encoded.begin(), encoded.end());
  });
  HEARTH_CHECK(at == text.size());
  if (alone) HEARTH_CHECK(tokenizer.encode(text, SpecialTokens::kAsText) == ids);
}

std::string repeated(std::string_view text, std::size_t bytes_min) {
  std::string out;
  while (out.size() < bytes_min) out += text;
  return out;
}

// `text` as SentencePiece gives it back: spaces for U+2581.
std::string spaced(std::string_view text) {
  constexpr std::string_view kEscaped = "\xe2\x96\x81";
  std::string out(text);
  for (std::size_t at = 0; (at = out.find(kEscaped, at)) != std::string::npos;)
    out.replace(at, kEscaped.size(), " ");
  return out;
}

Tokenizer made(const TestVocabulary& vocabulary) {
  auto tokenizer = Tokenizer::create(vocabulary.source());
  HEARTH_CHECK(tokenizer.ok());
  return std::move(tokenizer).value();
}

void check_sentencepiece(std::string_view text) {
  static const auto* const tokenizers = [] {
    TestVocabulary prefixed = sentencepiece_vocabulary();
    prefixed.add_space_prefix = true;
    auto* all = new std::vector<Tokenizer>;
    all->push_back(made(sentencepiece_vocabulary()));
    all->push_back(made(prefixed));
    return all;
  }();
  const std::string expected = spaced(text);
  for (const Tokenizer& tokenizer : *tokenizers) {
    check_as_text(tokenizer, text, expected);
    const std::vector<TokenId> parsed = tokenizer.encode(text, SpecialTokens::kParse);
    HEARTH_CHECK(tokenizer.decode(parsed, SpecialTokens::kParse) == expected);
  }
  // Long pieces are merged in a heap, short ones in an array: what both see must be the same. Two
  // copies with a cut between them are the ids twice.
  if (text.size() % 16 != 3 || text.empty()) return;
  const Tokenizer& plain = tokenizers->front();
  const std::string line = std::string(text) + "\n<table>";
  const std::vector<TokenId> once = plain.encode(line, SpecialTokens::kAsText);
  const std::vector<TokenId> many = plain.encode(repeated(line, 5000), SpecialTokens::kAsText);
  HEARTH_CHECK(many.size() % once.size() == 0);
  for (std::size_t i = 0; i < many.size(); ++i) HEARTH_CHECK(many[i] == once[i % once.size()]);
}

void check_text(std::string_view text) {
  static const auto* const tokenizers = [] {
    auto* all = new std::vector<Tokenizer>;
    for (const char* pre : kPreTokenizers) all->push_back(made(test_vocabulary(pre)));
    return all;
  }();
  check_sentencepiece(text);
  // Three of them for each input.
  const std::size_t count = std::size(kPreTokenizers);
  for (std::size_t i = text.size() % count, left = 3; left > 0; --left, i = (i + 4) % count) {
    const Tokenizer& tokenizer = (*tokenizers)[i];
    HEARTH_CHECK(tokenizer.unspellable_bytes(text) == 0);
    check_as_text(tokenizer, text, std::string(text));
    // Slower, so not with each pre-tokenizer for every input; much slower, so seldom.
    if (left == 3) check_pieces(tokenizer, text);
    if (left == 3 && text.size() % 16 == 8) check_pieces(tokenizer, repeated(text, 5000));
    const std::vector<TokenId> parsed = tokenizer.encode(text, SpecialTokens::kParse);
    HEARTH_CHECK(tokenizer.decode(parsed, SpecialTokens::kParse) == text);
  }
}

void check_vocabulary(std::string_view text) {
  TestVocabulary vocabulary;
  vocabulary.pre = kPreTokenizers[text.size() % std::size(kPreTokenizers)];
  vocabulary.add_token(TestVocabulary::spelled("\n"), 1);
  for (char byte = 0x20; byte < 0x7f; ++byte)
    vocabulary.add_token(TestVocabulary::spelled({&byte, 1}), 1);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.size() >= 2 && line[0] == 't')
      vocabulary.add_token(std::string(line.substr(2)), line[1] - '0');
    if (line.size() >= 1 && line[0] == 'm') vocabulary.merges.emplace_back(line.substr(1));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  const auto tokenizer = Tokenizer::create(vocabulary.source());
  if (!tokenizer.ok()) {
    HEARTH_CHECK(!tokenizer.error().message().empty());
    return;
  }
  check_as_text(*tokenizer, text, spellable(*tokenizer, text));
  const auto parsed = tokenizer->encode(text, SpecialTokens::kParse);
  HEARTH_CHECK(spellable(*tokenizer, tokenizer->decode(parsed, SpecialTokens::kParse)) ==
               spellable(*tokenizer, text));
}

void check_sentencepiece_vocabulary(std::string_view text) {
  TestVocabulary vocabulary;
  vocabulary.model = "llama";
  vocabulary.add_space_prefix = text.size() % 2 == 0;
  for (int32_t byte = 0; byte < 256; ++byte) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    vocabulary.add_scored(std::string("<0x") + kDigits[byte / 16] + kDigits[byte % 16] + ">", 6, 0);
  }
  vocabulary.add_scored("\xe2\x96\x81", 1, 0);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.size() >= 3 && line[0] == 't') {
      const float score = line[2] == '?' ? std::numeric_limits<float>::quiet_NaN()
                                         : static_cast<float>(line[2] - 'a') / 2;
      vocabulary.add_scored(std::string(line.substr(3)), line[1] - '0', score);
    }
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  const auto tokenizer = Tokenizer::create(vocabulary.source());
  if (!tokenizer.ok()) {
    HEARTH_CHECK(!tokenizer.error().message().empty());
    return;
  }
  check_as_text(*tokenizer, text, spaced(text));
  // A special token may be a part of U+2581's bytes: then it is no space any more, as everywhere.
  const auto parsed = tokenizer->encode(text, SpecialTokens::kParse);
  HEARTH_CHECK(spaced(tokenizer->decode(parsed, SpecialTokens::kParse)) == spaced(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text[0] == 'V') {
    check_vocabulary(text.substr(1));
  } else if (!text.empty() && text[0] == 'S') {
    check_sentencepiece_vocabulary(text.substr(1));
  } else {
    check_text(text);
  }
  return 0;
}
