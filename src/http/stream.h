// SPDX-License-Identifier: Apache-2.0
// A connection whose reads and writes are limited in time, as Beast's basic_stream, but that moves
// one buffer a call: by recv() and send(), never by recvmsg() and sendmsg(). A filter of system
// calls cannot look into a message's header, where an address and whole descriptors can stand, so
// the server gives those calls up (docs/decisions/0041-proof.md).
//
// Ownership: owns its socket. Threading: the server's thread.
#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/error.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace hearth {

class PlainStream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using executor_type = Socket::executor_type;
  using lowest_layer_type = Socket;  // for Asio's TLS

  explicit PlainStream(Socket socket) : state_(std::make_shared<State>(std::move(socket))) {}

  executor_type get_executor() { return state_->socket.get_executor(); }
  Socket& socket() { return state_->socket; }
  Socket& lowest_layer() { return state_->socket; }
  const Socket& lowest_layer() const { return state_->socket; }

  // A read or write that is under way then, or comes later, fails with beast::error::timeout, and
  // the socket is closed. Holds until it is set anew.
  void expires_after(std::chrono::steady_clock::duration time) {
    state_->deadline = std::chrono::steady_clock::now() + time;
  }
  void expires_never() { state_->deadline = kNever; }

  // Ends what is under way with operation_aborted.
  void cancel() {
    boost::system::error_code ignored;
    state_->socket.cancel(ignored);
  }

  // Fills the first of `buffers` that is not empty, or a part of it.
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, Signature>(
        Transfer<boost::asio::mutable_buffer>{state_,
                                              first_of<boost::asio::mutable_buffer>(buffers)},
        token, state_->socket);
  }

  // Sends a beginning of `buffers`. Small pieces are put together first: one call, one packet.
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, Signature>(
        Transfer<boost::asio::const_buffer>{state_, gather(buffers)}, token, state_->socket);
  }

 private:
  using Signature = void(boost::system::error_code, std::size_t);
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr TimePoint kNever = TimePoint::max();
  static constexpr std::size_t kGatheredBytesMax = 16 << 10;

  struct State {
    explicit State(Socket&& from) : socket(std::move(from)), timer(socket.get_executor()) {}

    Socket socket;
    boost::asio::steady_timer timer;
    TimePoint deadline = kNever;
    TimePoint wakes = kNever;  // when the timer does: it may be earlier than the deadline
    int under_way = 0;         // reads and writes
    bool is_over = false;      // the deadline passed
    std::string gathered;
  };

  // One read or write, as Asio's composed operations are written.
  template <typename Buffer>
  struct Transfer {
    std::shared_ptr<State> state;
    Buffer buffer;

    template <typename Self>
    void operator()(Self& self) {
      ++state->under_way;
      watch(state);
      Socket& socket = state->socket;
      const Buffer moved = buffer;  // `this` goes with `self`
      if constexpr (std::is_same_v<Buffer, boost::asio::mutable_buffer>) {
        socket.async_read_some(moved, std::move(self));
      } else {
        socket.async_write_some(moved, std::move(self));
      }
    }
    template <typename Self>
    void operator()(Self& self, boost::system::error_code error, std::size_t bytes) {
      --state->under_way;
      if (error && state->is_over) error = boost::beast::error::timeout;
      state.reset();
      self.complete(error, bytes);
    }
  };

  // Sees to it that the timer wakes by the deadline. Deadlines move on with each piece of an
  // answer; the timer is set anew only once it wakes.
  static void watch(const std::shared_ptr<State>& state) {
    if (state->wakes <= state->deadline) return;
    state->wakes = state->deadline;
    state->timer.expires_at(state->wakes);
    state->timer.async_wait([weak = std::weak_ptr<State>(state)](boost::system::error_code error) {
      const std::shared_ptr<State> here = weak.lock();
      if (error || here == nullptr) return;
      here->wakes = kNever;
      if (here->under_way == 0) return;
      if (here->deadline > std::chrono::steady_clock::now()) return watch(here);
      here->is_over = true;
      boost::system::error_code ignored;
      here->socket.close(ignored);
    });
  }

  template <typename Buffer, typename Buffers>
  static Buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto i = boost::asio::buffer_sequence_begin(buffers); i != end; ++i) {
      if (const Buffer buffer(*i); buffer.size() > 0) return buffer;
    }
    return Buffer();
  }

  template <typename Buffers>
  boost::asio::const_buffer gather(const Buffers& buffers) {
    const auto first = first_of<boost::asio::const_buffer>(buffers);
    const std::size_t bytes = boost::asio::buffer_size(buffers);
    if (first.size() == bytes || first.size() >= kGatheredBytesMax) return first;
    state_->gathered.resize(std::min(bytes, kGatheredBytesMax));
    boost::asio::buffer_copy(boost::asio::buffer(state_->gathered), buffers);
    return boost::asio::buffer(state_->gathered);
  }

  std::shared_ptr<State> state_;
};

}  // namespace hearth
