// SPDX-License-Identifier: Apache-2.0
// Monotonic time: stop watches and deadlines; the calendar, for people.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>

namespace hearth {

using Clock = std::chrono::steady_clock;

// Milliseconds since construction.
class Stopwatch {
 public:
  double elapsed_ms() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
  }

 private:
  Clock::time_point start_ = Clock::now();
};

// A point in time after which work should stop; none by default.
class Deadline {
 public:
  Deadline() = default;
  static Deadline after_ms(double ms) {
    Deadline deadline;
    deadline.at_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double, std::milli>(ms));
    return deadline;
  }

  // Negative once it has passed; nothing where there is no deadline.
  std::optional<double> remaining_ms() const {
    if (!at_) return std::nullopt;
    return std::chrono::duration<double, std::milli>(*at_ - Clock::now()).count();
  }
  bool passed() const { return at_.has_value() && Clock::now() >= *at_; }

 private:
  std::optional<Clock::time_point> at_;
};

// As in 2024-05-01T12:00:00Z, of seconds since 1970.
std::string utc_text(std::time_t seconds);

}  // namespace hearth
