// SPDX-License-Identifier: Apache-2.0
// Speculation gives the real model's plain answers, token for token and bit for bit. ./test tries
// 20 prompts, HEARTH_SPECULATION_PROMPTS another number.
#include <gtest/gtest.h>

#include <algorithm>

#include "real_model.h"

namespace hearth {
namespace {

int prompt_count() {
  const char* asked = std::getenv("HEARTH_SPECULATION_PROMPTS");
  return asked == nullptr ? 20 : std::atoi(asked);
}

TEST(Speculation, GivesThePlainAnswers) {
  HEARTH_NEED_REAL_MODEL();
  const auto text = licence_texts({"GFDL-1.3", "Artistic"});
  if (!text) GTEST_SKIP() << "this system lacks Debian's common licences";
  const auto engine = load_real_model(2);
  Session session = engine->create_session(512).value();
  const auto ignore_text = [](std::string_view) {};
  const int prompts = prompt_count();
  const std::size_t step = text->size() / static_cast<std::size_t>(prompts + 1);
  Usage all;
  for (int i = 0; i < prompts; ++i) {
    const std::string passage = text->substr(static_cast<std::size_t>(i) * step, 600);
    const std::string asked[] = {"Repeat this, but in plainer words:\n\n", "Summarize:\n\n",
                                 "Correct the spelling of this text:\n\n"};
    const ChatMessage message = {"user", asked[i % 3] + passage};
    const auto prompt = engine->encode_chat({&message, 1}).value();
    GenerateOptions options;
    options.tokens_max = 64;
    options.sampling.temperature = i % 4 == 0 ? 0.7 : 0.0;
    options.sampling.seed = static_cast<uint64_t>(i);
    options.speculate = false;
    const Answer plain = session.generate(prompt, options, ignore_text).value();
    options.speculate = true;
    session.truncate(0);
    const Answer guessed = session.generate(prompt, options, ignore_text).value();
    EXPECT_EQ(plain.ids, guessed.ids) << "prompt " << i;
    EXPECT_EQ(plain.logprobs, guessed.logprobs) << "prompt " << i;
    EXPECT_EQ(plain.text, guessed.text) << "prompt " << i;
    all.completion_tokens += guessed.usage.completion_tokens;
    all.drafted_tokens += guessed.usage.drafted_tokens;
    all.accepted_tokens += guessed.usage.accepted_tokens;
  }
  std::printf("%d tokens, %d guessed, %d of them right\n", all.completion_tokens,
              all.drafted_tokens, all.accepted_tokens);
  EXPECT_GT(all.accepted_tokens, all.completion_tokens / 10);
  EXPECT_GT(all.drafted_tokens, all.accepted_tokens);
}

}  // namespace
}  // namespace hearth
