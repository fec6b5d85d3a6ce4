// SPDX-License-Identifier: Apache-2.0
// What of an adapter_config.json matters, and what is refused. Whole adapters are tests/'s.
#include "format/peft_config.h"

#include <gtest/gtest.h>

#include "base/json_cursor.h"
#include "base/strings.h"

namespace hearth {
namespace {

Result<PeftConfig> parse(std::string_view more) {
  return PeftConfig::parse(concat(R"({"peft_type": "LORA", "r": 8, "lora_alpha": 12.5)", more, "}"),
                           "config");
}

TEST(PeftConfig, HoldsWhatMatters) {
  const PeftConfig config = parse(R"(, "use_rslora": true, "base_model_name_or_path": "some/model",
               "rank_pattern": {"q_proj": 4, "v.*": 1024}, "alpha_pattern": {"o_proj": -0.5e1})")
                                .value();
  EXPECT_EQ(config.rank, 8);
  EXPECT_EQ(config.alpha, 12.5);
  EXPECT_TRUE(config.is_rank_stabilised);
  EXPECT_EQ(config.base_model, "some/model");
  EXPECT_EQ(config.ranks, (PeftPatterns{{"q_proj", 4}, {"v.*", 1024}}));
  EXPECT_EQ(config.alphas, (PeftPatterns{{"o_proj", -5}}));
}

TEST(PeftConfig, SkipsWhatDoesNot) {
  EXPECT_TRUE(parse(R"(, "task_type": null, "lora_dropout": 1e-2, "x": [[{"a": "b"}], 3, []],
                        "modules_to_save": [], "use_dora": null, "layer_replication": null,
                        "rank_pattern": null, "use_rslora": null, "bias": "none",
                        "init_lora_weights": "gaussian", "base_model_name_or_path": null)")
                  .ok());
}

TEST(PeftConfig, RefusesByName) {
  for (const auto& [more, part] : std::vector<std::pair<std::string, std::string>>{
           {R"(, "use_dora": true)", "config: use_dora: DoRA is not supported; "},
           {R"(, "modules_to_save": ["lm_head"])", "config: modules_to_save: "},
           {R"(, "alora_invocation_tokens": [1])", "config: alora_invocation_tokens: "},
           {R"(, "kasa_config": {"beta": 1})", "config: kasa_config: "},
           {R"(, "bias": "lora_only")", "config: bias: \"lora_only\""},
           {R"(, "init_lora_weights": "olora")", "config: init_lora_weights: \"olora\""}}) {
    const auto config = parse(more);
    ASSERT_FALSE(config.ok()) << more;
    EXPECT_EQ(config.error().code(), ErrorCode::kUnsupported);
    EXPECT_TRUE(config.error().message().starts_with(part)) << config.error().message();
  }
  for (const std::string_view more :
       {R"(, "rank_pattern": {"q": 0})", R"(, "rank_pattern": {"q": 1025})", R"(, "r": 1.5)",
        R"(, "rank_pattern": {"q": "4"})", R"(, "alpha_pattern": [])", R"(, "lora_alpha": null)",
        R"(, "use_rslora": "yes")", R"(, "x": [}])", R"(, "x": nul)", R"(, "x": )"}) {
    const auto config = parse(more);
    ASSERT_FALSE(config.ok()) << more;
    EXPECT_EQ(config.error().code(), ErrorCode::kCorrupt) << config.error().message();
  }
}

TEST(JsonCursor, ReadsNumbers) {
  const auto number = [](std::string_view text) {
    JsonCursor json(text, "text");
    auto value = json.number();
    return value.ok() && json.finish().ok() ? *value : -77.0;
  };
  EXPECT_EQ(number(" 12"), 12.0);
  EXPECT_EQ(number("-0.5"), -0.5);
  EXPECT_EQ(number("1e-05"), 1e-5);
  EXPECT_EQ(number("0"), 0.0);
  for (const std::string_view text : {"", "-", "+1", ".5", "5.", "01", "-01", "1e", "0x10", "inf",
                                      "nan", "NaN", "Infinity", "1e400", "1 2", "--1", "\"1\""}) {
    EXPECT_EQ(number(text), -77.0) << text;
  }
}

TEST(JsonCursor, SkipsValues) {
  const auto skipped = [](std::string_view text) {
    JsonCursor json(text, "text");
    const auto something = json.skip_value();
    if (!something.ok() || !json.finish().ok()) return std::string("error");
    return std::string(*something ? "something" : "nothing");
  };
  for (const std::string_view text : {"null", "false", "\"\"", "[]", " { } "})
    EXPECT_EQ(skipped(text), "nothing") << text;
  for (const std::string_view text : {"true", "0", "\"a\"", "[null]", "{\"a\": {}}", "[[], {}]",
                                      "{\"a\": [1, {\"b\": \"c\"}], \"d\": null}"})
    EXPECT_EQ(skipped(text), "something") << text;
  for (const std::string_view text :
       {"", "[", "[1,]", "[1 2]", "{\"a\"}", "{a: 1}", "]", "tru", "{\"a\": 1,}", "[1}", "\"a"})
    EXPECT_EQ(skipped(text), "error") << text;
  EXPECT_EQ(skipped(std::string(16, '[') + std::string(16, ']')), "something");
  EXPECT_EQ(skipped(std::string(17, '[') + std::string(17, ']')), "error");
}

}  // namespace
}  // namespace hearth
