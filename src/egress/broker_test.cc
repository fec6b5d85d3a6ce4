// SPDX-License-Identifier: Apache-2.0
// The real broker against an endpoint on loopback. TLS, and what only shows from outside, is in
// tests/egress_broker_test.py.
#include "egress/broker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include "base/clock.h"
#include "base/test_folder.h"
#include "egress/test_endpoint.h"
#include "guard/declassified.h"
#include "guard/guard.h"
#include "lockdown/lockdown.h"

namespace hearth {
namespace {

constexpr double kTimeoutMs = 20000;
constexpr std::size_t kAnswerBytes = 1 << 16;

Declassified<std::string> message(std::string bytes) {
  auto declassified = declassify(Guard(), std::move(bytes), Sensitivity::kSensitive);
  HEARTH_CHECK(declassified.ok());
  return std::move(declassified).value();
}

RemoteAsk question(std::string body = "{}", double timeout_ms = kTimeoutMs) {
  return {"edge", message(std::move(body)), timeout_ms, kAnswerBytes};
}

Result<std::unique_ptr<Broker>> start(BrokerTarget target) {
  target.name = "edge";
  return Broker::start(HEARTH_EGRESS_PROGRAM, std::vector{std::move(target)});
}

std::unique_ptr<Broker> broker_for(const TestEndpoint& endpoint) {
  BrokerTarget target;
  target.url = endpoint.url();
  auto broker = start(std::move(target));
  EXPECT_TRUE(broker.ok()) << (broker.ok() ? "" : broker.error().message());
  return broker.ok() ? std::move(broker).value() : nullptr;
}

// What `reply` does to one question.
RemoteResult asked(TestEndpoint::Handler reply, const RemoteAsk& ask) {
  TestEndpoint endpoint(std::move(reply));
  const auto broker = broker_for(endpoint);
  return broker == nullptr ? RemoteResult{} : broker->ask(ask, {}, {});
}
RemoteResult asked(TestEndpoint::Handler reply) { return asked(std::move(reply), question()); }
RemoteResult asked(const std::string& reply) {
  return asked([reply](TestConnection& connection) { connection.send(reply); });
}

// Whether a process has ended, or does within `ms`; one that nobody waits for counts as ended.
bool ends(pid_t process, double ms) {
  const Deadline deadline = Deadline::after_ms(ms);
  while (!deadline.passed()) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    std::string text;
    std::getline(stat, text);
    if (text.empty() || text.find(") Z ") != text.npos) return true;
    ::usleep(2000);
  }
  return false;
}

TEST(Broker, SendsTheBytesAndBringsTheAnswer) {
  const std::string body =
      "{\"messages\": [\"caf\xc3\xa9 \\u0000 \n\"]}" + std::string(200000, 'x');
  TestEndpoint endpoint(
      [](TestConnection& connection) { connection.send(test_answer(test_document("Blue."))); });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  const RemoteResult result = broker->ask(question(body), {}, {});
  EXPECT_EQ(result.fault, RemoteFault::kNone) << result.text;
  EXPECT_EQ(result.answer, "Blue.");
  EXPECT_EQ(result.finish_reason, "stop");
  EXPECT_EQ(result.http_status, 200);
  EXPECT_EQ(result.prompt_tokens, 4);
  EXPECT_EQ(result.answer_tokens, 2);
  EXPECT_FALSE(result.is_estimated);
  EXPECT_EQ(result.bytes_sent, static_cast<int64_t>(body.size()));
  EXPECT_GT(result.first_token_ms, 0.0);
  EXPECT_GE(result.total_ms, result.first_token_ms);
  ASSERT_EQ(endpoint.bodies().size(), 1u);
  EXPECT_EQ(endpoint.bodies()[0], body);
  const std::string head = endpoint.heads()[0];
  EXPECT_TRUE(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << head;
  EXPECT_EQ(head.find("Authorization"), std::string::npos);
  EXPECT_EQ(head.find("Accept-Encoding"), std::string::npos);
  EXPECT_EQ(head.find("Cookie"), std::string::npos);
}

TEST(Broker, StreamsAndEstimatesWhatIsNotCounted) {
  TestEndpoint endpoint([](TestConnection& connection) {
    connection.send(kTestEventsHead);
    for (const char* piece : {"Bl", "ue", "."}) connection.send(test_event(piece));
    connection.send("data: [DONE]\n\n");
    connection.wait_closed();  // what comes behind [DONE] is not waited for
  });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  std::string streamed;
  const RemoteResult result = broker->ask(question("12345678"),
                                          [&](std::string_view text) {
                                            streamed += text;
                                            return true;
                                          },
                                          {});
  EXPECT_EQ(result.fault, RemoteFault::kNone) << result.text;
  EXPECT_EQ(result.answer, "Blue.");
  EXPECT_EQ(streamed, "Blue.");
  EXPECT_TRUE(result.is_estimated);
  EXPECT_EQ(result.prompt_tokens, 2);
  EXPECT_EQ(result.answer_tokens, 2);
  EXPECT_LT(result.total_ms, 5000.0);
}

TEST(Broker, ConnectionsLeftOpenBehindTheEndCostNothing) {
  TestEndpoint endpoint([](TestConnection& connection) {
    connection.send(std::string(kTestEventsHead) + test_event("a") + "data: [DONE]\n\n");
    connection.wait_closed();
  });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(broker->ask(question(), {}, {}).fault, RemoteFault::kNone) << i;
  }
}

TEST(Broker, TextArrivesBeforeTheEnd) {
  std::atomic<bool> seen{false};
  TestEndpoint endpoint([&](TestConnection& connection) {
    connection.send(kTestEventsHead);
    connection.send(test_event("first"));
    while (!seen) ::usleep(1000);
    connection.send(test_event(" last") + "data: [DONE]\n\n");
  });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  const auto on_text = [&](std::string_view) { return seen = true; };
  EXPECT_EQ(broker->ask(question(), on_text, {}).answer, "first last");
}

TEST(Broker, ManyAskAtOnce) {
  constexpr int kThreads = 100;  // more than may be out
  TestEndpoint endpoint([](TestConnection& connection) {
    connection.send(test_answer(test_document(connection.body())));
  });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const std::string body =
          std::to_string(i) + std::string(static_cast<std::size_t>(i) * 37, 'b');
      for (int round = 0; round < 3; ++round) {
        const RemoteResult result = broker->ask(question(body), {}, {});
        right += result.fault == RemoteFault::kNone && result.answer == body;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 3 * kThreads);
}

TEST(Broker, StopsWhereNobodyWantsMore) {
  std::latch closed(2);
  TestEndpoint endpoint([&](TestConnection& connection) {
    connection.send(kTestEventsHead);
    connection.send(test_event("some"));
    connection.wait_closed();
    closed.count_down();
  });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  const Stopwatch watch;
  RemoteResult result = broker->ask(question(), [](std::string_view) { return false; }, {});
  EXPECT_EQ(result.fault, RemoteFault::kCancelled);
  EXPECT_EQ(result.answer, "some");
  EXPECT_EQ(result.bytes_sent, 2);

  std::stop_source stop;
  std::atomic<bool> began{false};
  std::thread stopper([&] {
    while (!began) ::usleep(1000);
    stop.request_stop();
  });
  result =
      broker->ask(question(), [&](std::string_view) { return began = true; }, stop.get_token());
  stopper.join();
  EXPECT_EQ(result.fault, RemoteFault::kCancelled);
  EXPECT_LT(watch.elapsed_ms(), 5000.0);
  closed.wait();
  EXPECT_EQ(broker->ask(question(), {}, stop.get_token()).fault, RemoteFault::kCancelled);
  EXPECT_EQ(endpoint.connections(), 2);
}

TEST(Broker, KeysGoToTheEndpointAndNowhereElse) {
  const TestFolder folder;
  BrokerTarget target;
  target.key_file = folder.path() / "edge.key";
  std::ofstream(target.key_file) << "sk-very-secret\n";
  ::chmod(target.key_file.c_str(), 0600);
  TestEndpoint endpoint(
      [](TestConnection& connection) { connection.send(test_answer(test_document("ok"))); });
  target.url = endpoint.url();
  {
    const auto broker = start(target);
    ASSERT_TRUE(broker.ok()) << broker.error().message();
    EXPECT_EQ((*broker)->ask(question(), {}, {}).fault, RemoteFault::kNone);
  }
  EXPECT_NE(endpoint.heads().at(0).find("\r\nAuthorization: Bearer sk-very-secret"),
            std::string::npos);
  ::chmod(target.key_file.c_str(), 0644);
  const auto refused = start(target);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUsage);
  EXPECT_NE(refused.error().message().find("chmod 600"), std::string::npos);
  EXPECT_NE(refused.error().message().find("target edge"), std::string::npos);
}

