// SPDX-License-Identifier: Apache-2.0
// What the page's view of privacy asks and does: /v1/privacy. What lies behind it is handed in: the
// server knows nothing of ledgers and telemetry.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace hearth {

// Where nothing is set, nobody may ask. Called on any thread, several at once.
struct PrivacyActions {
  using Json = nlohmann::ordered_json;

  // What left, what would be sent, what is kept.
  std::function<Result<Json>()> show;
  // The user's word on telemetry; `endpoint` may be empty.
  std::function<Result<void>(bool on, const std::string& endpoint)> set_telemetry;
  // One of the words of `hearth forget`; returns what was erased.
  std::function<Result<Json>(const std::string& what)> forget;
};

// GET /v1/privacy.
void send_privacy(const PrivacyActions& actions, HttpReply& reply);
// POST /v1/privacy/telemetry {"on", "endpoint"}.
void answer_privacy_telemetry(const PrivacyActions& actions, const HttpRequest& request,
                              HttpReply& reply);
// POST /v1/privacy/forget {"what"}.
void answer_privacy_forget(const PrivacyActions& actions, const HttpRequest& request,
                           HttpReply& reply);

}  // namespace hearth
