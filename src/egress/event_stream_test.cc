// SPDX-License-Identifier: Apache-2.0
#include "egress/event_stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace hearth {
namespace {

// The data of all events, whatever the size of the pieces.
std::vector<std::string> events_of(std::string_view bytes) {
  std::vector<std::string> all;
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EventStream stream(1000);
    std::vector<std::string> events;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto state = stream.push(bytes.substr(at, piece), [&](std::string_view data) {
        events.emplace_back(data);
        return true;
      });
      EXPECT_EQ(state, EventStream::State::kGoesOn);
    }
    if (piece > 1) {
      EXPECT_EQ(events, all) << piece;
    }
    all = events;
  }
  return all;
}

using Events = std::vector<std::string>;

TEST(EventStream, TakesDataOfEachEvent) {
  EXPECT_EQ(events_of("data: one\n\ndata:two\n\n"), (Events{"one", "two"}));
  EXPECT_EQ(events_of("data: a\ndata: b\n\n"), Events{"a\nb"});
  EXPECT_EQ(events_of("data\n\n"), Events{""});
  EXPECT_EQ(events_of("data:  two spaces\n\n"), Events{" two spaces"});
}

TEST(EventStream, KnowsAllThreeLineEnds) {
  EXPECT_EQ(events_of("data: a\r\n\r\ndata: b\r\rdata: c\n\n"), (Events{"a", "b", "c"}));
  EXPECT_EQ(events_of("data: a\r\ndata: b\r\n\r\n"), Events{"a\nb"});
}

TEST(EventStream, LeavesOutTheRest) {
  EXPECT_EQ(events_of("\xEF\xBB\xBF"
                      "data: a\n\n"),
            Events{"a"});
  EXPECT_EQ(events_of(": comment\nevent: x\nid: 1\nretry: 5\ndatum: y\ndata: a\n\n"), Events{"a"});
  EXPECT_EQ(events_of("\n\n\nevent: only\n\n"), Events{});
  EXPECT_EQ(events_of("data: not ended\n"), Events{});
}

TEST(EventStream, HoldsNoMoreThanItMay) {
  const auto ignore = [](std::string_view) { return true; };
  EventStream lines(100);
  EXPECT_EQ(lines.push(std::string(101, ':'), ignore), EventStream::State::kTooLong);
  EventStream data(100);
  EventStream::State state = EventStream::State::kGoesOn;
  for (int i = 0; i < 100 && state == EventStream::State::kGoesOn; ++i) {
    state = data.push("data: 123456789\n", ignore);
    EXPECT_LE(data.held_bytes(), 200u);
  }
  EXPECT_EQ(state, EventStream::State::kTooLong);
  EventStream comments(100);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(comments.push(": a comment that keeps the line open\n", ignore),
              EventStream::State::kGoesOn);
  }
}

TEST(EventStream, StopsWhereTheCalleeSaysSo) {
  EventStream stream(100);
  int count = 0;
  EXPECT_EQ(stream.push("data: 1\n\ndata: 2\n\ndata: 3\n\n",
                        [&](std::string_view) { return ++count < 2; }),
            EventStream::State::kStopped);
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace hearth
