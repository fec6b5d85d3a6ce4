// SPDX-License-Identifier: Apache-2.0
// What the server counts, as Prometheus reads it. Every label's values are an enum here: nothing
// that a client wrote can become one.
//
// Threading: any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/histogram.h"
#include "controller/controller.h"
#include "scheduler/scheduler.h"
#include "server/model_host.h"

namespace hearth {

enum class Endpoint {
  kChat,
  kCompletion,
  kEmbedding,
  kRerank,
  kInfill,
  kTokens,
  kModels,
  kHealth,
  kMetrics,
  kPage,
  kOther
};
inline constexpr std::size_t kEndpoints = 11;
std::string_view endpoint_name(Endpoint endpoint);

struct ServerMetrics {
  // By endpoint and first digit of the status.
  std::array<std::array<std::atomic<int64_t>, 6>, kEndpoints> requests{};
  std::array<Histogram, kEndpoints> request_time;
  std::shared_ptr<SchedulerMetrics> scheduler = std::make_shared<SchedulerMetrics>();

  void count(Endpoint endpoint, int status, double seconds);
};

// Text exposition format 0.0.4. `controller`: null where there is no policy.
std::string metrics_text(const ServerMetrics& metrics, const ModelHost& models,
                         const Controller* controller);

}  // namespace hearth
