// SPDX-License-Identifier: Apache-2.0
#include "template/chat_template.h"

#include <utility>

#include "template/interpreter.h"
#include "template/parser.h"

namespace hearth {

struct ChatTemplate::Program {
  std::unique_ptr<const jinja::Program> parsed;
};

ChatTemplate::ChatTemplate(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::parse(std::string_view source) {
  auto parsed = jinja::parse_program(source);
  if (!parsed.ok()) return std::move(parsed).error().with_context("chat template");
  return ChatTemplate(std::make_unique<const Program>(Program{std::move(parsed).value()}));
}

Result<RenderedText> ChatTemplate::render_marked(const TemplateObject& variables,
                                                 const RenderOptions& options) const {
  jinja::Interpreter interpreter(*program_->parsed, variables, options);
  auto rendered = interpreter.run();
  if (!rendered.ok()) return std::move(rendered).error().with_context("chat template");
  return rendered;
}

Result<std::string> ChatTemplate::render(const TemplateObject& variables,
                                         const RenderOptions& options) const {
  HEARTH_ASSIGN(RenderedText rendered, render_marked(variables, options));
  return std::move(rendered.text);
}

TemplateObject chat_variables(std::span<const ChatMessage> messages, GenerationPrompt prompt,
                              std::string_view bos_token, std::string_view eos_token) {
  TemplateArray array;
  array.reserve(messages.size());
  for (const ChatMessage& message : messages) {
    array.push_back({TemplateObject{{"role", {message.role}}, {"content", {message.content}}}});
  }
  TemplateObject variables;
  variables.emplace_back("messages", TemplateValue{std::move(array)});
  variables.emplace_back("add_generation_prompt", TemplateValue{prompt == GenerationPrompt::kAdd});
  variables.emplace_back("bos_token", TemplateValue{std::string(bos_token)});
  variables.emplace_back("eos_token", TemplateValue{std::string(eos_token)});
  return variables;
}

}  // namespace hearth
