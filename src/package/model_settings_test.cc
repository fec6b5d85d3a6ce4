// SPDX-License-Identifier: Apache-2.0
#include "package/model_settings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "package/manifest.h"

namespace hearth {
namespace {

ModelSettings full() {
  ModelSettings settings;
  settings.system = "Be brief.";
  settings.parameters.temperature = 0.3;
  settings.parameters.num_ctx = 512;
  settings.parameters.stop = {"###", "\n"};
  settings.chat_template = "{{ messages }}";
  settings.messages = {{"user", "Hi"}, {"assistant", "Hello"}};
  settings.licence = "MIT";
  return settings;
}

Manifest manifest_with(ModelSettings settings) {
  return {"tiny",
          "1",
          "",
          "2026-01-01T00:00:00Z",
          {{"model", "tiny.gguf", std::string(64, 'a'), 3}},
          std::move(settings)};
}

TEST(ModelSettings, GoThroughAManifest) {
  const std::string text = manifest_to_json(manifest_with(full()));
  EXPECT_EQ(nlohmann::json::parse(text)["format"], 2);  // which an older hearth refuses
  const auto read = manifest_from_json(text, "m.json");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->settings, full());
}

TEST(ModelSettings, WithoutThemAManifestIsAsBefore) {
  const std::string text = manifest_to_json(manifest_with({}));
  const auto document = nlohmann::json::parse(text);
  EXPECT_EQ(document["format"], 1);
  EXPECT_FALSE(document.contains("settings"));
  EXPECT_TRUE(manifest_from_json(text, "m.json")->settings.empty());
}

TEST(ModelSettings, WhatIsWrongInAManifestIsNamed) {
  using Json = nlohmann::ordered_json;
  struct Case {
    Json settings;
    std::string_view fragment;
    int format = 2;
  };
  const Case cases[] = {
      {Json::array(), "settings is not an object"},
      {{{"colour", 1}}, "settings.colour is not known"},
      {{{"system", 1}}, "settings.system is not a string"},
      {{{"parameters", {{"temperature", "hot"}}}}, "temperature: is not a number"},
      {{{"parameters", {{"temperature", 101}}}}, "temperature: \"101\" is no number from 0 to 100"},
      {{{"parameters", {{"top_k", 1.5}}}}, "top_k"},
      {{{"parameters", {{"num_gpu", 1}}}}, "num_gpu: has no meaning"},
      {{{"parameters", {{"stop", "x"}}}}, "stop: is not an array"},
      {{{"parameters", {{"stop", {""}}}}}, "stop: is empty"},
      {{{"messages", {{{"role", "wizard"}}}}}, "neither user nor assistant"},
      {{{"messages", 1}}, "settings.messages is not an array"},
      {{{"system", "x"}}, "format 1 has no \"settings\"", 1},
      {{{"system", "x"}}, "has format 3, known are 1 and 2", 3},
  };
  for (const Case& one : cases) {
    Json document = Json::parse(manifest_to_json(manifest_with({})));
    document["format"] = one.format;
    document["settings"] = one.settings;
    const auto read = manifest_from_json(document.dump(), "m.json");
    ASSERT_FALSE(read.ok()) << one.settings;
    EXPECT_EQ(read.error().code(), one.format == 3 ? ErrorCode::kUnsupported : ErrorCode::kCorrupt);
    EXPECT_NE(read.error().message().find(one.fragment), std::string::npos)
        << read.error().message();
  }
}

TEST(ModelSettings, OwnOnesStandInFrontOfTheBase) {
  ModelSettings own;
  own.system = "Be rude.";
  own.parameters.temperature = 1;
  own.parameters.stop = {"!"};
  own.licence = "Apache";
  const ModelSettings both = overlay(full(), own);
  EXPECT_EQ(both.system, "Be rude.");
  EXPECT_EQ(both.parameters.temperature, 1);
  EXPECT_EQ(both.parameters.num_ctx, 512);
  EXPECT_EQ(both.parameters.stop, std::vector<std::string>{"!"});
  EXPECT_EQ(both.messages, full().messages);
  EXPECT_EQ(both.licence, "MIT\n\nApache");
  EXPECT_EQ(overlay(full(), full()), full());
}

TEST(ModelSettings, AreCheckedBeforeTheyAreKept) {
  EXPECT_TRUE(check_settings(full()).ok());
  const auto refused = [](auto change) {
    ModelSettings settings = full();
    change(settings);
    const auto checked = check_settings(settings);
    return checked.ok() ? std::string() : checked.error().message();
  };
  EXPECT_TRUE(refused([](auto& of) { of.system = "\xff"; }).starts_with("system: is not UTF-8"));
  EXPECT_TRUE(refused([](auto& of) { of.system = std::string(1, '\0'); }).starts_with("system: "));
  EXPECT_NE(refused([](auto& of) { of.messages[0].role = "tool"; }), "");
  EXPECT_NE(refused([](auto& of) { of.messages.resize(1001, {"user", "a"}); }), "");
  EXPECT_NE(refused([](auto& of) { of.messages[0].content.clear(); }), "");
  EXPECT_NE(refused([](auto& of) { of.parameters.stop.assign(33, "a"); }), "");
  EXPECT_NE(refused([](auto& of) { of.parameters.stop = {std::string(513, 'a')}; }), "");
  EXPECT_NE(refused([](auto& of) { of.chat_template = "{% for %}"; }), "");
  EXPECT_NE(refused([](auto& of) { of.chat_template = "{{ .System }}"; }).find("Go's"),
            std::string::npos);
  EXPECT_EQ(refused([](auto& of) { of.chat_template = "{{ ifs }}{{ '.' }}{{ endings }}"; }), "");
}

TEST(ModelSettings, MustFitTheModel) {
  ModelSettings settings = full();
  EXPECT_TRUE(check_settings_fit(settings, {false, 512}).ok());
  const auto too_long = check_settings_fit(settings, {true, 511});
  ASSERT_FALSE(too_long.ok());
  EXPECT_NE(too_long.error().message().find("512 is more than the 511"), std::string::npos);
  settings.chat_template.clear();
  EXPECT_FALSE(check_settings_fit(settings, {false, 512}).ok());
  EXPECT_TRUE(check_settings_fit(settings, {true, 0}).ok());
}

}  // namespace
}  // namespace hearth