TEST(Broker, FaultsAreNamedAndTheAnswerSoFarIsKept) {
  EXPECT_EQ(asked(test_answer("<html>", "text/html")).fault, RemoteFault::kNotJson);
  const RemoteResult moved = asked(test_answer("", "text/html", "302 Found", "Location: /\r\n"));
  EXPECT_EQ(moved.fault, RemoteFault::kNotJson);
  EXPECT_EQ(moved.http_status, 302);
  const RemoteResult failed = asked(test_answer("{}", "application/json", "503 No"));
  EXPECT_EQ(failed.fault, RemoteFault::kHttpStatus);
  EXPECT_EQ(failed.http_status, 503);
  EXPECT_TRUE(failed.text.starts_with("target edge: ")) << failed.text;
  EXPECT_EQ(asked("SSH-2.0-OpenSSH_9.2\r\n").fault, RemoteFault::kInvalid);
  EXPECT_EQ(asked("").fault, RemoteFault::kUnreachable);
  EXPECT_EQ(asked(test_answer("{}")).fault, RemoteFault::kInvalid);
  EXPECT_EQ(asked(std::string(kTestEventsHead) + "data: nonsense\n\n").fault,
            RemoteFault::kInvalid);
  const RemoteResult half = asked(std::string(kTestEventsHead) + test_event("half"));
  EXPECT_EQ(half.fault, RemoteFault::kBrokenStream);
  EXPECT_EQ(half.answer, "half");
  EXPECT_EQ(
      asked(test_answer("{}", "application/json", "200 OK", "Content-Encoding: gzip\r\n")).fault,
      RemoteFault::kInvalid);
}

