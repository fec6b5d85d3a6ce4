// SPDX-License-Identifier: Apache-2.0
// Chat templates: the subset of Jinja that GGUF files carry in tokenizer.chat_template, rendered as
// `transformers` does (trim_blocks, lstrip_blocks, sandboxed). A construct outside the subset is an
// error that names it.
//
// Ownership: a ChatTemplate owns its parsed program. Threading: immutable, render() may run
// concurrently. Bounds: source size, nesting depth, output size and steps are capped, so that a
// hostile template ends (template/limits.h).
#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "template/value.h"

namespace hearth {

// Bytes [begin, end) of a text.
struct TextRange {
  std::size_t begin;
  std::size_t end;
  bool operator==(const TextRange&) const = default;
};

// A rendered conversation. What stands in `input` came out of the variables (messages, tools, ...),
// not out of the template: "<|im_end|>" there is what a user typed and no end of a turn. Variables
// whose name ends in "_token" count as the template's. The ranges ascend and do not touch.
struct RenderedText {
  std::string text;
  std::vector<TextRange> input;
};

struct RenderOptions {
  // What strftime_now() tells. Absent: the function is not defined, and templates that ask for it
  // fall back on their own fixed date.
  std::optional<std::tm> local_time;
};

class ChatTemplate {
 public:
  // Errors: kCorrupt (syntax error: line and cause), kUnsupported (names the construct and its
  // line).
  static Result<ChatTemplate> parse(std::string_view source);

  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // `variables`: messages (array of {role, content}), add_generation_prompt, bos_token, eos_token,
  // tools, ... Errors: kUsage (the template called raise_exception: its message), kCorrupt (a type
  // error, or a bound was passed: names it), kUnsupported (an unknown filter, test, method or
  // function, found only now).
  Result<std::string> render(const TemplateObject& variables,
                             const RenderOptions& options = {}) const;
  // The same, telling apart what the template wrote and what the variables brought in. Errors: as
  // render().
  Result<RenderedText> render_marked(const TemplateObject& variables,
                                     const RenderOptions& options = {}) const;

 private:
  struct Program;
  explicit ChatTemplate(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", "tool", ...
  std::string content;
};

// Whether the text shall end where the assistant's answer begins.
enum class GenerationPrompt { kOmit, kAdd };

// The variables that every template reads: messages, add_generation_prompt, bos_token, eos_token.
TemplateObject chat_variables(std::span<const ChatMessage> messages, GenerationPrompt prompt,
                              std::string_view bos_token, std::string_view eos_token);

}  // namespace hearth
