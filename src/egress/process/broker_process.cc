// SPDX-License-Identifier: Apache-2.0
#include "egress/process/broker_process.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/strings.h"
#include "egress/frames.h"
#include "egress/process/key_file.h"
#include "egress/process/transfers.h"
#include "guard/locked_bytes.h"
#include "lockdown/broker_lock.h"
#include "lockdown/lockdown.h"

namespace hearth {
namespace {

constexpr double kStartMsMax = 10000;
constexpr int kPollMs = 1000;
constexpr std::size_t kReadBytes = 64 << 10;
constexpr int kReadsAtOnce = 16;             // then answers get their turn
constexpr std::size_t kUnsentMax = 1 << 20;  // bytes; then no more is taken from endpoints
constexpr uint16_t kDnsPort = 53;

// A question whose body is on its way.
struct IncomingAsk {
  AskFrame fields;
  std::string body;
};

enum class Input { kOpen, kClosed };

class BrokerProcess {
 public:
  BrokerProcess(int channel, Proxies proxies) : channel_(channel), proxies_(proxies) {}

  Result<void> start();
  void run();
  void refuse(const Error& error);

 private:
  Result<void> read_targets();
  Result<void> check_target(BrokerTarget told);
  Result<void> lock() const;
  Input take_input();
  Result<void> take_frame(const Frame& frame);
  Result<void> take_ask(const Frame& frame);
  Result<void> take_body(const Frame& frame);
  void cancel(uint32_t ask);
  Input flush();

