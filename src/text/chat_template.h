// SPDX-License-Identifier: Apache-2.0
// Chat templates: the subset of Jinja that GGUF files carry in tokenizer.chat_template, rendered as `transformers`
// does (trim_blocks, lstrip_blocks, sandboxed). A construct outside the subset is an error that names it.
//
// Ownership: a ChatTemplate owns its parsed program. Threading: immutable, render() may run concurrently.
// Bounds: source size, nesting depth, output size and steps are capped, so that a hostile template ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/template_value.h"

namespace hearth {

class ChatTemplate {
 public:
  // Errors: kCorrupt (syntax error: line and cause), kUnsupported (names the construct and its line).
  static Result<ChatTemplate> parse(std::string_view source);

  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // `variables`: messages (array of {role, content}), add_generation_prompt, bos_token, eos_token, tools, ...
  // Errors: kUsage (the template called raise_exception: its message), kCorrupt (a type error, or a bound was
  // passed: names it), kUnsupported (an unknown filter, test, method or function, found only now).
  Result<std::string> render(const TemplateObject& variables) const;

 private:
  struct Program;
  explicit ChatTemplate(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

}  // namespace hearth
