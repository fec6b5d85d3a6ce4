// SPDX-License-Identifier: Apache-2.0
#include "telemetry/telemetry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/test_folder.h"
#include "telemetry/consent.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kNow = 1'790'000'000;
constexpr const char* kEndpoint = "http://127.0.0.1:4318";

class RememberingSender : public TelemetrySender {
 public:
  Result<void> send(const std::string& url, const std::string& bytes) override {
    if (is_down) return Error(ErrorCode::kUnavailable, "endpoint: is down; try again");
    urls.push_back(url);
    reports.push_back(bytes);
    return {};
  }
  bool is_down = false;
  std::vector<std::string> urls;
  std::vector<std::string> reports;
};

class TelemetryTest : public testing::Test {
 protected:
  void add(int count, int64_t now = kNow) {
    const Observation observation = {AnswerKind::kChat, AnsweredBy::kLocal, 1.5, 0.2, 40, 90};
    for (int i = 0; i < count; ++i) EXPECT_TRUE(telemetry_.add({&observation, 1}, now).ok());
  }
  bool is_there() const { return std::filesystem::exists(path()); }
  std::filesystem::path path() const { return folder_.path() / "telemetry"; }

  TestFolder folder_;
  Telemetry telemetry_{path(), "1.2.3"};
};

// ---- consent ----

TEST(TelemetryConsent, WhoComesFirst) {
  using enum AdministratorRule;
  EXPECT_FALSE(decide_consent(false, kEachUser, false).is_given);
  EXPECT_EQ(decide_consent(false, kEachUser, false).by, ConsentBy::kNobodySaid);
  EXPECT_TRUE(decide_consent(false, kEachUser, true).is_given);
  EXPECT_EQ(decide_consent(false, kNobody, true).by, ConsentBy::kAdministrator);
  EXPECT_EQ(decide_consent(true, kEachUser, true).by, ConsentBy::kDoNotTrack);
  EXPECT_EQ(decide_consent(true, kNobody, true).by, ConsentBy::kDoNotTrack);
  for (const bool do_not_track : {false, true})
    for (const auto rule : {kEachUser, kNobody})
      for (const bool user : {false, true})
        EXPECT_EQ(decide_consent(do_not_track, rule, user).is_given,
                  !do_not_track && rule == kEachUser && user);
  EXPECT_TRUE(says_do_not_track("1"));
  EXPECT_TRUE(says_do_not_track("true"));
  EXPECT_FALSE(says_do_not_track("0"));
}

TEST(TelemetryConsent, TheAdministratorsFile) {
  const TestFolder folder;
  const auto file = folder.path() / "config.toml";
  EXPECT_EQ(read_administrator_rule(file).value(), AdministratorRule::kEachUser);
  const auto rule = [&](const char* text) {
    EXPECT_TRUE(write_file(file, text).ok());
    return read_administrator_rule(file);
  };
  EXPECT_EQ(rule("telemetry = \"off\"\n").value(), AdministratorRule::kNobody);
  EXPECT_EQ(rule("telemetry = \"user\"\n").value(), AdministratorRule::kEachUser);
  EXPECT_EQ(rule("").value(), AdministratorRule::kEachUser);
  for (const char* wrong : {"telemetry = \"on\"", "telemetry = true", "telemetri = \"off\"", "x"})
    EXPECT_FALSE(rule(wrong).ok()) << wrong;
}

