// SPDX-License-Identifier: Apache-2.0
// Tokenizer on any bytes. An input that begins with 'V' is a vocabulary: lines that become tokens
// ("t<type><token>") and merges ("m<left> <right>") beside those of plain text; it must be refused
// or work. Any other input is text for each pre-tokenizer over the small vocabulary of the tests.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "text/pre_tokenizer.h"
#include "text/tokenizer.h"
#include "text/tokenizer_test_vocabulary.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

constexpr const char* kPreTokenizers[] = {"gpt-2", "smollm", "llama-bpe", "qwen2"};

std::string streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamDecoder decoder(tokenizer);
  std::string shown;
  for (const TokenId id : ids) {
    const std::string part = decoder.push(id);
    HEARTH_CHECK(sanitize_utf8(part) == part);
    shown += part;
  }
  return shown + decoder.finish();
}

// `text` without the bytes that the vocabulary cannot spell.
std::string spellable(const Tokenizer& tokenizer, std::string_view text) {
  std::string kept;
  for (const char byte : text) {
    if (tokenizer.unspellable_bytes({&byte, 1}) == 0) kept += byte;
  }
  return kept;
}

std::vector<TokenId> check_as_text(const Tokenizer& tokenizer, std::string_view text) {
  const std::vector<TokenId> ids = tokenizer.encode(text, SpecialTokens::kAsText);
  const std::string expected = spellable(tokenizer, text);
  HEARTH_CHECK(tokenizer.decode(ids, SpecialTokens::kAsText) == expected);
  HEARTH_CHECK(streamed(tokenizer, ids) == sanitize_utf8(expected));
  // A control token would show nothing.
  for (const TokenId id : ids)
    HEARTH_CHECK(!tokenizer.token_bytes(id, SpecialTokens::kAsText).empty());
  return ids;
}

// The whole says what its pieces say one by one, also where it is long enough for the cache of
// words.
void check_pieces(const Tokenizer& tokenizer, std::string_view text) {
  const PreTokenizer& pre = *find_pre_tokenizer(tokenizer.pre_tokenizer());
  std::vector<TokenId> ids;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t bytes = pre.next_piece(rest);
    HEARTH_CHECK(bytes >= 1 && bytes <= rest.size());
    HEARTH_CHECK(pre.next_piece(rest.substr(0, bytes)) == bytes);
    const auto piece = tokenizer.encode(rest.substr(0, bytes), SpecialTokens::kAsText);
    ids.insert(ids.end(), piece.begin(), piece.end());
    rest.remove_prefix(bytes);
  }
  HEARTH_CHECK(tokenizer.encode(text, SpecialTokens::kAsText) == ids);
}

std::string repeated(std::string_view text, std::size_t bytes_min) {
  std::string out;
  while (out.size() < bytes_min) out += text;
  return out;
}

void check_text(std::string_view text) {
  static const auto* const tokenizers = [] {
    auto* made = new std::vector<Tokenizer>;
    for (const char* pre : kPreTokenizers) {
      auto tokenizer = Tokenizer::create(test_vocabulary(pre).source());
      HEARTH_CHECK(tokenizer.ok());
      made->push_back(std::move(tokenizer).value());
    }
    return made;
  }();
  for (std::size_t i = 0; i < tokenizers->size(); ++i) {
    const Tokenizer& tokenizer = (*tokenizers)[i];
    HEARTH_CHECK(tokenizer.unspellable_bytes(text) == 0);
    check_as_text(tokenizer, text);
    // Slower, so not with each pre-tokenizer for every input; much slower, so seldom.
    if (text.size() % 4 == i) check_pieces(tokenizer, text);
    if (text.size() % 64 == 16 * i + 8) check_pieces(tokenizer, repeated(text, 5000));
    const std::vector<TokenId> parsed = tokenizer.encode(text, SpecialTokens::kParse);
    HEARTH_CHECK(tokenizer.decode(parsed, SpecialTokens::kParse) == text);
  }
}

void check_vocabulary(std::string_view text) {
  TestVocabulary vocabulary;
  vocabulary.pre = kPreTokenizers[text.size() % 4];
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
  check_as_text(*tokenizer, text);
  const auto parsed = tokenizer->encode(text, SpecialTokens::kParse);
  HEARTH_CHECK(spellable(*tokenizer, tokenizer->decode(parsed, SpecialTokens::kParse)) ==
               spellable(*tokenizer, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text[0] == 'V') {
    check_vocabulary(text.substr(1));
  } else {
    check_text(text);
  }
  return 0;
}
