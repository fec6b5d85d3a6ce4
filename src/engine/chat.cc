// SPDX-License-Identifier: Apache-2.0
// Conversations to text and to tokens.
#include <algorithm>

#include "engine/engine.h"

namespace hearth {
namespace {

// The parts of a rendered text that the template wrote.
std::vector<TextRange> template_ranges(const RenderedText& rendered) {
  std::vector<TextRange> ranges;
  std::size_t begin = 0;
  for (const TextRange& input : rendered.input) {
    if (begin < input.begin) ranges.push_back({begin, input.begin});
    begin = input.end;
  }
  if (begin < rendered.text.size()) ranges.push_back({begin, rendered.text.size()});
  return ranges;
}

}  // namespace

Result<RenderedText> Engine::render(std::span<const ChatMessage> messages,
                                    const ChatOptions& options) const {
  if (options.own_template == nullptr && !template_) return *template_error_;
  const ChatTemplate& of_chat =
      options.own_template != nullptr ? *options.own_template : *template_;
  const auto text_of = [&](std::optional<TokenId> id) {
    return id ? tokenizer_.token_bytes(*id, SpecialTokens::kParse) : std::string_view();
  };
  const TemplateObject variables =
      chat_variables(messages, options, text_of(tokenizer_.bos()), text_of(tokenizer_.eos()));
  return of_chat.render_marked(variables);
}

Result<std::string> Engine::render_chat(std::span<const ChatMessage> messages,
                                        const ChatOptions& options) const {
  HEARTH_ASSIGN(RenderedText rendered, render(messages, options));
  return std::move(rendered.text);
}

Result<std::vector<TokenId>> Engine::encode_chat(std::span<const ChatMessage> messages,
                                                 const ChatOptions& options) const {
  HEARTH_ASSIGN(const RenderedText rendered, render(messages, options));
  const std::string_view text = rendered.text;
  std::vector<TokenId> ids;
  std::size_t encoded = 0;  // bytes of `text` that `ids` covers
  const auto encode_plain = [&](std::size_t end) {
    const auto plain =
        tokenizer_.encode(text.substr(encoded, end - encoded), SpecialTokens::kAsText);
    ids.insert(ids.end(), plain.begin(), plain.end());
  };
  // Special tokens are looked for inside each part that the template wrote, so that none can begin
  // or end in a message; what lies between two of them is encoded as one text, whoever wrote it.
  for (const TextRange& range : template_ranges(rendered)) {
    for (const SpecialSpan& special :
         tokenizer_.find_specials(text.substr(range.begin, range.end - range.begin))) {
      encode_plain(range.begin + special.begin);
      ids.push_back(special.id);
      encoded = range.begin + special.begin + special.bytes;
    }
  }
  encode_plain(text.size());
  const auto bos = tokenizer_.bos();
  if (bos && tokenizer_.add_bos() && (ids.empty() || ids.front() != *bos))
    ids.insert(ids.begin(), *bos);
  return ids;
}

}  // namespace hearth
