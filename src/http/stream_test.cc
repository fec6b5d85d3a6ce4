// SPDX-License-Identifier: Apache-2.0
#include "http/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <optional>

namespace hearth {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A stream and the bare other end of its connection.
class HttpStream : public ::testing::Test {
 protected:
  void SetUp() override {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    other_ = pair[1];
    stream_.emplace(
        PlainStream::Socket(context_, asio::generic::stream_protocol(AF_UNIX, 0), pair[0]));
  }
  void TearDown() override { ::close(other_); }

  asio::io_context context_;
  std::optional<PlainStream> stream_;
  int other_ = -1;
};

TEST_F(HttpStream, SendsPiecesTogetherAndInOrder) {
  const std::string long_piece(100'000, 'x');
  const std::array<asio::const_buffer, 6> pieces = {
      asio::buffer("5\r\n", 3), asio::const_buffer(),     asio::buffer("hello", 5),
      asio::buffer("\r\n", 2),  asio::buffer(long_piece), asio::buffer("end", 3)};
  std::string got;
  std::optional<error_code> done;
  asio::async_write(*stream_, pieces, [&](error_code error, std::size_t) { done = error; });
  std::array<char, 40'000> data{};
  while (!done || got.size() < 13 + long_piece.size()) {
    context_.poll();
    context_.restart();
    const ssize_t bytes = ::recv(other_, data.data(), data.size(), MSG_DONTWAIT);
    if (bytes > 0) got.append(data.data(), static_cast<std::size_t>(bytes));
  }
  EXPECT_FALSE(*done);
  EXPECT_EQ(got, "5\r\nhello\r\n" + long_piece + "end");
}

TEST_F(HttpStream, OneWriteOfSmallPiecesIsOnePacket) {
  const std::array<asio::const_buffer, 3> pieces = {asio::buffer("a", 1), asio::buffer("b", 1),
                                                    asio::buffer("c", 1)};
  std::size_t sent = 0;
  stream_->async_write_some(pieces, [&](error_code, std::size_t bytes) { sent = bytes; });
  context_.run();
  EXPECT_EQ(sent, 3u);
}

TEST_F(HttpStream, ReadsIntoTheFirstBufferThatIsNotEmpty) {
  std::array<char, 4> into{};
  const std::array<asio::mutable_buffer, 2> buffers = {asio::mutable_buffer(), asio::buffer(into)};
  ASSERT_EQ(::send(other_, "abc", 3, 0), 3);
  std::size_t got = 0;
  stream_->async_read_some(buffers, [&](error_code, std::size_t bytes) { got = bytes; });
  context_.run();
  EXPECT_EQ(got, 3u);
  EXPECT_EQ(into[2], 'c');
}

TEST_F(HttpStream, AReadThatIsLateFailsAndClosesTheSocket) {
  std::array<char, 4> into{};
  std::optional<error_code> done;
  stream_->expires_after(std::chrono::milliseconds(20));
  stream_->async_read_some(asio::buffer(into),
                           [&](error_code error, std::size_t) { done = error; });
  context_.run();
  EXPECT_EQ(*done, boost::beast::error::timeout);
  EXPECT_FALSE(stream_->socket().is_open());
}

// Between reads and writes time does not count; a deadline that is set anew replaces the old one.
TEST_F(HttpStream, ADeadlineHoldsForReadsAndWritesOnly) {
  std::array<char, 4> into{};
  std::optional<error_code> done;
  stream_->expires_after(std::chrono::milliseconds(20));
  ASSERT_EQ(::send(other_, "a", 1, 0), 1);
  stream_->async_read_some(asio::buffer(into),
                           [&](error_code error, std::size_t) { done = error; });
  context_.run();  // returns once the timer has woken with nothing under way
  EXPECT_FALSE(*done);
  EXPECT_TRUE(stream_->socket().is_open());
  done.reset();
  stream_->expires_never();
  stream_->async_read_some(asio::buffer(into),
                           [&](error_code error, std::size_t) { done = error; });
  context_.restart();
  context_.run_for(std::chrono::milliseconds(60));
  EXPECT_FALSE(done);
  stream_->cancel();
  context_.restart();
  context_.run();
  EXPECT_EQ(*done, asio::error::operation_aborted);
}

TEST_F(HttpStream, ALaterDeadlineIsWaitedFor) {
  std::array<char, 4> into{};
  std::optional<error_code> done;
  stream_->expires_after(std::chrono::milliseconds(10));
  stream_->async_read_some(asio::buffer(into),
                           [&](error_code error, std::size_t) { done = error; });
  stream_->expires_after(std::chrono::milliseconds(80));
  context_.run_for(std::chrono::milliseconds(40));
  EXPECT_FALSE(done);
  context_.restart();
  context_.run();
  EXPECT_EQ(*done, boost::beast::error::timeout);
}

}  // namespace
}  // namespace hearth
