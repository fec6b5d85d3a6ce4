// SPDX-License-Identifier: Apache-2.0
#include "page/page.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>

#include "base/files.h"

namespace hearth {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(HEARTH_SOURCE_DIR) / "src/page/files";

TEST(Page, HoldsEachFileAsItIs) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename();
    const auto found = find_page_file("/" + name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->content, read_file(entry.path(), 1 << 20).value()) << name;
    EXPECT_TRUE(std::regex_match(std::string(found->etag), std::regex("\"[0-9a-f]{16}\"")));
    ++count;
  }
  EXPECT_GE(count, 10);
}

TEST(Page, HasTypesThatBrowsersTake) {
  EXPECT_EQ(find_page_file("/index.html")->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(find_page_file("/main.js")->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find_page_file("/base.css")->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(find_page_file("/icon.svg")->content_type, "image/svg+xml");
  EXPECT_EQ(find_page_file("/openapi.yaml")->content_type, "application/yaml");
}

TEST(Page, IsFoundByItsPathsOnly) {
  EXPECT_EQ(find_page_file("/")->content, find_page_file("/index.html")->content);
  EXPECT_NE(find_page_file("/main.js")->etag, find_page_file("/")->etag);
  for (const char* path : {"", "*", "//", "/nothing.js", "main.js", "/../page.cc", "/v1/models"})
    EXPECT_FALSE(find_page_file(path)) << path;
}

// What the Content-Security-Policy would refuse, and what would ask another machine.
TEST(Page, NamesNoOtherOriginAndHasNothingInline) {
  const std::regex refused(
      "https?://(?!www\\.w3\\.org/)|\\sstyle=|\\son[a-z]+=|<style|javascript:");
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string text = read_file(entry.path(), 1 << 20).value();
    std::smatch match;
    EXPECT_FALSE(std::regex_search(text, match, refused))
        << entry.path().filename() << ": " << match.str();
  }
}

}  // namespace
}  // namespace hearth
