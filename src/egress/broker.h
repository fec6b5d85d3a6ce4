// SPDX-License-Identifier: Apache-2.0
// hearth's end of the channel to the broker, the process that connects
// (docs/decisions/0042-egress-broker.md). hearth itself only reads and writes the channel, which a
// lockdown allows.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/owned_fd.h"
#include "base/result.h"
#include "egress/frames.h"
#include "egress/remote.h"
#include "route/policy.h"

namespace hearth {

// A policy's targets as the broker is told of them: files are taken from the policy's folder.
std::vector<BrokerTarget> broker_targets(const Policy& policy);

// Where the broker's program lies: beside the one that runs. Errors: kUnavailable.
Result<std::filesystem::path> broker_program();

// Threading: ask() from any thread, many at once; start() and the end from the one thread that was
// there first, whose end ends the broker. No thread is started before the first ask().
class Broker final : public RemoteCaller {
 public:
  // Starts the process and tells it its targets; to be called before a lockdown, which must keep
  // descriptor(). Errors: kNotFound (no such program), kUnavailable (it cannot be started or
  // locked), kUsage, kCorrupt and others (a target's url, key_file or ca_file).
  static Result<std::unique_ptr<Broker>> start(const std::filesystem::path& program,
                                               const Policy& policy);
  static Result<std::unique_ptr<Broker>> start(const std::filesystem::path& program,
                                               const std::vector<BrokerTarget>& targets);
  // Ends the process. No ask() may be running.
  ~Broker() override;

  // Never blocks for much longer than its timeout, whatever becomes of the broker.
  RemoteResult ask(const RemoteAsk& ask, const std::function<bool(std::string_view)>& on_text,
                   std::stop_token stop) override;

  int descriptor() const { return channel_.get(); }
  pid_t process() const { return process_; }

 private:
  // One ask() that waits.
  struct Pending {
    std::size_t answer_bytes_max;
    std::string text;  // that came and was not taken
    std::optional<DoneFrame> done;
  };
  class Call;

  Broker(pid_t process, OwnedFd channel) : process_(process), channel_(std::move(channel)) {}

  Result<void> tell(const std::vector<BrokerTarget>& targets);
  bool write(std::string_view bytes, double ms_max);
  void read_frames();
  bool take_frame(const Frame& frame);
  void give_up();

  pid_t process_;
  OwnedFd channel_;
  std::mutex write_mutex_;  // one frame at a time
  std::mutex mutex_;        // of all below
  std::condition_variable_any changed_;
  std::map<uint32_t, Pending> pending_;
  uint32_t last_ask_ = 0;
  bool is_gone_ = false;
  FrameReader frames_;  // by the reader, once there is one
  std::thread reader_;  // started by the first ask()
};

}  // namespace hearth
