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

namespace {

const TemplateMember* find_member(const TemplateObject& object, std::string_view name) {
  for (const TemplateMember& member : object) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

TemplateObject message_object(const ChatMessage& message) {
  TemplateObject object{{"role", {message.role}}};
  if (find_member(message.members, "content") == nullptr) {
    object.push_back({"content", {message.content}});
  }
  object.insert(object.end(), message.members.begin(), message.members.end());
  return object;
}

}  // namespace

ChatMessage tool_call_message(std::span<const ToolCall> calls, std::string content) {
  TemplateArray array;
  for (const ToolCall& call : calls) {
    TemplateObject object;
    if (!call.id.empty()) object.push_back({"id", {call.id}});
    object.push_back({"type", {std::string("function")}});
    object.push_back(
        {"function", {TemplateObject{{"name", {call.name}}, {"arguments", call.arguments}}}});
    array.push_back({std::move(object)});
  }
  return {"assistant", std::move(content), {{"tool_calls", {std::move(array)}}}};
}

ChatMessage tool_result_message(std::string content, std::string name, std::string tool_call_id) {
  ChatMessage message{"tool", std::move(content)};
  if (!tool_call_id.empty()) message.members.push_back({"tool_call_id", {std::move(tool_call_id)}});
  if (!name.empty()) message.members.push_back({"name", {std::move(name)}});
  return message;
}

TemplateObject chat_variables(std::span<const ChatMessage> messages, const ChatOptions& options,
                              std::string_view bos_token, std::string_view eos_token) {
  TemplateArray array;
  array.reserve(messages.size());
  for (const ChatMessage& message : messages) array.push_back({message_object(message)});
  TemplateObject variables;
  variables.push_back({"messages", {std::move(array)}});
  variables.push_back({"add_generation_prompt", {options.prompt == GenerationPrompt::kAdd}});
  variables.push_back({"bos_token", {std::string(bos_token)}});
  variables.push_back({"eos_token", {std::string(eos_token)}});
  // As transformers: defined, and none where there are no tools.
  variables.push_back(
      {"tools", options.tools.empty() ? TemplateValue{} : TemplateValue{options.tools}});
  variables.push_back({"documents", {}});
  for (const TemplateMember& further : options.variables) {
    if (find_member(variables, further.name) == nullptr) variables.push_back(further);
  }
  return variables;
}

}  // namespace hearth
