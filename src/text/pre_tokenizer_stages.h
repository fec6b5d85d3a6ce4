// SPDX-License-Identifier: Apache-2.0
// Pre-tokenizers that cut in stages: each stage cuts what the one before it left, and sees nothing
// beyond. Each hands all pieces of `text` to `sink`, in order. Any bytes are accepted. Threading:
// pure functions. Source: the tokenizer.json of deepseek-llm-7b-base, deepseek-coder-6.7b-instruct,
// DeepSeek-V3 and falcon-7b.
#pragma once

#include <string_view>

#include "text/pre_tokenizer.h"

namespace hearth {

void cut_deepseek_llm(std::string_view text, PieceSink sink);
void cut_deepseek_coder(std::string_view text, PieceSink sink);
void cut_deepseek_v3(std::string_view text, PieceSink sink);
void cut_falcon(std::string_view text, PieceSink sink);

}  // namespace hearth