TEST(Broker, HeadersHaveAnEnd) {
  const RemoteResult result = asked(
      [](TestConnection& connection) {
        connection.send("HTTP/1.1 200 OK\r\n");
        while (connection.send("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
        }
      },
      question());
  EXPECT_EQ(result.fault, RemoteFault::kTooLarge);
  EXPECT_LT(result.total_ms, 5000.0);
}

TEST(Broker, ATruncatedBodyIsABrokenAnswer) {
  std::string reply = test_answer(test_document("whole?"));
  reply.resize(reply.size() - 5);
  EXPECT_EQ(asked(reply).fault, RemoteFault::kBrokenStream);
}

TEST(Broker, TimeoutsHold) {
  const RemoteResult slow = asked(
      [](TestConnection& connection) {
        connection.send(kTestEventsHead);
        connection.send(test_event("slow"));
        connection.wait_closed();
      },
      question("{}", 300));
  EXPECT_EQ(slow.fault, RemoteFault::kTimeout);
  EXPECT_EQ(slow.answer, "slow");
  EXPECT_GE(slow.total_ms, 290.0);
  EXPECT_LT(slow.total_ms, 2000.0);
  EXPECT_EQ(asked([](TestConnection&) {}, question("{}", 0)).fault, RemoteFault::kTimeout);
}

TEST(Broker, NobodyListensIsUnreachable) {
  BrokerTarget target;
  target.url = "http://127.0.0.1:1/v1";
  const auto broker = start(std::move(target));
  ASSERT_TRUE(broker.ok());
  const RemoteResult result = (*broker)->ask(question(), {}, {});
  EXPECT_EQ(result.fault, RemoteFault::kUnreachable);
  EXPECT_EQ(result.bytes_sent, 0);
}

TEST(Broker, AsksNobodyButItsTargets) {
  TestEndpoint endpoint([](TestConnection&) {});
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  const RemoteResult result = broker->ask({"other", message("{}"), kTimeoutMs, 100}, {}, {});
  EXPECT_EQ(result.fault, RemoteFault::kInvalid);
  EXPECT_EQ(endpoint.connections(), 0);
}

TEST(Broker, LongQuestionsAndAnswersAreRefused) {
  TestEndpoint endpoint([](TestConnection& connection) {
    connection.send(test_answer(test_document(std::string(2 * kAnswerBytes, 'a'))));
  });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  const RemoteResult answer = broker->ask(question(), {}, {});
  EXPECT_EQ(answer.fault, RemoteFault::kTooLarge);
  EXPECT_EQ(answer.answer, std::string(kAnswerBytes, 'a'));
  const RemoteResult result = broker->ask(question(std::string(kAskBodyBytesMax + 1, 'q')), {}, {});
  EXPECT_EQ(result.fault, RemoteFault::kTooLarge);
  EXPECT_EQ(result.bytes_sent, 0);
}

TEST(Broker, ItsDeathIsNoticedAtOnce) {
  TestEndpoint endpoint([](TestConnection& connection) {
    connection.send(kTestEventsHead);
    connection.send(test_event("begun"));
    connection.wait_closed();
  });
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  const RemoteResult result =
      broker->ask(question("12345"),
                  [&](std::string_view) { return ::kill(broker->process(), SIGKILL) == 0; }, {});
  EXPECT_EQ(result.fault, RemoteFault::kBrokerGone);
  EXPECT_EQ(result.answer, "begun");
  EXPECT_EQ(result.bytes_sent, 5);  // it may have left
  EXPECT_LT(result.total_ms, 3000.0);
  const RemoteResult next = broker->ask(question(), {}, {});
  EXPECT_EQ(next.fault, RemoteFault::kBrokerGone);
  EXPECT_LT(next.total_ms, 100.0);
  EXPECT_EQ(next.bytes_sent, 0);
}

TEST(Broker, OneThatHangsHangsNobody) {
  TestEndpoint endpoint([](TestConnection&) {});
  const auto broker = broker_for(endpoint);
  ASSERT_NE(broker, nullptr);
  ::kill(broker->process(), SIGSTOP);
  const RemoteResult result = broker->ask(question(std::string(1 << 20, 'q'), 200), {}, {});
  EXPECT_TRUE(result.fault == RemoteFault::kTimeout || result.fault == RemoteFault::kBrokerGone);
  EXPECT_LT(result.total_ms, 10000.0);
  ::kill(broker->process(), SIGCONT);
}

TEST(Broker, EndsWithItsChannelAndWithItsParent) {
  TestEndpoint endpoint([](TestConnection&) {});
  pid_t process = 0;
  {
    const auto broker = broker_for(endpoint);
    ASSERT_NE(broker, nullptr);
    process = broker->process();
    EXPECT_EQ(::kill(process, 0), 0);
  }
  EXPECT_TRUE(ends(process, 1000));

  int news[2];
  ASSERT_EQ(::pipe(news), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    BrokerTarget target;
    target.url = endpoint.url();
    const auto broker = start(std::move(target));
    const pid_t started = broker.ok() ? (*broker)->process() : -1;
    if (::write(news[1], &started, sizeof started) != sizeof started) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_EQ(::read(news[0], &process, sizeof process), static_cast<ssize_t>(sizeof process));
  ::waitpid(parent, nullptr, 0);
  ASSERT_GT(process, 0);
  EXPECT_TRUE(ends(process, 5000));
  ::close(news[0]);
  ::close(news[1]);
}

TEST(Broker, WorksFromWithinALockdown) {
  TestEndpoint endpoint([](TestConnection& connection) {
    connection.send(test_answer(test_document("from outside")));
  });
  const pid_t child = ::fork();
  if (child == 0) {
    const auto broker = broker_for(endpoint);
    LockdownOptions options;
    if (broker == nullptr) ::_exit(1);
    options.keep = {broker->descriptor()};
    if (!lockdown(options).ok()) ::_exit(2);
    const RemoteResult result = broker->ask(question(std::string(100000, 'q')), {}, {});
    if (result.answer != "from outside") ::_exit(3);
    ::_exit(::socket(AF_INET, SOCK_STREAM, 0) < 0 ? 0 : 4);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Broker, CannotBeStartedIsSaidSo) {
  const auto missing = Broker::start("/nowhere/hearth-egress", std::vector<BrokerTarget>{});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  const auto ended = Broker::start("/bin/true", std::vector<BrokerTarget>{});
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), ErrorCode::kUnavailable);
  for (const char* url : {"http://edge.example/v1", "ftp://edge.example", "https://a@b/", ""}) {
    BrokerTarget target;
    target.url = url;
    const auto refused = start(std::move(target));
    ASSERT_FALSE(refused.ok()) << url;
    EXPECT_NE(refused.error().message().find("target edge"), std::string::npos);
  }
  BrokerTarget target;
  target.url = "https://edge.example";
  target.ca_file = "/nowhere/ca.pem";
  EXPECT_FALSE(start(std::move(target)).ok());
}

TEST(Broker, TakesFilesFromThePolicysFolder) {
  Policy policy;
  policy.file = "/etc/hearth/policy.toml";
  RemoteTarget target;
  target.name = "edge";
  target.url = "https://edge.example/v1";
  target.key_file = "keys/../edge.key";
  target.ca_file = "/srv/ca.pem";
  target.timeout_ms = 1234;
  policy.targets = {target};
  const auto told = broker_targets(policy);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].key_file, "/etc/hearth/edge.key");
  EXPECT_EQ(told[0].ca_file, "/srv/ca.pem");
  EXPECT_EQ(told[0].url, target.url);
  EXPECT_EQ(told[0].timeout_ms, 1234u);
}

}  // namespace
}  // namespace hearth
