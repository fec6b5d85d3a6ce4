// SPDX-License-Identifier: Apache-2.0
#include "package/modelfile.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

Modelfile parsed(std::string_view text) {
  auto file = parse_modelfile(text, "Modelfile");
  EXPECT_TRUE(file.ok()) << file.error().message();
  return file.ok() ? std::move(*file) : Modelfile{};
}

TEST(Modelfile, ValuesAndParameters) {
  const Modelfile file = parsed(
      "# A pirate.\n\nFROM smollm2:latest\n  # a remark\nPARAMETER temperature 0.25\nparameter "
      "Top_K "
      "20\nPARAMETER stop \"<|user|>\"\nPARAMETER stop ###\nPARAMETER seed -7\nPARAMETER num_gpu "
      "1\nPARAMETER mirostat 0\n\tSystem You are a pirate. # really \nMESSAGE User Who?\nmessage "
      "assistant \"I\"\nLICENSE MIT\nLICENSE \"\"\"Or\nanother.\"\"\"  \nTEMPLATE {{ "
      "messages[0].content }}\n");
  EXPECT_EQ(file.from, "smollm2:latest");
  const ModelSettings& settings = file.settings;
  EXPECT_EQ(settings.parameters.temperature, 0.25);
  EXPECT_EQ(settings.parameters.top_k, 20);
  EXPECT_EQ(settings.parameters.seed, -7);
  EXPECT_EQ(settings.parameters.top_p, std::nullopt);
  EXPECT_EQ(settings.parameters.stop, (std::vector<std::string>{"<|user|>", "###"}));
  EXPECT_EQ(file.ignored, (std::vector<std::string>{"num_gpu", "mirostat"}));
  EXPECT_EQ(settings.system, "You are a pirate. # really");
  EXPECT_EQ(settings.messages, (std::vector<ExampleMessage>{{"user", "Who?"}, {"assistant", "I"}}));
  EXPECT_EQ(settings.licence, "MIT\n\nOr\nanother.");
  EXPECT_EQ(settings.chat_template, "{{ messages[0].content }}");
}

TEST(Modelfile, QuotesEndWhereALineDoes) {
  const auto system = [](std::string_view value) {
    return parsed(std::string("FROM m\nSYSTEM ") + std::string(value)).settings.system;
  };
  EXPECT_EQ(system("\"\"\"a\n  b \n\"\"\"\n"), "a\n  b \n");
  EXPECT_EQ(system("\"\"\"say \"\"\" twice\"\"\""), "say \"\"\" twice");
  EXPECT_EQ(system("\"a\n# b\r\nc\" \n"), "a\n# b\nc");
  EXPECT_EQ(system("\"\"\"\"quoted\"\"\"\""), "\"quoted\"");
  EXPECT_EQ(system("say \"hi\""), "say \"hi\"");
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   "FROM \"m\"\r\n")
                .from,
            "m");
  EXPECT_EQ(parsed("FROM m\nPARAMETER stop \"\n\"").settings.parameters.stop.front(), "\n");
}

TEST(Modelfile, AMessageOfTheSystemIsItsText) {
  EXPECT_EQ(parsed("FROM m\nMESSAGE system Be brief.").settings.system, "Be brief.");
}

TEST(Modelfile, AdaptersAddUp) {
  EXPECT_EQ(parsed("FROM m\nadapter ./a lora\nADAPTER \"b.gguf\"").adapters,
            (std::vector<std::string>{"./a lora", "b.gguf"}));
}