TEST_F(TelemetryTest, WithoutConsentNothingIsKept) {
  add(3);
  EXPECT_FALSE(is_there());
  EXPECT_FALSE(telemetry_.endpoint().value());
  EXPECT_EQ(telemetry_.preview(kNow)->size(), 1u);
  EXPECT_FALSE(is_there());
  RememberingSender sender;
  EXPECT_EQ(telemetry_.send(sender, kNow).error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(sender.reports.empty());
}

TEST_F(TelemetryTest, AnAddressIsNeeded) {
  for (const char* wrong : {"", "edge", "http://edge.example", "ftp://x", "https://u@edge.example"})
    EXPECT_EQ(telemetry_.consent(wrong).error().code(), ErrorCode::kUsage) << wrong;
  EXPECT_FALSE(is_there());
  EXPECT_TRUE(telemetry_.consent("https://collector.example/otlp").ok());
  EXPECT_EQ(telemetry_.endpoint().value(), "https://collector.example/otlp");
}

TEST_F(TelemetryTest, WithdrawalDeletesEverything) {
  ASSERT_TRUE(telemetry_.consent(kEndpoint).ok());
  add(3, kNow);
  add(1, kNow + kWeekSeconds);
  EXPECT_EQ(telemetry_.waiting(kNow + kWeekSeconds).value(), 1);
  EXPECT_EQ(telemetry_.withdraw().value(), 1);
  EXPECT_FALSE(is_there());
  add(1);  // of a process that still runs
  EXPECT_FALSE(is_there());
  EXPECT_EQ(telemetry_.withdraw().value(), 0);
}

// ---- what is sent ----

TEST_F(TelemetryTest, ThePreviewIsWhatIsSent) {
  ASSERT_TRUE(telemetry_.consent(kEndpoint).ok());
  add(20);
  const auto running = telemetry_.preview(kNow).value();
  ASSERT_EQ(running.size(), 1u);
  RememberingSender sender;
  EXPECT_EQ(telemetry_.send(sender, kNow).value(), 0);  // the week is not over
  const int64_t later = kNow + kWeekSeconds;
  const auto shown = telemetry_.preview(later).value();
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0], running[0]);
  sender.is_down = true;
  EXPECT_FALSE(telemetry_.send(sender, later).ok());
  EXPECT_EQ(telemetry_.waiting(later).value(), 1);
  sender.is_down = false;
  EXPECT_EQ(telemetry_.send(sender, later).value(), 1);
  EXPECT_EQ(sender.reports, std::vector<std::string>{shown[0]});
  EXPECT_EQ(sender.urls, std::vector<std::string>{"http://127.0.0.1:4318/v1/metrics"});
  EXPECT_EQ(telemetry_.waiting(later).value(), 0);
}

TEST_F(TelemetryTest, TheQueueIsBoundedAndAClockThatGoesBackReportsNothingTwice) {
  ASSERT_TRUE(telemetry_.consent(kEndpoint).ok());
  for (int week = 0; week < 12; ++week) add(1, kNow + week * kWeekSeconds);
  const int64_t last = kNow + 11 * kWeekSeconds;
  EXPECT_EQ(telemetry_.waiting(last).value(), static_cast<int>(Telemetry::kQueueMax));
  const auto before = telemetry_.preview(last).value();
  add(1, kNow);  // the clock was set back by eleven weeks
  EXPECT_EQ(telemetry_.waiting(kNow).value(), static_cast<int>(Telemetry::kQueueMax));
  const auto after = telemetry_.preview(kNow).value();
  EXPECT_EQ(std::vector(after.begin(), after.end() - 1),
            std::vector(before.begin(), before.end() - 1));
}

TEST_F(TelemetryTest, DamagedCountsAreNamed) {
  ASSERT_TRUE(telemetry_.consent(kEndpoint).ok());
  add(1);
  const std::string good = read_file(path() / "week.json", 1 << 20).value();
  for (const std::string& bad :
       {std::string("{}"), std::string("["), good.substr(0, good.size() / 2), good + "x",
        std::string("{\"week\":99999999999,\"seed\":\"\",\"counts\":[]}")}) {
    ASSERT_TRUE(write_file(path() / "week.json", bad).ok());
    EXPECT_EQ(telemetry_.preview(kNow).error().code(), ErrorCode::kCorrupt) << bad;
  }
}

// ---- what the bytes say ----

// Answers of the same shape: the same tokens in the same time. Whatever was said in them, it has
// no way in, so that the counts and the bytes are the same.
TEST(TelemetryReport, SameShapesGiveTheSameBytes) {
  WeekCounts one, other;
  for (int i = 0; i < 30; ++i) {
    const Observation observation = {
        AnswerKind::kChat, AnsweredBy::kLocal, 0.1 * i, 0.01 * i, i, 2 * i};
    one.add(observation);
    other.add(observation);
  }
  const NoiseSeed seed = {7};
  EXPECT_EQ(report_bytes(one, 2900, seed, "1"), report_bytes(other, 2900, seed, "1"));
  static_assert(std::is_trivially_copyable_v<Observation>);  // no text, no pointer to one
}

