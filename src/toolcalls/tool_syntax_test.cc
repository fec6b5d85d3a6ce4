// SPDX-License-Identifier: Apache-2.0
// What published templates teach (tests/golden/chat_templates).
#include "toolcalls/tool_syntax.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "template/json_value.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

ToolSyntax learn(const std::string& source, const std::vector<std::string>& ends) {
  const auto parsed = ChatTemplate::parse(source);
  EXPECT_TRUE(parsed.ok());
  const auto render = [&](std::span<const ChatMessage> messages,
                          const ChatOptions& options) -> Result<std::string> {
    return parsed->render(chat_variables(messages, options, "<s>", "</s>"));
  };
  return learn_tool_syntax(render, ends);
}

ToolSyntax learn_published(const std::string& name, const std::vector<std::string>& ends) {
  const auto path =
      std::filesystem::path(HEARTH_SOURCE_DIR) / "tests/golden/chat_templates" / (name + ".jinja");
  const auto source = read_file(path, 1 << 20);
  EXPECT_TRUE(source.ok()) << name;
  return learn(*source, ends);
}

TEST(ToolSyntax, OfQwen) {
  for (const auto* name : {"qwen2.5-instruct", "qwen3"}) {
    const ToolSyntax syntax = learn_published(name, {"<|im_end|>", "<|endoftext|>"});
    EXPECT_TRUE(syntax.is_native) << name;
    EXPECT_EQ(syntax.open, "<tool_call>\n") << name;
    EXPECT_EQ(syntax.separator, "\n</tool_call>\n<tool_call>\n") << name;
    EXPECT_EQ(syntax.close, "\n</tool_call>") << name;
    EXPECT_EQ(syntax.arguments_key, "arguments") << name;
    EXPECT_EQ(syntax.calls_max, kToolCallsMax) << name;
    EXPECT_EQ(syntax.marker(), "<tool_call>") << name;
  }
}

TEST(ToolSyntax, OfLlama) {
  for (const auto* name : {"llama-3.1-instruct", "llama-3.2-instruct"}) {
    const ToolSyntax syntax = learn_published(name, {"<|eot_id|>"});
    EXPECT_TRUE(syntax.is_native) << name;
    EXPECT_FALSE(syntax.has_opening()) << name;
    EXPECT_EQ(syntax.close, "") << name;
    EXPECT_EQ(syntax.arguments_key, "parameters") << name;
    EXPECT_EQ(syntax.calls_max, 1) << name;
    EXPECT_EQ(syntax.marker(), "{\"name\": \"") << name;
  }
}

TEST(ToolSyntax, InWordsForTemplatesThatKnowOfNone) {
  for (const auto* name : {"smollm2", "gemma-3-it", "phi-3-mini-instruct"}) {
    const ToolSyntax syntax = learn_published(name, {"<|im_end|>"});
    EXPECT_FALSE(syntax.is_native) << name;
    EXPECT_EQ(syntax.marker(), "<tool_call>") << name;
  }
  EXPECT_FALSE(learn("{{ raise_exception('no') }}", {}).is_native);
}

TEST(ToolSyntax, CallsInAList) {
  // As Mistral's: [TOOL_CALLS][{"name": ..., "arguments": ...}, ...]</s>
  const ToolSyntax syntax = learn(
      "{% if tools %}[TOOLS]{{ tools | tojson }}[/TOOLS]{% endif %}{% for m in messages %}"
      "{% if m.tool_calls %}[TOOL_CALLS][{% for c in m.tool_calls %}{{ c.function | tojson }}"
      "{% if not loop.last %}, {% endif %}{% endfor %}]{{ eos_token }}"
      "{% else %}[INST]{{ m.content }}[/INST]{% endif %}{% endfor %}",
      {"</s>"});
  EXPECT_TRUE(syntax.is_native);
  EXPECT_EQ(syntax.open, "[TOOL_CALLS][");
  EXPECT_EQ(syntax.separator, ", ");
  EXPECT_EQ(syntax.close, "]");
  EXPECT_EQ(syntax.calls_max, kToolCallsMax);
}

TEST(ToolSyntax, CallsInWordsAreWhatTheirMarksSay) {
  EXPECT_EQ(spell_calls(std::vector<CalledTool>{{"", "f", {{"a", 1}}}, {"", "g", Json::object()}})
                .substr(0, 52),
            "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\":1}}\n</to");
  const std::vector<Json> definitions = {{{"name", "f"}}};
  EXPECT_NE(describe_tools(definitions).find("{\"name\":\"f\"}"), std::string::npos);
}

}  // namespace
}  // namespace hearth
