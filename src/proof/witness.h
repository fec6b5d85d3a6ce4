// SPDX-License-Identifier: Apache-2.0
// Stands at the far end of every way out and sees what comes. Internal to the folder.
//
// Ownership: owns its sockets, its pipe and a folder of its own, which is gone with it.
// Threading: one thread.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "proof/route.h"

namespace hearth {

class Witness {
 public:
  // What cannot be opened on this machine (no IPv6, a loopback that is down) is left out.
  // Errors: kUnavailable (no folder for it can be made).
  static Result<std::unique_ptr<Witness>> create();
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  const Doors& doors() const { return doors_; }

  // Whether something has come since the last call. Takes it away, ends connections at once, and
  // answers look-ups of names with "no such name". Does not wait.
  bool saw_something();

 private:
  Witness() = default;
  void listen_everywhere();
  bool take_connections(int listener) const;
  bool take_datagrams() const;
  bool take_pipe() const;
  bool take_file() const;

  std::filesystem::path folder_;
  Doors doors_;
  int tcp4_ = -1;
  int tcp6_ = -1;
  int unix_ = -1;
  int abstract_ = -1;
  int udp4_ = -1;
  int pipe_ = -1;
};

}  // namespace hearth
