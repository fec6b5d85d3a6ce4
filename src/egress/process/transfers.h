// SPDX-License-Identifier: Apache-2.0
// The questions that are out, by libcurl: each to a target of the list that was given at the start,
// and to nothing else. TLS is always verified, redirects are not followed, nothing is remembered
// between answers but open connections.
//
// Threading: one thread (libcurl looks names up on threads of its own).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "egress/frames.h"
#include "route/endpoint_url.h"

namespace hearth {

// A target that was checked. The key is borrowed from locked memory.
struct CheckedTarget {
  BrokerTarget told;
  EndpointUrl endpoint;
  std::string post_url;  // made of `endpoint`, not of what was told
  std::string_view key;
};

// The URL that is posted to, of its parts.
std::string post_url(const EndpointUrl& endpoint, RemoteUse use);

// Where libcurl finds the certificates that it trusts.
std::vector<std::filesystem::path> certificate_paths();

class Transfers {
 public:
  // Starts libcurl, which reads its files: to be called before the process is locked. `targets` are
  // borrowed. Errors: kInternal (libcurl cannot start).
  static Result<std::unique_ptr<Transfers>> create(const std::vector<CheckedTarget>& targets);
  ~Transfers();

  // A question that is whole. What comes of it is appended to `out` as frames, by this and later
  // calls.
  void begin(uint32_t ask, const AskFrame& fields, std::string body, std::string& out);
  // Ends it, if it is still out.
  void cancel(uint32_t ask, std::string& out);
  // Does what can be done without waiting.
  void perform(std::string& out);

  // Waits until there is something to do, or `channel` can be read, or written if `wants_write`.
  void wait(int channel, bool wants_write) const;

  // Questions whose end has not been told yet.
  std::size_t count() const;

 private:
  struct Transfer;
  struct Multi;

  explicit Transfers(const std::vector<CheckedTarget>& targets);

  void take_finished(std::string& out);
  void end_drained();
  void report(Transfer& transfer, int curl_code, std::string& out);
  void remove(std::size_t index);

  const std::vector<CheckedTarget>& targets_;
  std::unique_ptr<Multi> multi_;
  std::vector<std::unique_ptr<Transfer>> active_;
};

}  // namespace hearth
