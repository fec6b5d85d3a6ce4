// SPDX-License-Identifier: Apache-2.0
// Chat templates on any bytes: what stands before the first NUL is the template, behind it come
// messages, role and content in turn, with \x01 between them. Rendering must end within its bounds,
// and what it says about where the bytes came from must fit the text.
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "template/chat_template.h"
#include "template/limits.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

std::vector<ChatMessage> messages_of(std::string_view bytes) {
  std::vector<ChatMessage> messages;
  bool is_role = true;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\x01');
    const std::string_view field = bytes.substr(0, end);
    if (is_role) {
      messages.push_back({std::string(field), ""});
    } else {
      messages.back().content = field;
    }
    is_role = !is_role;
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  if (messages.empty()) messages.push_back({"user", "Hi <|im_end|> there"});
  return messages;
}

// One tool with all kinds of values in its description.
TemplateArray tools() {
  TemplateObject parameters{{"type", {std::string("object")}},
                            {"required", {TemplateArray{{std::string("city")}}}},
                            {"count", {int64_t{3}}},
                            {"ratio", {0.5}},
                            {"strict", {true}},
                            {"note", {}}};
  TemplateObject function{{"name", {std::string("weather")}}, {"parameters", {parameters}}};
  TemplateObject tool{{"type", {std::string("function")}}, {"function", {function}}};
  return {{tool}};
}

void check_ranges(const RenderedText& rendered) {
  HEARTH_CHECK(rendered.text.size() <= jinja::kTextBytesMax);
  std::size_t last_end = 0;
  bool first = true;
  for (const TextRange& range : rendered.input) {
    HEARTH_CHECK(range.begin < range.end && range.end <= rendered.text.size());
    HEARTH_CHECK(first || range.begin > last_end);
    last_end = range.end;
    first = false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = bytes.find('\0');
  const auto parsed = ChatTemplate::parse(bytes.substr(0, end));
  if (!parsed.ok()) {
    HEARTH_CHECK(!parsed.error().message().empty());
    return 0;
  }
  const std::string_view rest =
      end == std::string_view::npos ? std::string_view() : bytes.substr(end + 1);
  std::vector<ChatMessage> messages = messages_of(rest);
  const ToolCall call{"call_1", "weather", {TemplateObject{{"city", {messages[0].content}}}}};
  messages.push_back(tool_call_message({&call, 1}, messages[0].content));
  messages.push_back(tool_result_message(messages[0].content, "weather", "call_1"));
  const ChatOptions chat{.tools = tools(), .variables = {{"enable_thinking", {false}}}};
  const TemplateObject variables = chat_variables(messages, chat, "<s>", "</s>");
  RenderOptions options;
  options.local_time.emplace();
  const auto rendered = parsed->render_marked(variables, options);
  if (rendered.ok()) check_ranges(*rendered);
  return 0;
}