  int channel_;
  Proxies proxies_;
  LockedBytes keys_;
  std::vector<CheckedTarget> targets_;
  std::unique_ptr<Transfers> transfers_;  // behind what it borrows
  FrameReader reader_;
  std::map<uint32_t, IncomingAsk> incoming_;
  std::string out_;
};

Error violation(std::string_view what) {
  return Error(ErrorCode::kCorrupt, concat("egress channel: ", what, "; report this"));
}

// Bytes that are there, without waiting: 0 where none are, -1 once there never will be.
ssize_t receive(int channel, std::array<char, kReadBytes>& buffer) {
  const ssize_t count = ::recv(channel, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) return count;
  return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

Result<void> BrokerProcess::read_targets() {
  const Deadline deadline = Deadline::after_ms(kStartMsMax);
  std::array<char, kReadBytes> buffer;
  while (!deadline.passed()) {
    HEARTH_ASSIGN(const std::optional<Frame> frame, reader_.next());
    if (frame && frame->type == FrameType::kStart) return {};
    if (frame) {
      if (frame->type != FrameType::kTarget) return violation("no target where one is expected");
      if (targets_.size() == kBrokerTargetsMax) return violation("too many targets");
      HEARTH_ASSIGN(BrokerTarget told, read_target(*frame));
      HEARTH_TRY(check_target(std::move(told)));
      continue;
    }
    pollfd ready{channel_, POLLIN, 0};
    ::poll(&ready, 1, kPollMs);
    const ssize_t count = receive(channel_, buffer);
    if (count < 0) return violation("it ends before the start");
    reader_.append({buffer.data(), static_cast<std::size_t>(count)});
  }
  return violation("no start in time");
}

Result<void> BrokerProcess::check_target(BrokerTarget told) {
  const std::string name = concat("target ", printable(told.name));
  CheckedTarget target;
  auto endpoint = parse_endpoint_url(told.url);
  if (!endpoint.ok()) {
    return std::move(endpoint).error().with_context(name + ": its url");
  }
  target.endpoint = std::move(endpoint).value();
  target.post_url = post_url(target.endpoint, told.use);
  if (!told.key_file.empty()) {
    auto key = read_key_file(told.key_file, keys_);
    if (!key.ok()) return std::move(key).error().with_context(name);
    target.key = *key;
  }
  if (!told.ca_file.empty()) {
    auto opened = open_file(told.ca_file);
    if (!opened.ok()) return std::move(opened).error().with_context(name);
  }
  target.told = std::move(told);
  targets_.push_back(std::move(target));
  return {};
}

// What libc reads to look names up (it does so anew as networks change, and files in /etc are
// replaced, so that they cannot be named one by one), and certificates.
Result<void> BrokerProcess::lock() const {
  BrokerLock lock;
  lock.readable = {"/etc",
                   "/lib",
                   "/lib64",
                   "/usr/lib",
                   "/usr/lib64",
                   "/usr/share/ca-certificates",
                   "/usr/local/share/ca-certificates"};
  std::error_code error;
  const auto resolver = std::filesystem::canonical("/etc/resolv.conf", error);
  if (!error && resolver.string().starts_with("/run/")) {
    lock.readable.push_back(resolver.parent_path());
  }
  for (std::filesystem::path& path : certificate_paths()) lock.readable.push_back(std::move(path));
  for (const CheckedTarget& target : targets_) {
    if (!target.told.ca_file.empty()) lock.readable.emplace_back(target.told.ca_file);
    if (proxies_ == Proxies::kNone) lock.ports.push_back(target.endpoint.port);
  }
  if (proxies_ == Proxies::kNone) lock.ports.push_back(kDnsPort);
  return lock_broker(lock);
}

Result<void> BrokerProcess::start() {
  HEARTH_TRY(disable_core_dumps());  // before there is a key
  HEARTH_TRY(close_inherited_descriptors({channel_}));
  HEARTH_TRY(read_targets());
  HEARTH_ASSIGN(transfers_, Transfers::create(targets_));
  HEARTH_TRY(lock());
  append_frame(out_, FrameType::kReady, 0, {});
  return {};
}

void BrokerProcess::refuse(const Error& error) {
  append_refused(out_, error);
  flush();
}

void BrokerProcess::run() {
  while (true) {
    if (flush() == Input::kClosed) return;
    const bool is_full = out_.size() > kUnsentMax;
    if (is_full) {
      pollfd ready{channel_, POLLIN | POLLOUT, 0};
      ::poll(&ready, 1, kPollMs);
    } else {
      transfers_->wait(channel_, !out_.empty());
    }
    if (take_input() == Input::kClosed) return;
    if (!is_full) transfers_->perform(out_);
  }
}

Input BrokerProcess::take_input() {
  std::array<char, kReadBytes> buffer;
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t count = receive(channel_, buffer);
    if (count < 0) return Input::kClosed;
    if (count == 0) return Input::kOpen;
    reader_.append({buffer.data(), static_cast<std::size_t>(count)});
    while (true) {
      const auto frame = reader_.next();
      if (!frame.ok()) return Input::kClosed;
      if (!frame->has_value()) break;
      if (!take_frame(**frame).ok()) return Input::kClosed;
    }
  }
  return Input::kOpen;
}

Result<void> BrokerProcess::take_frame(const Frame& frame) {
  if (frame.type == FrameType::kAsk) return take_ask(frame);
  if (frame.type == FrameType::kBody) return take_body(frame);
  if (frame.type != FrameType::kCancel) return violation("a frame that is none of hearth's");
  cancel(frame.ask);
  return {};
}

Result<void> BrokerProcess::take_ask(const Frame& frame) {
  HEARTH_ASSIGN(AskFrame fields, read_ask(frame));
  if (incoming_.contains(frame.ask)) return violation("a question that has begun already");
  if (incoming_.size() + transfers_->count() >= 2 * kAsksAtOnceMax) {
    return violation("too many questions at once");
  }
  if (fields.body_bytes == 0) {
    transfers_->begin(frame.ask, fields, {}, out_);
    return {};
  }
  IncomingAsk& ask = incoming_[frame.ask];
  ask.fields = std::move(fields);
  ask.body.reserve(ask.fields.body_bytes);
  return {};
}

Result<void> BrokerProcess::take_body(const Frame& frame) {
  const auto found = incoming_.find(frame.ask);
  if (found == incoming_.end()) return {};  // it was cancelled
  IncomingAsk& ask = found->second;
  if (frame.payload.size() > ask.fields.body_bytes - ask.body.size()) {
    return violation("a question that is longer than it said");
  }
  ask.body += frame.payload;
  if (ask.body.size() < ask.fields.body_bytes) return {};
  transfers_->begin(frame.ask, ask.fields, std::move(ask.body), out_);
  incoming_.erase(found);
  return {};
}

void BrokerProcess::cancel(uint32_t ask) {
  if (const auto found = incoming_.find(ask); found != incoming_.end()) {
    DoneFrame done;
    done.fault = RemoteFault::kCancelled;
    done.text = concat("target ", found->second.fields.target, ": was stopped; ask again");
    append_done(out_, ask, done);
    incoming_.erase(found);
    return;
  }
  transfers_->cancel(ask, out_);
}

Input BrokerProcess::flush() {
  while (!out_.empty()) {
    const ssize_t count = ::send(channel_, out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? Input::kOpen : Input::kClosed;
    out_.erase(0, static_cast<std::size_t>(count));
  }
  return Input::kOpen;
}

}  // namespace

int run_broker(int channel, Proxies proxies) {
  BrokerProcess broker(channel, proxies);
  if (const auto started = broker.start(); !started.ok()) {
    broker.refuse(started.error());
    return 1;
  }
  broker.run();
  return 0;
}

}  // namespace hearth