TEST(Modelfile, WhatIsWrongIsNamedWithItsLine) {
  struct Case {
    std::string_view text;
    std::string_view fragment;
    ErrorCode code = ErrorCode::kCorrupt;
  };
  const Case cases[] = {
      {"", "no line says FROM"},
      {"# only\n", "no line says FROM"},
      {"FROM\n", "line 1: FROM has no value"},
      {"FROM a\nFROM b\n", "line 2: FROM stands there already"},
      {"FROM a\nFORM b\n", "line 2: \"FORM\" is no instruction"},
      {"FROM a\nSYSTEM You are\na pirate\n", "line 3: \"a\" is no instruction"},
      {"FROM a\n\nSYSTEM \"\"\"You are\n", "line 3: what \"\"\" opens is never closed"},
      {"FROM a\nSYSTEM \"\"\"\"\"\"", "line 2: its value is empty"},
      {"FROM a\nSYSTEM x\nSYSTEM y", "line 3: what the system says stands there already"},
      {"FROM a\nSYSTEM x\nMESSAGE system y", "line 3: what the system says stands there already"},
      {"FROM a\nPARAMETER temperature\n", "line 2: has no value"},
      {"FROM a\nPARAMETER temperature hot\n",
       "line 2: PARAMETER temperature: \"hot\" is no number from 0 to 100"},
      {"FROM a\nPARAMETER temperature nan\n", "\"nan\" is no number from 0 to 100"},
      {"FROM a\nPARAMETER top_k 1.5\n", "top_k: \"1.5\" is no whole number from 0"},
      {"FROM a\nPARAMETER top_k 1\nPARAMETER top_k 2", "line 3: PARAMETER top_k: is set already"},
      {"FROM a\nPARAMETER heat 1\n", "heat: is no parameter; known are temperature, "},
      {"FROM a\nPARAMETER mirostat 2\n", "mirostat: 2 is not supported"},
      {"FROM a\nMESSAGE wizard hi", "line 2: MESSAGE: role \"wizard\""},
      {"FROM a\nMESSAGE user", "line 2: has no value"},
      {"FROM a\nTEMPLATE {% if %}", "line 2: template: "},
      {"FROM a\nTEMPLATE {{ .Prompt }}", "line 2: template: is written in Go's language",
       ErrorCode::kUnsupported},
      {"FROM a\nTEMPLATE {{- if $x -}}", "Go's language", ErrorCode::kUnsupported},
      {"FROM a\nADAPTER \"\"\"b\nc\"\"\"", "line 2: ADAPTER: is neither", ErrorCode::kCorrupt},
      {"FROM a\nRENDERER qwen", "line 2: RENDERER is not supported", ErrorCode::kUnsupported},
      {"FROM a\nSYSTEM \xff", "line 2: is not UTF-8"},
      {std::string_view("FROM a\n\0", 8), "line 2: holds a NUL"},
  };
  for (const Case& one : cases) {
    const auto file = parse_modelfile(one.text, "Modelfile");
    ASSERT_FALSE(file.ok()) << one.text;
    EXPECT_EQ(file.error().code(), one.code) << file.error().message();
    EXPECT_NE(file.error().message().find(one.fragment), std::string::npos)
        << file.error().message();
    EXPECT_TRUE(file.error().message().starts_with("Modelfile: "));
  }
  EXPECT_FALSE(parse_modelfile(std::string(kModelfileBytesMax + 1, '\n'), "Modelfile").ok());
}

TEST(Modelfile, IsToldFromOtherFiles) {
  EXPECT_TRUE(looks_like_modelfile("# x\n\n from smollm2\n"));
  EXPECT_TRUE(looks_like_modelfile("PARAMETER"));
  EXPECT_FALSE(looks_like_modelfile("GGUF\3"));
  EXPECT_FALSE(looks_like_modelfile("no model"));
  EXPECT_FALSE(looks_like_modelfile("# only\n"));
  EXPECT_FALSE(looks_like_modelfile(""));
}

TEST(Modelfile, IsWrittenAsItIsRead) {
  ModelSettings settings;
  settings.system = "\"You\" are\n\"\"a pirate\"\".";
  settings.parameters.temperature = 0.1;
  settings.parameters.seed = INT64_MIN;
  settings.parameters.stop = {"a", "\"", "x\ny", " "};
  settings.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}";
  settings.messages = {{"user", "a"}, {"assistant", "b\nc"}};
  settings.licence = "MIT";
  ASSERT_TRUE(check_settings(settings).ok());
  EXPECT_EQ(parsed(modelfile_text("m", settings)).settings, settings);
  EXPECT_EQ(parameters_text(settings.parameters).substr(0, 35),
            "temperature                    0.1\n");
}

}  // namespace
}  // namespace hearth
