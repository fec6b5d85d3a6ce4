// SPDX-License-Identifier: Apache-2.0
#include "egress/broker.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "egress/launch.h"

namespace hearth {
namespace {

constexpr double kStartMsMax = 15000;  // longer than the broker itself waits
constexpr double kGraceMs = 2000;      // behind its timeout an ask waits for the broker's word
constexpr double kWriteMsMax = 5000;   // a broker that takes nothing for so long has failed
constexpr int kWritePollMs = 100;
constexpr double kCancelMsMax = 1000;  // likewise, behind a cancellation
constexpr double kEndMsMax = 2000;     // then the process is killed
constexpr std::size_t kReadBytes = 64 << 10;
constexpr int64_t kBytesPerToken = 4;  // for estimates

using Milliseconds = std::chrono::duration<double, std::milli>;

Clock::time_point after_ms(double ms) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(Milliseconds(ms));
}

int64_t estimated_tokens(std::size_t bytes) {
  return (static_cast<int64_t>(bytes) + kBytesPerToken - 1) / kBytesPerToken;
}

std::string absolute_path(const std::filesystem::path& folder, const std::string& file) {
  return file.empty() ? file : (folder / file).lexically_normal().string();
}

constexpr std::string_view kGone = "egress: the broker has ended; restart hearth to ask others";

}  // namespace

std::vector<BrokerTarget> broker_targets(const Policy& policy) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(policy.file, error).parent_path();
  std::vector<BrokerTarget> targets;
  for (const RemoteTarget& remote : policy.targets) {
    BrokerTarget target;
    target.name = remote.name;
    target.url = remote.url;
    target.timeout_ms = static_cast<uint32_t>(remote.timeout_ms);
    target.key_file = absolute_path(folder, remote.key_file);
    target.ca_file = absolute_path(folder, remote.ca_file);
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<std::filesystem::path> broker_program() {
  std::error_code error;
  const auto ours = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return Error(ErrorCode::kUnavailable,
                 concat("egress: /proc/self/exe: ", error.message(), "; mount /proc"));
  }
  return ours.parent_path() / "hearth-egress";
}

Result<std::unique_ptr<Broker>> Broker::start(const std::filesystem::path& program,
                                              const Policy& policy) {
  return start(program, broker_targets(policy));
}

Result<std::unique_ptr<Broker>> Broker::start(const std::filesystem::path& program,
                                              const std::vector<BrokerTarget>& targets) {
  HEARTH_ASSIGN(LaunchedBroker launched, launch_broker(program));
  std::unique_ptr<Broker> broker(new Broker(launched.process, std::move(launched.channel)));
  auto told = broker->tell(targets);
  if (!told.ok()) return std::move(told).error();
  return broker;
}

Result<void> Broker::tell(const std::vector<BrokerTarget>& targets) {
  const Error failed(ErrorCode::kUnavailable,
                     "egress: the broker ended before it was ready; run hearth-egress by itself to "
                     "see why, and install it anew");
  std::string frames;
  for (const BrokerTarget& target : targets) append_target(frames, target);
  append_frame(frames, FrameType::kStart, 0, {});
  if (!write(frames, kWriteMsMax)) return failed;
  const Deadline deadline = Deadline::after_ms(kStartMsMax);
  std::array<char, kReadBytes> buffer;
  while (!deadline.passed()) {
    HEARTH_ASSIGN(const std::optional<Frame> frame, frames_.next());
    if (frame && frame->type == FrameType::kReady) return {};
    if (frame) {
      HEARTH_ASSIGN(RefusedFrame refused, read_refused(*frame));
      return Error(refused.code, std::move(refused.message));
    }
    pollfd ready{channel_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(*deadline.remaining_ms()) + 1) <= 0) continue;
    const ssize_t count = ::read(channel_.get(), buffer.data(), buffer.size());
    if (count == 0 || (count < 0 && errno != EINTR)) return failed;
    if (count > 0) frames_.append({buffer.data(), static_cast<std::size_t>(count)});
  }
  return failed;
}

Broker::~Broker() {
  ::shutdown(channel_.get(), SHUT_RDWR);  // wakes the reader, and tells the broker
  if (reader_.joinable()) reader_.join();
  const Deadline deadline = Deadline::after_ms(kEndMsMax);
  while (::waitpid(process_, nullptr, WNOHANG) == 0) {
    if (deadline.passed()) {
      if (::kill(process_, SIGKILL) == 0) ::waitpid(process_, nullptr, 0);
      return;  // a locked process may not kill: the broker ends with it
    }
    ::poll(nullptr, 0, 1);
  }
}

