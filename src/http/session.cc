// SPDX-License-Identifier: Apache-2.0
#include "http/session.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <random>

#include "base/clock.h"

namespace hearth {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using TlsStream = beast::ssl_stream<PlainStream>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

PlainStream& plain(PlainStream& stream) { return stream; }
PlainStream& plain(TlsStream& stream) { return stream.next_layer(); }

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Of the client where it is short and plain, else drawn.
std::string request_id(std::string_view given) {
  constexpr std::size_t kBytesMax = 64;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (!given.empty() && given.size() <= kBytesMax &&
      std::all_of(given.begin(), given.end(), is_plain))
    return std::string(given);
  static thread_local std::random_device device;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id = "req-";
  for (int i = 0; i < 6; ++i) {
    const unsigned bits = device();
    for (int shift = 0; shift < 16; shift += 4) id += kHex[bits >> shift & 15];
  }
  return id;
}

std::shared_ptr<HttpRequest> convert(http::request<http::string_body>&& from) {
  auto request = std::make_shared<HttpRequest>();
  request->method = std::string(from.method_string());
  const std::string_view target(from.target().data(), from.target().size());
  request->path = target.substr(0, target.find('?'));
  for (const auto& field : from) {
    request->headers.emplace_back(
        lower_case({field.name_string().data(), field.name_string().size()}),
        std::string(field.value()));
  }
  request->id = request_id(request->header("x-request-id"));
  request->body = std::move(from.body());
  return request;
}

// What is said to a client whose request cannot be read.
struct Refusal {
  int status;
  std::string_view message;
};

Refusal refusal_for(error_code error) {
  if (error == http::error::header_limit)
    return {431, "headers: are too large; send fewer or shorter ones"};
  if (error == http::error::body_limit) return {413, "body: is too large; send less"};
  if (error == beast::error::timeout) return {408, "request: came too slowly; send it faster"};
  return {400, "request: is no HTTP/1.1; correct it"};
}

template <typename Stream>
class HttpSession {
 public:
  HttpSession(HttpShared& shared, Stream& stream)
      : shared_(shared), stream_(stream), wakeup_(stream.get_executor()) {}

  asio::awaitable<void> run() {
    for (bool is_first = true;; is_first = false) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
      parser.body_limit(shared_.limits.body_bytes);
      const error_code error = co_await read(parser, is_first);
      if (error == http::error::end_of_stream || is_gone(error)) co_return;
      if (error) {
        const Refusal refusal = refusal_for(error);
        co_await refuse(refusal.status, refusal.message);
        co_return;
      }
      const bool keeps = parser.keep_alive();
      version_ = parser.get().version();
      is_head_ = parser.get().method() == http::verb::head;
      if (!co_await answer(convert(parser.release())) || !keeps || shared_.is_stopping) co_return;
    }
  }

 private:
  static bool is_gone(error_code error) {
    return error == asio::error::connection_reset || error == asio::error::broken_pipe ||
           error == asio::error::operation_aborted || error == asio::error::eof;
  }

  asio::awaitable<error_code> read(http::request_parser<http::string_body>& parser, bool is_first) {
    if (const error_code error = co_await wait_for_request(is_first); error) co_return error;
    plain(stream_).expires_after(shared_.limits.header_time);
    if (const auto [error, bytes] =
            co_await http::async_read_header(stream_, buffer_, parser, kAwait);
        error) {
      co_return error;
    }
    if (parser.get()[http::field::expect] == "100-continue") {
      http::response<http::empty_body> go_on(http::status::continue_, parser.get().version());
      if (const auto [error, bytes] = co_await http::async_write(stream_, go_on, kAwait); error)
        co_return error;
    }
    plain(stream_).expires_after(shared_.limits.body_time);
    const auto [error, bytes] = co_await http::async_read(stream_, buffer_, parser, kAwait);
    co_return error;
  }

  // Until its first byte the connection is idle.
  asio::awaitable<error_code> wait_for_request(bool is_first) {
    if (buffer_.size() > 0) co_return error_code();
    const HttpLimits& limits = shared_.limits;
    plain(stream_).expires_after(is_first ? limits.header_time : limits.idle_time);
    shared_.idle.insert(&plain(stream_));
    const auto [error, bytes] =
        co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
    shared_.idle.erase(&plain(stream_));
    buffer_.commit(bytes);
    const bool is_over = error == beast::error::timeout;
    co_return is_over ? error_code(http::error::end_of_stream) : error;
  }

  asio::awaitable<void> refuse(int status, std::string_view message) {
    HttpReply::Pending pending;
    pending.status = status;
    pending.headers = {{"content-type", "application/json"}};
    pending.body = shared_.refusal_body(status, message);
    version_ = 11;
    is_head_ = false;
    co_await write_whole(pending, false);
  }

  // Has the handler answer, and sends that as it comes. False: the connection is of no more use.
  asio::awaitable<bool> answer(std::shared_ptr<const HttpRequest> request) {
    const auto executor = stream_.get_executor();
    auto* const timer = &wakeup_;
    const auto is_here = is_here_;
    auto reply = std::make_shared<HttpReply>([executor, timer, is_here] {
      asio::post(executor, [timer, is_here] {
        if (*is_here) timer->cancel();
      });
    });
    const Stopwatch since_asked;
    plain(stream_).expires_never();
    watch_for_end(reply);
    shared_.handler(request, reply);
    const bool is_sent = co_await send(*reply, request->id);
    if (!is_sent) reply->set_gone();
    plain(stream_).socket().cancel();  // the watch
    if (shared_.on_answered) {
      const int status = reply->status();
      shared_.on_answered(*request, status == 0 ? kStatusGone : status, since_asked.elapsed_ms());
    }
    co_return is_sent;
  }

