// SPDX-License-Identifier: Apache-2.0
#include "egress/frames.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace hearth {
namespace {

// All frames of `bytes`, which come `piece` at a time: "type/ask/payload" each.
std::vector<std::string> read_all(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::vector<std::string> frames;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    reader.append(bytes.substr(0, piece));
    while (true) {
      const auto frame = reader.next();
      if (!frame.ok()) {
        frames.push_back(frame.error().message());
        return frames;
      }
      if (!frame->has_value()) break;
      frames.push_back(std::to_string(static_cast<int>((*frame)->type)) + "/" +
                       std::to_string((*frame)->ask) + "/" + std::string((*frame)->payload));
    }
  }
  return frames;
}

Frame only_frame(FrameReader& reader, std::string_view bytes) {
  reader.append(bytes);
  const auto frame = reader.next();
  EXPECT_TRUE(frame.ok() && frame->has_value());
  return frame.ok() ? frame->value_or(Frame{}) : Frame{};
}

TEST(Frames, AreFoundHoweverTheyAreCut) {
  std::string bytes;
  append_frame(bytes, FrameType::kText, 7, "blue");
  append_frame(bytes, FrameType::kCancel, 0xfffffffe, "");
  append_frame(bytes, FrameType::kBody, 1, std::string(300, 'b'));
  const std::vector<std::string> expected = {"18/7/blue", "5/4294967294/",
                                             "4/1/" + std::string(300, 'b')};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(read_all(bytes, piece), expected) << piece;
  }
}

TEST(Frames, ATooLongOneIsRefusedBeforeItIsThere) {
  const std::string header("\x01\x00\x01\x00\x12\x07\x00\x00\x00", kFrameHeaderBytes);
  const auto frames = read_all(header, 1);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_NE(frames[0].find("too long"), std::string::npos);
}

TEST(Frames, AnUnknownTypeIsRefused) {
  for (const char type : {'\x00', '\x06', '\x0f', '\x14', '\xff'}) {
    std::string header(kFrameHeaderBytes, '\0');
    header[4] = type;
    EXPECT_NE(read_all(header, 9).at(0).find("unknown type"), std::string::npos);
  }
}

TEST(Frames, AQuestionsNumberStandsWhereItBelongs) {
  for (const auto type : {FrameType::kTarget, FrameType::kStart, FrameType::kReady}) {
    std::string bytes;
    append_frame(bytes, type, 1, "");
    EXPECT_NE(read_all(bytes, 9).at(0).find("out of place"), std::string::npos);
  }
  for (const auto type : {FrameType::kAsk, FrameType::kCancel, FrameType::kDone}) {
    std::string bytes;
    append_frame(bytes, type, 0, "");
    EXPECT_NE(read_all(bytes, 9).at(0).find("out of place"), std::string::npos);
  }
}

TEST(Frames, TargetsAndQuestionsComeBackAsTheyWere) {
  BrokerTarget target;
  target.name = "edge";
  target.url = "https://edge.example:8443/v1";
  target.use = RemoteUse::kPlain;
  target.timeout_ms = 1234;
  target.key_file = "/home/o'neil/k\xc3\xa9y";
  std::string bytes;
  append_target(bytes, target);
  FrameReader targets;
  const auto read = read_target(only_frame(targets, bytes));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, target);

  const AskFrame ask{"edge", 250, 4096, 77};
  bytes.clear();
  append_ask(bytes, 3, ask);
  FrameReader asks;
  const Frame frame = only_frame(asks, bytes);
  EXPECT_EQ(frame.ask, 3u);
  const auto read_back = read_ask(frame);
  ASSERT_TRUE(read_back.ok());
  EXPECT_EQ(*read_back, ask);
}

TEST(Frames, EndsAndRefusalsComeBackAsTheyWere) {
  DoneFrame done;
  done.fault = RemoteFault::kHttpStatus;
  done.http_status = 503;
  done.bytes_sent = 123456789012;
  done.answer_tokens = 0;
  done.text = "target edge: answered with status 503 (it failed); try again later";
  done.finish_reason = "length";
  std::string bytes;
  append_done(bytes, 9, done);
  FrameReader ends;
  const auto read = read_done(only_frame(ends, bytes));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, done);

  bytes.clear();
  append_refused(bytes, Error(ErrorCode::kNotFound, "key_file /k\n: is not there; make it"));
  FrameReader refusals;
  const auto refused = read_refused(only_frame(refusals, bytes));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->code, ErrorCode::kNotFound);
  EXPECT_EQ(refused->message, "key_file /k\\x0a: is not there; make it");
}

TEST(Frames, FieldsThatAreCutTooLargeOrNoTextAreRefused) {
  std::string bytes;
  append_done(bytes, 9, DoneFrame{});
  const std::string payload = bytes.substr(kFrameHeaderBytes);
  const auto reads = [](std::string_view text) {
    return read_done({FrameType::kDone, 9, text}).ok();
  };
  EXPECT_TRUE(reads(payload));
  for (std::size_t i = 0; i < payload.size(); ++i) EXPECT_FALSE(reads(payload.substr(0, i))) << i;
  EXPECT_FALSE(reads(payload + "x"));
  std::string other = payload;
  other[0] = static_cast<char>(kRemoteFaultNames.size());
  EXPECT_FALSE(reads(other));
  other = payload;
  other[12] = '\x7f';  // of bytes_sent
  EXPECT_FALSE(reads(other));

  BrokerTarget target;
  target.name = "two\nlines";
  bytes.clear();
  append_target(bytes, target);
  FrameReader reader;
  EXPECT_FALSE(read_target(only_frame(reader, bytes)).ok());
}

TEST(Frames, LongTextGoesInPiecesOfWholeCharacters) {
  std::string text(kFramePayloadMax - 1, 'a');
  text += "\xc3\xa9 end";
  std::string bytes;
  append_text(bytes, 1, text);
  FrameReader reader;
  reader.append(bytes);
  std::string joined;
  int count = 0;
  for (auto frame = reader.next(); frame.ok() && frame->has_value(); frame = reader.next()) {
    EXPECT_FALSE(find_invalid_utf8((*frame)->payload));
    joined += (*frame)->payload;
    ++count;
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace hearth
