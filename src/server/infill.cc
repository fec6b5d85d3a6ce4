// SPDX-License-Identifier: Apache-2.0
#include "server/infill.h"

#include <optional>

namespace hearth {
namespace {

struct InfillTokens {
  std::string_view prefix;
  std::string_view suffix;
  std::string_view middle;
};

// Of each family, as its tokenizer names them: Qwen and CodeGemma, StarCoder, CodeLlama, DeepSeek.
constexpr InfillTokens kFamilies[] = {
    {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"},
    {"<fim_prefix>", "<fim_suffix>", "<fim_middle>"},
    {"<fim-prefix>", "<fim-suffix>", "<fim-middle>"},
    {"\xE2\x96\x81<PRE>", "\xE2\x96\x81<SUF>", "\xE2\x96\x81<MID>"},
    {"<\xEF\xBD\x9C"
     "fim\xE2\x96\x81"
     "begin\xEF\xBD\x9C>",
     "<\xEF\xBD\x9C"
     "fim\xE2\x96\x81"
     "hole\xEF\xBD\x9C>",
     "<\xEF\xBD\x9C"
     "fim\xE2\x96\x81"
     "end\xEF\xBD\x9C>"},
};

}  // namespace

Result<std::vector<TokenId>> encode_infill(const Engine& engine, std::string_view prefix,
                                           std::string_view suffix) {
  const Tokenizer& tokenizer = engine.tokenizer();
  for (const InfillTokens& family : kFamilies) {
    const auto before = tokenizer.find_special(family.prefix);
    const auto behind = tokenizer.find_special(family.suffix);
    const auto middle = tokenizer.find_special(family.middle);
    if (!before || !behind || !middle) continue;
    std::vector<TokenId> ids;
    if (const auto bos = tokenizer.bos(); bos && tokenizer.add_bos()) ids.push_back(*bos);
    const auto add = [&](TokenId mark, std::string_view text) {
      ids.push_back(mark);
      const auto encoded = tokenizer.encode(text, SpecialTokens::kAsText);
      ids.insert(ids.end(), encoded.begin(), encoded.end());
    };
    add(*before, prefix);
    add(*behind, suffix);
    ids.push_back(*middle);
    return ids;
  }
  return Error(ErrorCode::kUnsupported,
               "model: has no tokens for filling in between two texts; use one for code");
}

}  // namespace hearth