  // A client that closes while it waits wants no answer any more.
  void watch_for_end(std::shared_ptr<HttpReply> reply) {
    auto& socket = plain(stream_).socket();
    socket.async_wait(asio::socket_base::wait_read, [reply, &socket](error_code error) {
      if (error) return;  // cancelled, as the answer is sent
      char byte;
      const ssize_t read = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      if (read == 0 || (read < 0 && errno != EAGAIN && errno != EINTR)) {
        reply->set_gone();
        reply->write("");  // wakes who sends
      }
    });
  }

  asio::awaitable<bool> send(HttpReply& reply, const std::string& id) {
    bool has_begun = false;
    for (;;) {
      HttpReply::Pending pending = reply.take();
      if (reply.is_gone()) co_return false;
      if (pending.is_empty()) {
        wakeup_.expires_at(asio::steady_timer::time_point::max());
        co_await wakeup_.async_wait(kAwait);
        continue;
      }
      if (pending.has_head) {
        pending.headers.emplace_back("x-request-id", id);
        if (!pending.is_streamed) co_return co_await write_whole(pending, true);
        if (!co_await write_head(pending)) co_return false;
        has_begun = true;
      }
      if (has_begun && !pending.body.empty() && !is_head_ && !co_await write_piece(pending.body))
        co_return false;
      if (pending.is_over) co_return co_await write_end();
    }
  }

  template <typename Body>
  http::response<Body> head_of(const HttpReply::Pending& pending, bool keeps) const {
    http::response<Body> response;
    response.version(version_);
    response.result(static_cast<unsigned>(pending.status));
    response.set(http::field::server, "hearth");
    for (const auto& [name, value] : pending.headers) response.insert(name, value);
    response.keep_alive(keeps && !shared_.is_stopping);
    return response;
  }

  asio::awaitable<bool> write_whole(HttpReply::Pending& pending, bool keeps) {
    auto response = head_of<http::string_body>(pending, keeps);
    const std::size_t size = pending.body.size();
    if (!is_head_) response.body() = std::move(pending.body);
    response.prepare_payload();
    if (is_head_) response.content_length(size);
    plain(stream_).expires_after(shared_.limits.write_time);
    const auto [error, bytes] = co_await http::async_write(stream_, response, kAwait);
    co_return !error;
  }

  asio::awaitable<bool> write_head(const HttpReply::Pending& pending) {
    auto response = head_of<http::empty_body>(pending, version_ == 11);
    is_chunked_ = version_ == 11;
    response.chunked(is_chunked_);
    http::response_serializer<http::empty_body> serializer(response);
    plain(stream_).expires_after(shared_.limits.write_time);
    const auto [error, bytes] = co_await http::async_write_header(stream_, serializer, kAwait);
    co_return !error;
  }

  asio::awaitable<bool> write_piece(const std::string& piece) {
    plain(stream_).expires_after(shared_.limits.write_time);
    if (is_chunked_) {
      const auto [error, bytes] =
          co_await asio::async_write(stream_, http::make_chunk(asio::buffer(piece)), kAwait);
      co_return !error;
    }
    const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(piece), kAwait);
    co_return !error;
  }

  asio::awaitable<bool> write_end() {
    if (!is_chunked_ || is_head_) co_return false;
    plain(stream_).expires_after(shared_.limits.write_time);
    const auto [error, bytes] =
        co_await asio::async_write(stream_, http::make_chunk_last(), kAwait);
    co_return !error;
  }

  static constexpr std::size_t kReadBytes = 4096;
  static constexpr int kStatusGone = 499;  // as nginx says it

  HttpShared& shared_;
  Stream& stream_;
  asio::steady_timer wakeup_;
  // False once the session has gone: what a late wake() finds.
  std::shared_ptr<bool> is_here_ = std::make_shared<bool>(true);
  beast::flat_buffer buffer_;
  unsigned version_ = 11;
  bool is_head_ = false;
  bool is_chunked_ = false;

 public:
  ~HttpSession() { *is_here_ = false; }
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;
};

}  // namespace

asio::awaitable<void> serve_connection(std::shared_ptr<HttpShared> shared, PlainStream stream) {
  ++shared->connections;
  if (shared->tls == nullptr) {
    HttpSession<PlainStream> session(*shared, stream);
    co_await session.run();
    error_code ignored;
    stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  } else {
    TlsStream secured(std::move(stream), *shared->tls);
    plain(secured).expires_after(shared->limits.header_time);
    const auto [error] = co_await secured.async_handshake(asio::ssl::stream_base::server, kAwait);
    if (!error) {
      HttpSession<TlsStream> session(*shared, secured);
      co_await session.run();
      plain(secured).expires_after(shared->limits.write_time);
      co_await secured.async_shutdown(kAwait);
    }
  }
  --shared->connections;
}

}  // namespace hearth
