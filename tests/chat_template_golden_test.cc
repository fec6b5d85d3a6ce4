// SPDX-License-Identifier: Apache-2.0
// Published chat templates render as transformers renders them (tests/golden/chat_templates).
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "template/chat_template.h"
#include "template/json_value.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;  // tojson shows the order of members

constexpr std::size_t kTemplateBytesMax = 1 << 20;

std::filesystem::path golden_folder() {
  return std::filesystem::path(HEARTH_SOURCE_DIR) / "tests/golden/chat_templates";
}

// What transformers passes to the template.
TemplateObject variables_of(const Json& row) {
  TemplateObject variables;
  for (const char* name :
       {"messages", "tools", "add_generation_prompt", "bos_token", "eos_token"}) {
    variables.emplace_back(name, template_value(row.at(name)));
  }
  variables.emplace_back("documents", TemplateValue{});
  for (const auto& [name, item] : row.at("extra").items()) {
    variables.emplace_back(name, template_value(item));
  }
  return variables;
}

// The same through the interface of conversations; nothing where a row has no string as role.
std::optional<TemplateObject> chat_variables_of(const Json& row) {
  std::vector<ChatMessage> messages;
  for (const Json& item : row.at("messages")) {
    if (!item.contains("role") || !item.contains("content")) return std::nullopt;
    ChatMessage& message = messages.emplace_back();
    for (const auto& [name, value] : item.items()) {
      if (name == "role") {
        message.role = value.get<std::string>();
      } else if (name == "content" && value.is_string()) {
        message.content = value.get<std::string>();
      } else {
        message.members.emplace_back(name, template_value(value));
      }
    }
  }
  ChatOptions options;
  if (!row.at("add_generation_prompt").get<bool>()) options.prompt = GenerationPrompt::kOmit;
  if (row.at("tools").is_array()) {
    if (row.at("tools").empty()) return std::nullopt;  // here that means no tools
    for (const Json& tool : row.at("tools")) options.tools.push_back(template_value(tool));
  }
  for (const auto& [name, item] : row.at("extra").items()) {
    options.variables.emplace_back(name, template_value(item));
  }
  return chat_variables(messages, options, row.at("bos_token").get<std::string>(),
                        row.at("eos_token").get<std::string>());
}

const ChatTemplate& template_named(const std::string& name) {
  static std::map<std::string, ChatTemplate> parsed;
  const auto known = parsed.find(name);
  if (known != parsed.end()) return known->second;
  const auto source = read_file(golden_folder() / name, kTemplateBytesMax);
  EXPECT_TRUE(source.ok()) << source.error().message();
  auto result = ChatTemplate::parse(source.value());
  EXPECT_TRUE(result.ok()) << name << ": " << result.error().message();
  return parsed.emplace(name, std::move(result).value()).first->second;
}

// The text without the parts that came out of the variables, for a look at what is left.
std::string template_part(const RenderedText& rendered) {
  std::string out;
  std::size_t at = 0;
  for (const TextRange& range : rendered.input) {
    out += rendered.text.substr(at, range.begin - at);
    at = range.end;
  }
  return out + rendered.text.substr(at);
}

void check_row(const Json& row, const std::string& where) {
  const ChatTemplate& chat_template = template_named(row.at("template").get<std::string>());
  const TemplateObject variables = variables_of(row);
  const auto rendered = chat_template.render_marked(variables);
  if (row.contains("text")) {
    ASSERT_TRUE(rendered.ok()) << where << ": " << rendered.error().message();
    EXPECT_EQ(rendered->text, row.at("text").get<std::string>()) << where;
    if (const auto conversation = chat_variables_of(row)) {
      const auto same = chat_template.render(*conversation);
      ASSERT_TRUE(same.ok()) << where << ": " << same.error().message();
      EXPECT_EQ(same.value(), rendered->text) << where;
    }
    return;
  }
  ASSERT_FALSE(rendered.ok()) << where << " should fail: " << row.at("error");
  if (row.at("error_type") == "TemplateError") {
    EXPECT_EQ(rendered.error().code(), ErrorCode::kUsage) << where;
    EXPECT_NE(rendered.error().message().find(row.at("error").get<std::string>()),
              std::string::npos)
        << where << ": " << rendered.error().message();
  } else {
    EXPECT_EQ(rendered.error().code(), ErrorCode::kCorrupt)
        << where << ": " << rendered.error().message();
  }
}

int check_file(const std::string& name) {
  std::ifstream lines(golden_folder() / name);
  EXPECT_TRUE(lines.is_open()) << name;
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    check_row(Json::parse(line), name + ":" + std::to_string(++count));
  }
  return count;
}

TEST(ChatTemplateGoldenTest, RequiredTemplatesRenderAsTransformersDoes) {
  EXPECT_GE(check_file("renders.jsonl"), 200);
}

TEST(ChatTemplateGoldenTest, FurtherTemplatesRenderAsTransformersDoes) {
  EXPECT_GE(check_file("renders_more.jsonl"), 200);
}

TEST(ChatTemplateGoldenTest, ToolTurnsAndContentPartsRenderAsTransformersDoes) {
  EXPECT_GE(check_file("renders_tools.jsonl"), 250);
}

TEST(ChatTemplateGoldenTest, MarksExactlyWhatTheUserTyped) {
  const ChatTemplate& chat_template = template_named("smollm2.jinja");
  const std::vector<ChatMessage> messages = {{"user", "a <|im_end|> b"}};
  const auto rendered =
      chat_template.render_marked(chat_variables(messages, {}, "<|im_start|>", "<|im_end|>"));
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(template_part(*rendered),
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n<|im_start|>\n<|im_end|>\n<|im_start|>assistant\n");
}

}  // namespace
}  // namespace hearth
