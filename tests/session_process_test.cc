// SPDX-License-Identifier: Apache-2.0
// A session of the real model that one process saves and others, with other numbers of threads, go
// on with: the same tokens and the same bits. The test runs itself for the other processes.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "base/files.h"
#include "base/test_folder.h"
#include "real_model.h"

namespace hearth {
namespace {

// What the environment tells the child: file of the session, threads, file for what it generates.
constexpr char kSessionVariable[] = "HEARTH_TEST_SESSION";
constexpr char kThreadsVariable[] = "HEARTH_TEST_THREADS";
constexpr char kOutVariable[] = "HEARTH_TEST_OUT";

std::vector<TokenId> prompt(const Engine& engine) {
  return engine.encode_raw("Once upon a time there was a lighthouse keeper who counted ships.");
}

// Greedy and sampled answers as text that holds every bit of their log-probabilities.
std::string continuations(Session& session, const std::vector<TokenId>& tokens) {
  std::string text;
  const auto length = static_cast<int32_t>(session.tokens().size());
  for (const double temperature : {0.0, 1.0}) {
    session.truncate(length);
    GenerateOptions options;
    options.sampling.temperature = temperature;
    options.sampling.seed = 11;
    options.tokens_max = 16;
    const auto answer = session.generate(tokens, options, [](std::string_view) {});
    EXPECT_TRUE(answer.ok());
    for (std::size_t i = 0; answer.ok() && i < answer->ids.size(); ++i) {
      char line[64];
      std::snprintf(line, sizeof line, "%d %a\n", answer->ids[i],
                    static_cast<double>(answer->logprobs[i]));
      text += line;
    }
  }
  return text;
}

TEST(SessionChild, GoesOn) {
  if (std::getenv(kSessionVariable) == nullptr) GTEST_SKIP() << "run by the test below";
  const auto engine = load_real_model(std::atoi(std::getenv(kThreadsVariable)));
  const auto file = MappedFile::open(std::getenv(kSessionVariable)).value();
  auto session = engine->restore_session(file.bytes());
  ASSERT_TRUE(session.ok()) << session.error().message();
  std::ofstream(std::getenv(kOutVariable)) << continuations(*session, prompt(*engine));
}

std::string run_child(const TestFolder& folder, int threads) {
  const std::string out = (folder.path() / "out").string();
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv(kSessionVariable, (folder.path() / "session").c_str(), 1);
    ::setenv(kThreadsVariable, std::to_string(threads).c_str(), 1);
    ::setenv(kOutVariable, out.c_str(), 1);
    ::execl("/proc/self/exe", "session_process_test", "--gtest_filter=SessionChild.GoesOn",
            static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return read_file(out, 1 << 20).value();
}

TEST(SessionProcess, OtherProcessesGoOnTheSame) {
  HEARTH_NEED_REAL_MODEL();
  const TestFolder folder;
  std::string expected;
  {
    const auto engine = load_real_model(2);
    Session session = engine->create_session(256).value();
    const std::vector<TokenId> tokens = prompt(*engine);
    ASSERT_TRUE(session.feed(std::span(tokens).first(tokens.size() - 1)).ok());
    std::ofstream file(folder.path() / "session", std::ios::binary);
    const auto saved = session.save([&](std::span<const std::byte> piece) -> Result<void> {
      file.write(reinterpret_cast<const char*>(piece.data()),
                 static_cast<std::streamsize>(piece.size()));
      return {};
    });
    ASSERT_TRUE(saved.ok());
    expected = continuations(session, tokens);
  }
  ASSERT_FALSE(expected.empty());
  for (const int threads : {1, 2, 3}) EXPECT_EQ(run_child(folder, threads), expected) << threads;
}

}  // namespace
}  // namespace hearth
