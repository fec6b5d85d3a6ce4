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
  // What else a template may read, in this order: tool_calls, tool_call_id, name,
  // reasoning_content, ... A member "content" stands in place of the text above: none, or parts
  // such as {"type": "text", "text": ...}. "role" is not one of them.
  TemplateObject members = {};
};

// A call of a tool that the model asked for.
struct ToolCall {
  std::string id;  // empty: none
  std::string name;
  TemplateValue arguments;  // an object, as templates print it; JSON in a string they would quote
};

// An assistant's turn that calls tools, in order, and what it says beside: tool_calls
// [{"id", "type": "function", "function": {"name", "arguments"}}].
ChatMessage tool_call_message(std::span<const ToolCall> calls, std::string content = {});
// A tool's answer; an empty name or id is left out.
ChatMessage tool_result_message(std::string content, std::string name, std::string tool_call_id);

// Whether the text shall end where the assistant's answer begins.
enum class GenerationPrompt { kOmit, kAdd };

// What a conversation brings along beside its messages.
struct ChatOptions {
  // In place of the model's own, borrowed; null: the model's own.
  const ChatTemplate* own_template = nullptr;
  GenerationPrompt prompt = GenerationPrompt::kAdd;
  // Definitions: {"type": "function", "function": {"name", "description", "parameters"}}. Empty:
  // the template is told of none.
  TemplateArray tools = {};
  // Further variables, such as enable_thinking; one that chat_variables() sets itself has no
  // effect.
  TemplateObject variables = {};
};

// The variables that templates read: messages, add_generation_prompt, bos_token, eos_token, tools,
// documents (always none) and the further ones.
TemplateObject chat_variables(std::span<const ChatMessage> messages, const ChatOptions& options,
                              std::string_view bos_token, std::string_view eos_token);

}  // namespace hearth
