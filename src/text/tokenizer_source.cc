// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer_source.h"

#include "base/strings.h"

namespace hearth {
namespace {

Result<std::vector<std::string_view>> string_array(const GgufFile& file, std::string_view key) {
  HEARTH_ASSIGN(const auto array, file.get_array(key));
  if (!array) return std::vector<std::string_view>{};
  auto strings = array->strings();
  if (!strings.ok()) return std::move(strings).error().with_context(key);
  return strings;
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
  HEARTH_ASSIGN(source.bos, file.get_uint("tokenizer.ggml.bos_token_id"));
  HEARTH_ASSIGN(source.eos, file.get_uint("tokenizer.ggml.eos_token_id"));
  HEARTH_ASSIGN(source.eot, file.get_uint("tokenizer.ggml.eot_token_id"));
  HEARTH_ASSIGN(source.eom, file.get_uint("tokenizer.ggml.eom_token_id"));
  HEARTH_ASSIGN(source.add_bos, file.get_bool("tokenizer.ggml.add_bos_token"));
  HEARTH_ASSIGN(source.add_eos, file.get_bool("tokenizer.ggml.add_eos_token"));
  return source;
}

}  // namespace hearth
