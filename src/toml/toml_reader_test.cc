// SPDX-License-Identifier: Apache-2.0
#include "toml/toml_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth {
namespace {

TEST(TomlReader, TakesAnyTextInQuotesAndComments) {
  for (const std::string text :
       {"a = \"\xc3\xa9\"\n", "a = '\xc3\xa9' # \xef\xb3\xbf\n", "\"\xc3\xa9\" = 1\na = 'x'\n",
        "a = \"\"\"\n\xc3\xa9 \\\" \xc3\xa9 \\\n  x\"\"\"\"\"\n", "a = '''\xc3\xa9\\\xc3\xa9'''\n",
        "a = \"\" # \xc3\xa9\nb = ''''''\nc = \"\\\\\"\n",
        "\xef\xbb\xbf"
        "a = 'x'\n",
        "a = \"\"\"x\\\n\"\"\" # \xc3\xa9\n", "a = \"\"\"x\\\n\\\"\"\" \xc3\xa9\"\"\"\n"}) {
    const auto reader = TomlReader::parse(text, "t.toml");
    EXPECT_TRUE(reader.ok()) << text << (reader.ok() ? "" : reader.error().message());
  }
}

TEST(TomlReader, NamesBareCharactersBeyondAscii) {
  for (const std::string text :
       {"\n\xc3\xa9 = 1\n", "\na = \xef\xb3\xbf\n", "\nd\xef\xb3\xbf\n", "\na = 'x'\xc2\xa0\n",
        "\na = \"x\xc3\xa9\\\"\"\xc3\xa9\n", "\na = \"\"\"\\\xc3\xa9\"\"\"\n",
        "\na = \"\\u\xef\xb3\xbf\"\n", "\na = \"\"\"\\u00\xc3\xa9\"\"\"\n",
        "\na = \"\\\xc3\xa9\"\n", "a = \"\"\"\\\n  \xc3\xa9\"\"\"\n",
        "a = ''''\xc3\xa9'''''\n\xc3\xa9"}) {
    const auto reader = TomlReader::parse(text, "t.toml");
    ASSERT_FALSE(reader.ok()) << text;
    EXPECT_EQ(reader.error().code(), ErrorCode::kCorrupt);
    EXPECT_TRUE(reader.error().message().starts_with(
        "t.toml:2: a character beyond ASCII stands outside of quotes; "))
        << reader.error().message();
  }
}

TEST(TomlReader, KnowsNamesAndLines) {
  auto reader = TomlReader::parse("x = 1\n[t.b]\n[t.a]\nk = 2\n", "t.toml");
  ASSERT_TRUE(reader.ok());
  auto table = reader->table_if("t");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->line("b"), 2);
  EXPECT_EQ(table->keys(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table->table_if("a")->line("k"), 4);
  EXPECT_EQ(table->table_if("a")->line("absent"), 3);
  EXPECT_TRUE(table->finish().ok());
  EXPECT_FALSE(reader->finish().ok());
}

}  // namespace
}  // namespace hearth
