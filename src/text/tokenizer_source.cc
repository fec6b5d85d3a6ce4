// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer_source.h"

#include <algorithm>
#include <initializer_list>

#include "base/strings.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {
namespace {

Result<std::vector<std::string_view>> string_array(const GgufFile& file, std::string_view key) {
  HEARTH_ASSIGN(const auto array, file.get_array(key));
  if (!array) return std::vector<std::string_view>{};
  auto strings = array->strings();
  if (!strings.ok()) return std::move(strings).error().with_context(key);
  return strings;
}

// The first of these keys that the file has; else the token that is spelled so.
Result<std::optional<uint64_t>> token_id(const GgufFile& file,
                                         std::initializer_list<std::string_view> keys,
                                         const TokenizerSource& source, std::string_view spelled) {
  for (const std::string_view key : keys) {
    HEARTH_ASSIGN(const auto id, file.get_uint(key));
    if (id) return id;
  }
  const auto found = std::find(source.tokens.begin(), source.tokens.end(), spelled);
  if (found == source.tokens.end()) return std::optional<uint64_t>();
  return std::optional(static_cast<uint64_t>(found - source.tokens.begin()));
}

// BERT's texts stand between [CLS] and [SEP], for which files have had several keys, or none.
Result<void> read_bert(const GgufFile& file, TokenizerSource& source) {
  HEARTH_ASSIGN(source.bos,
                token_id(file, {"tokenizer.ggml.cls_token_id", "tokenizer.ggml.bos_token_id"},
                         source, "[CLS]"));
  HEARTH_ASSIGN(source.eos,
                token_id(file, {"tokenizer.ggml.seperator_token_id", "tokenizer.ggml.eos_token_id"},
                         source, "[SEP]"));
  HEARTH_ASSIGN(source.unknown,
                token_id(file, {"tokenizer.ggml.unknown_token_id"}, source, "[UNK]"));
  source.add_bos = source.add_bos.value_or(true);
  HEARTH_ASSIGN(const auto add_separator, file.get_bool("tokenizer.ggml.add_sep_token"));
  source.add_eos = add_separator.value_or(true);
  HEARTH_ASSIGN(source.lower_case, file.get_bool("tokenizer.ggml.normalizer.lowercase"));
  HEARTH_ASSIGN(source.strip_accents, file.get_bool("tokenizer.ggml.normalizer.strip_accents"));
  return {};
}

}  // namespace

Result<TokenizerSource> read_tokenizer_source(const GgufFile& file) {
  TokenizerSource source;
  HEARTH_ASSIGN(const auto model, file.get_string("tokenizer.ggml.model"));
  if (!model) {
    return Error(
        ErrorCode::kCorrupt,
        "tokenizer: the file has no tokenizer.ggml.model; it holds weights without a vocabulary");
  }
  source.model = *model;
  HEARTH_ASSIGN(const auto pre, file.get_string("tokenizer.ggml.pre"));
  source.pre = pre.value_or("");
  HEARTH_ASSIGN(source.tokens, string_array(file, "tokenizer.ggml.tokens"));
  HEARTH_ASSIGN(source.merges, string_array(file, "tokenizer.ggml.merges"));
  HEARTH_ASSIGN(const auto types, file.get_array("tokenizer.ggml.token_type"));
  if (types) {
    auto numbers = types->int32s();
    if (!numbers.ok()) return std::move(numbers).error().with_context("tokenizer.ggml.token_type");
    source.types = std::move(numbers).value();
    if (source.types.empty() && !source.tokens.empty()) {
      return Error(ErrorCode::kCorrupt, "tokenizer: tokenizer.ggml.token_type is empty");
    }
  }
  HEARTH_ASSIGN(const auto scores, file.get_array("tokenizer.ggml.scores"));
  if (scores) {
    auto numbers = scores->floats();
    if (!numbers.ok()) return std::move(numbers).error().with_context("tokenizer.ggml.scores");
    source.scores = std::move(numbers).value();
  }
  HEARTH_ASSIGN(source.bos, file.get_uint("tokenizer.ggml.bos_token_id"));
  HEARTH_ASSIGN(source.eos, file.get_uint("tokenizer.ggml.eos_token_id"));
  HEARTH_ASSIGN(source.eot, file.get_uint("tokenizer.ggml.eot_token_id"));
  HEARTH_ASSIGN(source.eom, file.get_uint("tokenizer.ggml.eom_token_id"));
  HEARTH_ASSIGN(source.add_bos, file.get_bool("tokenizer.ggml.add_bos_token"));
  HEARTH_ASSIGN(source.add_eos, file.get_bool("tokenizer.ggml.add_eos_token"));
  HEARTH_ASSIGN(source.add_space_prefix, file.get_bool("tokenizer.ggml.add_space_prefix"));
  // Phi-3's published tokenizer has `rstrip` on its markers, for which GGUF has no key.
  HEARTH_ASSIGN(const auto architecture, file.get_string("general.architecture"));
  source.markers_take_space = source.model == "llama" && architecture == "phi3";
  if (source.model == "bert") HEARTH_TRY(read_bert(file, source));
  return source;
}

Result<std::size_t> check_tokens(const TokenizerSource& source) {
  const std::size_t count = source.tokens.size();
  if (count == 0) {
    return tokenizer_error("the vocabulary (tokenizer.ggml.tokens) is empty or missing");
  }
  if (count > Vocabulary::kTokensMax) {
    return tokenizer_error(
        concat(count, " tokens are more than the ", Vocabulary::kTokensMax, " supported"));
  }
  if (!source.types.empty() && source.types.size() != count) {
    return tokenizer_error(concat(count, " tokens but ", source.types.size(),
                                  " token types (tokenizer.ggml.token_type)"));
  }
  for (std::size_t i = 0; i < source.types.size(); ++i) {
    const int32_t type = source.types[i];
    if (type < 0 || type > static_cast<int32_t>(TokenType::kByte)) {
      return tokenizer_error(concat("token ", i, " has the unknown type ", type));
    }
  }
  std::size_t bytes = 0;
  for (const std::string_view token : source.tokens) bytes += token.size();
  if (bytes > Vocabulary::kBytesMax) {
    return tokenizer_error(concat("the tokens take ", bytes, " bytes, more than the ",
                                  Vocabulary::kBytesMax, " supported"));
  }
  return bytes;
}

Error tokenizer_error(std::string_view message) {
  return Error(ErrorCode::kCorrupt, concat("tokenizer: ", message));
}

Error duplicate_tokens(int32_t first, int32_t second, std::string_view spelled) {
  return tokenizer_error(concat("tokens ", std::min(first, second), " and ",
                                std::max(first, second), " are both '", printable(spelled), "'"));
}

}  // namespace hearth
