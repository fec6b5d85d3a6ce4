// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "text/tokenizer.h"
#include "text/tokenizer_test_vocabulary.h"

namespace hearth {
namespace {

constexpr TokenId byte_token(unsigned char byte) { return kTestByte + byte; }

class StreamDecoderTest : public testing::Test {
 protected:
  StreamDecoderTest() : tokenizer_(Tokenizer::create(test_vocabulary().source())) {}

  // What each byte of `bytes`, a token of its own, brings out; then what finish() does.
  std::vector<std::string> stream(std::string_view bytes) {
    StreamDecoder decoder(*tokenizer_);
    std::vector<std::string> parts;
    for (const char byte : bytes)
      parts.emplace_back(decoder.push(byte_token(static_cast<unsigned char>(byte))));
    parts.emplace_back(decoder.finish());
    return parts;
  }

  Result<Tokenizer> tokenizer_;
};

using Parts = std::vector<std::string>;
constexpr const char* kReplacement = "\xef\xbf\xbd";

TEST_F(StreamDecoderTest, HoldsBackHalfACharacter) {
  EXPECT_EQ(stream("a\xc3\xa9"), (Parts{"a", "", "\xc3\xa9", ""}));
  EXPECT_EQ(stream("\xf0\x9f\x98\x80!"), (Parts{"", "", "", "\xf0\x9f\x98\x80", "!", ""}));
}

TEST_F(StreamDecoderTest, ReplacesWhatCanNeverBecomeText) {
  EXPECT_EQ(stream("\xff"), (Parts{kReplacement, ""}));
  EXPECT_EQ(stream("\xe2"
                   "a"),
            (Parts{"", std::string(kReplacement) + "a", ""}));
  EXPECT_EQ(stream("\xe2\x82"), (Parts{"", "", std::string(kReplacement) + kReplacement}));
}

TEST_F(StreamDecoderTest, CharactersMayLieAcrossTokens) {
  StreamDecoder decoder(*tokenizer_);
  const auto euro = tokenizer_->encode("\xe2\x82", SpecialTokens::kAsText);
  ASSERT_EQ(euro.size(), 1u);  // one token, two thirds of a character
  EXPECT_EQ(decoder.push(euro[0]), "");
  EXPECT_EQ(decoder.push(byte_token(0xac)), "\xe2\x82\xac");
  EXPECT_EQ(decoder.finish(), "");
}

TEST_F(StreamDecoderTest, ControlTokensShowOnlyWhenAskedFor) {
  StreamDecoder hidden(*tokenizer_);
  EXPECT_EQ(hidden.push(kTestEnd), "");
  EXPECT_EQ(hidden.push(1 << 30), "");
  StreamDecoder shown(*tokenizer_, SpecialTokens::kParse);
  EXPECT_EQ(shown.push(kTestEnd), "<|im_end|>");
}

TEST_F(StreamDecoderTest, SaysInPartsWhatTheWholeSays) {
  std::string all;
  for (int i = 0; i < 4000; ++i) all += static_cast<char>(i * 7919 >> 3);
  std::string streamed;
  for (const std::string& part : stream(all)) {
    EXPECT_EQ(sanitize_utf8(part), part);
    streamed += part;
  }
  EXPECT_EQ(streamed, sanitize_utf8(all));
}

}  // namespace
}  // namespace hearth
