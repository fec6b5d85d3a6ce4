// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <system_error>

#include "base/strings.h"
#include "http/session.h"

namespace hearth {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// OpenSSL: TLS 1.2 and later, nothing weak.
Result<std::unique_ptr<asio::ssl::context>> load_tls(const HttpOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return Error(ErrorCode::kUsage,
                 "TLS: a certificate needs its key, and a key its certificate; give both");
  }
  if (options.tls_certificate.empty()) return std::unique_ptr<asio::ssl::context>();
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
  error_code error;
  context->use_certificate_chain_file(options.tls_certificate, error);
  if (error) {
    return Error(ErrorCode::kNotFound,
                 concat("TLS certificate ", printable(options.tls_certificate), ": ",
                        error.message(), "; give a PEM file that can be read"));
  }
  context->use_private_key_file(options.tls_key, asio::ssl::context::pem, error);
  if (error) {
    return Error(ErrorCode::kUsage,
                 concat("TLS key ", printable(options.tls_key), ": ", error.message(),
                        "; give the certificate's own, as a PEM file that can be read"));
  }
  return context;
}

Error cannot_listen(std::string_view address, const error_code& error) {
  return Error(ErrorCode::kUnavailable,
               concat("listen: ", printable(address), ": ", error.message(),
                      "; choose another with --port or --host"));
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl() : acceptor_(context_), drain_timer_(context_) {}

  Result<void> listen(const HttpOptions& options, HttpHandler handler) {
    shared_->limits = options.limits;
    shared_->handler = std::move(handler);
    shared_->refusal_body = options.refusal_body;
    shared_->on_answered = options.on_answered;
    HEARTH_ASSIGN(shared_->tls, load_tls(options));
    scheme_ = shared_->tls == nullptr ? "http" : "https";
    if (options.listening_fd) return take_over(*options.listening_fd);
    if (!options.unix_path.empty()) return listen_unix(options.unix_path);
    return listen_tcp(options);
  }

  ~Impl() {
    if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
  }

  void run(std::chrono::milliseconds drain_time) {
    drain_time_ = drain_time;
    asio::co_spawn(context_, accept(), asio::detached);
    context_.run();
  }

  void stop() {
    asio::post(context_, [this] {
      shared_->is_stopping = true;
      error_code ignored;
      acceptor_.close(ignored);
      for (PlainStream* stream : shared_->idle) stream->cancel();
      drain_timer_.expires_after(drain_time_);
      drain_timer_.async_wait([this](error_code) { context_.stop(); });
      end_when_drained();
    });
  }

  std::string address_;
  uint16_t port_ = 0;
  std::shared_ptr<HttpShared> shared_ = std::make_shared<HttpShared>();

 private:
  Result<void> listen_tcp(const HttpOptions& options) {
    error_code error;
    const auto host = options.host == "localhost"
                          ? asio::ip::address(asio::ip::address_v4::loopback())
                          : asio::ip::make_address(options.host, error);
    if (error) {
      return Error(ErrorCode::kUsage, concat("host \"", printable(options.host),
                                             "\": is no address; give one, as 127.0.0.1"));
    }
    const asio::ip::tcp::endpoint endpoint(host, options.port);
    const std::string shown =
        concat(host.is_v6() ? "[" : "", host.to_string(), host.is_v6() ? "]" : "");
    HEARTH_TRY(bind(endpoint, concat(shown, ":", options.port)));
    asio::ip::tcp::endpoint bound;
    std::size_t size = bound.capacity();
    socklen_t length = static_cast<socklen_t>(size);
    if (::getsockname(acceptor_.native_handle(), bound.data(), &length) == 0) {
      bound.resize(length);
      port_ = bound.port();
    }
    address_ = concat(scheme_, "://", shown, ":", port_);
    return {};
  }

  Result<void> listen_unix(const std::string& path) {
    if (path.size() >= sizeof(sockaddr_un::sun_path))
      return Error(ErrorCode::kUsage, concat("socket ", printable(path), ": the path is too long"));
    remove_dead_socket(path);
    HEARTH_TRY(bind(asio::local::stream_protocol::endpoint(path), path));
    ::chmod(path.c_str(), 0600);
    unix_path_ = path;
    address_ = concat("unix:", path);
    return {};
  }

  // A socket file that nobody listens on any more, as a killed server leaves it.
  void remove_dead_socket(const std::string& path) {
    if (!std::filesystem::is_socket(path)) return;
    asio::local::stream_protocol::socket probe(context_);
    error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(path), error);
    if (error == asio::error::connection_refused) ::unlink(path.c_str());
  }

  template <typename Endpoint>
  Result<void> bind(const Endpoint& endpoint, std::string_view shown) {
    error_code error;
    acceptor_.open(asio::generic::stream_protocol(endpoint.protocol()), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error)
      acceptor_.bind(asio::generic::stream_protocol::endpoint(endpoint.data(), endpoint.size()),
                     error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return cannot_listen(shown, error);
    return {};
  }

  // A socket that systemd opened (sd_listen_fds(3)).
  Result<void> take_over(int fd) {
    sockaddr_storage name = {};
    socklen_t length = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) {
      return Error(ErrorCode::kUsage,
                   concat("socket ", fd,
                          ": is none that this process was given; start it by its "
                          "socket unit"));
    }
    error_code error;
    acceptor_.assign(asio::generic::stream_protocol(name.ss_family, 0), fd, error);
    if (error) return cannot_listen(concat("socket ", fd), error);
    address_ = concat(scheme_, " on socket ", fd);
    return {};
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kAwait);
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
      if (error) {  // too many open files, or the like: others may end meanwhile
        co_await pause();
        continue;
      }
      while (shared_->connections >= shared_->limits.connections && acceptor_.is_open())
        co_await pause();
      if (!acceptor_.is_open()) co_return;
      const int on = 1;  // no use on a Unix socket, and no harm
      ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      asio::co_spawn(context_, serve_connection(shared_, PlainStream(std::move(socket))),
                     asio::detached);
    }
  }

  asio::awaitable<void> pause() {
    asio::steady_timer timer(context_, std::chrono::milliseconds(20));
    co_await timer.async_wait(kAwait);
  }

  void end_when_drained() {
    if (shared_->connections == 0) return context_.stop();
    auto timer = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds(20));
    timer->async_wait([this, timer](error_code) { end_when_drained(); });
  }

  asio::io_context context_{1};
  Acceptor acceptor_;
  asio::steady_timer drain_timer_;
  std::chrono::milliseconds drain_time_{0};
  std::string scheme_;
  std::string unix_path_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const HttpOptions& options,
                                                       HttpHandler handler) {
  auto impl = std::make_unique<Impl>();
  HEARTH_TRY(impl->listen(options, std::move(handler)));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

const std::string& HttpServer::address() const { return impl_->address_; }
uint16_t HttpServer::port() const { return impl_->port_; }
void HttpServer::run(std::chrono::milliseconds drain_time) { impl_->run(drain_time); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace hearth