// False once the channel takes no more, or not all in time: then it is given up, as half a frame
// cannot be taken back.
bool Broker::write(std::string_view bytes, double ms_max) {
  const Deadline deadline = Deadline::after_ms(ms_max);
  while (!bytes.empty()) {
    const ssize_t count =
        ::send(channel_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN && !deadline.passed()) {
      pollfd ready{channel_.get(), POLLOUT, 0};
      ::poll(&ready, 1, kWritePollMs);
    } else if (errno != EINTR) {
      ::shutdown(channel_.get(), SHUT_RDWR);
      return false;
    }
  }
  return true;
}

// The reader's thread.
void Broker::read_frames() {
  std::array<char, kReadBytes> buffer;
  while (true) {
    const ssize_t count = ::read(channel_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return give_up();
    frames_.append({buffer.data(), static_cast<std::size_t>(count)});
    while (true) {
      const auto frame = frames_.next();
      if (!frame.ok()) return give_up();
      if (!frame->has_value()) break;
      if (!take_frame(**frame)) return give_up();
    }
  }
}

void Broker::give_up() {
  ::shutdown(channel_.get(), SHUT_RDWR);
  const std::lock_guard lock(mutex_);
  is_gone_ = true;
  changed_.notify_all();
}

// False where the broker does not keep to what was agreed.
bool Broker::take_frame(const Frame& frame) {
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find(frame.ask);
  if (frame.type == FrameType::kText) {
    if (found == pending_.end()) return true;  // nobody waits for it any more
    Pending& pending = found->second;
    if (pending.done || pending.text.size() + frame.payload.size() > pending.answer_bytes_max ||
        find_invalid_utf8(frame.payload)) {
      return false;
    }
    pending.text += frame.payload;
  } else if (frame.type == FrameType::kDone) {
    auto done = read_done(frame);
    if (!done.ok()) return false;
    if (found != pending_.end()) found->second.done = std::move(done).value();
  } else {
    return false;
  }
  changed_.notify_all();
  return true;
}

// One ask() from its begin to its end.
class Broker::Call {
 public:
  Call(Broker& broker, const RemoteAsk& ask, const std::function<bool(std::string_view)>& on_text,
       std::stop_token stop)
      : broker_(broker),
        ask_(ask),
        on_text_(on_text),
        stop_(std::move(stop)),
        timeout_ms_(std::clamp(ask.timeout_ms, 0.0, static_cast<double>(kTimeoutMsMax))) {}

  RemoteResult run() {
    if (check() && enter()) {
      if (send()) receive();
      leave();
    }
    finish();
    return std::move(result_);
  }

 private:
  bool check();
  bool enter();
  bool send();
  void receive();
  bool take(std::string text);
  void take_done(DoneFrame done);
  void cancel(RemoteFault fault, std::string_view why);
  void leave();
  void finish();
  bool fail(RemoteFault fault, std::string text) {
    result_.fault = fault;
    result_.text = std::move(text);
    return false;
  }
  bool fail_here(RemoteFault fault, std::string_view why) {
    return fail(fault, concat("target ", printable(ask_.target), ": ", why));
  }

  Broker& broker_;
  const RemoteAsk& ask_;
  const std::function<bool(std::string_view)>& on_text_;
  std::stop_token stop_;
  double timeout_ms_;
  Stopwatch watch_;
  uint32_t id_ = 0;
  RemoteResult result_;
  std::optional<int64_t> prompt_tokens_;
  std::optional<int64_t> answer_tokens_;
};

bool Broker::Call::check() {
  if (ask_.body.get().size() > kAskBodyBytesMax) {
    return fail_here(RemoteFault::kTooLarge, concat("the question has more than ", kAskBodyBytesMax,
                                                    " bytes; make it shorter"));
  }
  if (timeout_ms_ < 1.0) {
    return fail_here(RemoteFault::kTimeout, "no time was left to ask it; allow more");
  }
  return true;
}

// Waits for a place among those that ask.
bool Broker::Call::enter() {
  std::unique_lock lock(broker_.mutex_);
  const bool has_place = broker_.changed_.wait_until(lock, stop_, after_ms(timeout_ms_), [&] {
    return broker_.is_gone_ || broker_.pending_.size() < kAsksAtOnceMax;
  });
  if (stop_.stop_requested()) return fail_here(RemoteFault::kCancelled, "was stopped; ask again");
  if (broker_.is_gone_) return fail(RemoteFault::kBrokerGone, std::string(kGone));
  if (!has_place) {
    return fail_here(RemoteFault::kTimeout, "too many questions are out; allow more time");
  }
  do {
    id_ = ++broker_.last_ask_;
  } while (id_ == 0 || broker_.pending_.contains(id_));
  broker_.pending_[id_].answer_bytes_max = std::min(ask_.answer_bytes_max, kAnswerBytesMax);
  if (!broker_.reader_.joinable()) {
    broker_.reader_ = std::thread([broker = &broker_] { broker->read_frames(); });
  }
  return true;
}

// In frames of their own turns, so that others need not wait for a long question.
bool Broker::Call::send() {
  const std::string& body = ask_.body.get();
  AskFrame fields;
  fields.target = ask_.target;
  fields.timeout_ms = static_cast<uint32_t>(std::max(1.0, timeout_ms_ - watch_.elapsed_ms()));
  fields.answer_bytes_max = std::min(ask_.answer_bytes_max, kAnswerBytesMax);
  fields.body_bytes = body.size();
  std::string frames;
  append_ask(frames, id_, fields);
  for (std::size_t at = 0;; at += kFramePayloadMax) {
    append_body(frames, id_,
                std::string_view(body).substr(std::min(at, body.size()), kFramePayloadMax));
    {
      const std::lock_guard lock(broker_.write_mutex_);
      const double ms = std::max(0.0, timeout_ms_ - watch_.elapsed_ms()) + kGraceMs;
      if (!broker_.write(frames, std::min(ms, kWriteMsMax)))
        return fail(RemoteFault::kBrokerGone, std::string(kGone));
    }
    result_.bytes_sent = static_cast<int64_t>(body.size());  // until the broker says
    if (at + kFramePayloadMax >= body.size()) return true;
    frames.clear();
  }
}

void Broker::Call::receive() {
  const auto deadline = after_ms(timeout_ms_ - watch_.elapsed_ms() + kGraceMs);
  std::unique_lock lock(broker_.mutex_);
  Pending& pending = broker_.pending_[id_];
  while (true) {
    broker_.changed_.wait_until(lock, stop_, deadline, [&] {
      return !pending.text.empty() || pending.done || broker_.is_gone_;
    });
    if (stop_.stop_requested()) {
      lock.unlock();
      return cancel(RemoteFault::kCancelled, "was stopped; ask again");
    }
    if (!pending.text.empty()) {
      std::string text = std::exchange(pending.text, {});
      lock.unlock();
      if (!take(std::move(text))) return;
      lock.lock();
    } else if (pending.done) {
      return take_done(std::move(*pending.done));
    } else if (broker_.is_gone_) {
      fail(RemoteFault::kBrokerGone, std::string(kGone));
      return;
    } else {
      lock.unlock();
      return cancel(RemoteFault::kTimeout, "the broker did not answer in time; restart hearth");
    }
  }
}

// False where it was the last that is wanted.
bool Broker::Call::take(std::string text) {
  if (result_.first_token_ms == 0.0) result_.first_token_ms = watch_.elapsed_ms();
  if (result_.answer.size() + text.size() > ask_.answer_bytes_max) {
    cancel(RemoteFault::kTooLarge, "answered with more than was allowed; ask for fewer tokens");
    return false;
  }
  result_.answer += text;
  if (!on_text_ || on_text_(text)) return true;
  cancel(RemoteFault::kCancelled, "was stopped; ask again");
  return false;
}

void Broker::Call::take_done(DoneFrame done) {
  result_.fault = done.fault;
  result_.text = std::move(done.text);
  result_.http_status = done.http_status;
  result_.finish_reason = std::move(done.finish_reason);
  result_.bytes_sent = std::min(done.bytes_sent, static_cast<int64_t>(ask_.body.get().size()));
  prompt_tokens_ = done.prompt_tokens;
  answer_tokens_ = done.answer_tokens;
}

// Tells the broker, and waits a moment for it to say how much had left.
void Broker::Call::cancel(RemoteFault fault, std::string_view why) {
  std::string frame;
  append_frame(frame, FrameType::kCancel, id_, {});
  bool told = false;
  {
    const std::lock_guard lock(broker_.write_mutex_);
    told = broker_.write(frame, kGraceMs);
  }
  if (told) {
    std::unique_lock lock(broker_.mutex_);
    Pending& pending = broker_.pending_[id_];
    broker_.changed_.wait_until(lock, after_ms(kCancelMsMax), [&] {
      pending.text.clear();
      return pending.done || broker_.is_gone_;
    });
    if (pending.done) take_done(std::move(*pending.done));
  }
  fail_here(fault, why);
}

void Broker::Call::leave() {
  const std::lock_guard lock(broker_.mutex_);
  broker_.pending_.erase(id_);
  broker_.changed_.notify_all();
}

void Broker::Call::finish() {
  result_.is_estimated = !prompt_tokens_ || !answer_tokens_;
  result_.prompt_tokens =
      prompt_tokens_.value_or(estimated_tokens(static_cast<std::size_t>(result_.bytes_sent)));
  result_.answer_tokens = answer_tokens_.value_or(estimated_tokens(result_.answer.size()));
  result_.total_ms = watch_.elapsed_ms();
}

RemoteResult Broker::ask(const RemoteAsk& ask, const std::function<bool(std::string_view)>& on_text,
                         std::stop_token stop) {
  return Call(*this, ask, on_text, std::move(stop)).run();
}

}  // namespace hearth