TEST(TelemetryReport, HasNoIdentifierAndNoTimeButTheWeeks) {
  WeekCounts counts;
  counts.add(Observation{AnswerKind::kChat, AnsweredBy::kRemote, 1.5, 0.2, 40, 90});
  const std::string bytes = report_bytes(counts, week_of(kNow), NoiseSeed{1}, "1.2.3");
  EXPECT_EQ(bytes.find('\n'), std::string::npos);
  const Json document = Json::parse(bytes);
  const Json& resource = document["resourceMetrics"][0]["resource"]["attributes"];
  std::vector<std::string> keys;
  for (const Json& attribute : resource) keys.push_back(attribute["key"]);
  EXPECT_EQ(keys,
            (std::vector<std::string>{"service.name", "service.version",
                                      "hearth.epsilon_per_answer", "hearth.epsilon_per_week"}));
  int points = 0;
  for (const Json& metric : document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]) {
    for (const Json& point : metric["histogram"]["dataPoints"]) {
      ++points;
      EXPECT_EQ(point["startTimeUnixNano"],
                std::to_string(week_of(kNow) * kWeekSeconds) + "000000000");
      EXPECT_EQ(point["bucketCounts"].size(), point["explicitBounds"].size() + 1);
      int total = 0;
      for (const Json& count : point["bucketCounts"]) total += std::stoi(count.get<std::string>());
      EXPECT_EQ(point["count"], std::to_string(total));
      EXPECT_LE(total, 1);
    }
  }
  EXPECT_EQ(points, static_cast<int>(kSeries));
}

TEST(TelemetryReport, AWeekIsOneTypicalBucket) {
  WeekCounts counts;
  EXPECT_FALSE(counts.typical_bucket(Series::kChatSeconds));
  for (const double seconds : {0.005, 3.0, 3.5, 100.0}) counts.add(Series::kChatSeconds, seconds);
  EXPECT_EQ(counts.typical_bucket(Series::kChatSeconds), 9u);  // above 2.56, up to 5.12
  for (int i = 0; i < 10; ++i) counts.add(Series::kLocalAnswers, 1);
  EXPECT_EQ(counts.typical_bucket(Series::kLocalAnswers), 1u);  // 10 to 99
  counts.add(Series::kInputTokens, 16);
  EXPECT_EQ(counts.typical_bucket(Series::kInputTokens), 2u);  // bounds belong to the bucket below
}

// The promise: whatever the truth, no told answer is more than e^epsilon times as likely as under
// another truth; and the true one is told as often as the formula says.
TEST(TelemetryReport, NoiseIsAsPromised) {
  constexpr int kDraws = 60'000;
  constexpr std::size_t kBuckets = 4;
  std::map<int, std::map<int, int>> told;  // by truth; -1: none
  for (const int truth : {-1, 0, 3}) {
    for (int i = 0; i < kDraws; ++i) {
      NoiseSeed seed = {static_cast<unsigned char>(i), static_cast<unsigned char>(i >> 8),
                        static_cast<unsigned char>(i >> 16)};
      const auto bucket = told_bucket(truth < 0 ? std::nullopt : std::optional<std::size_t>(truth),
                                      kBuckets, seed, Series::kLocalAnswers);
      ++told[truth][bucket ? static_cast<int>(*bucket) : -1];
    }
    const double e = std::exp(kEpsilonPerAnswer);
    for (int answer = -1; answer < static_cast<int>(kBuckets); ++answer) {
      const double expected = (answer == truth ? e : 1) / (e + kBuckets);
      EXPECT_NEAR(told[truth][answer] / double{kDraws}, expected, 0.01) << truth << " " << answer;
    }
  }
}

}  // namespace
}  // namespace hearth
