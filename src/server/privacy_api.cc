// SPDX-License-Identifier: Apache-2.0
#include "server/privacy_api.h"

#include <utility>

#include "server/api_error.h"
#include "server/json_fields.h"

namespace hearth {
namespace {

using Json = PrivacyActions::Json;

// Errors: kRefused.
Result<void> check_allowed(const PrivacyActions& actions) {
  if (actions.show) return {};
  return Error(ErrorCode::kRefused,
               "privacy: is shown and changed only where the server listens on this machine alone; "
               "use hearth ledger, telemetry and forget there");
}

Result<Json> set_telemetry(const PrivacyActions& actions, const std::string& body) {
  HEARTH_TRY(check_allowed(actions));
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto on, fields.boolean("on"));
  HEARTH_ASSIGN(const auto endpoint, fields.text("endpoint"));
  if (!on) return fields.wrong("on", "is missing; give true or false");
  HEARTH_TRY(fields.finish());
  HEARTH_TRY(actions.set_telemetry(*on, endpoint.value_or("")));
  return actions.show();
}

Result<Json> forget(const PrivacyActions& actions, const std::string& body) {
  HEARTH_TRY(check_allowed(actions));
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto what, fields.text("what"));
  if (!what)
    return fields.wrong("what", "is missing; give all, histories, sessions, kept or telemetry");
  HEARTH_TRY(fields.finish());
  HEARTH_ASSIGN(Json erased, actions.forget(*what));
  HEARTH_ASSIGN(Json shown, actions.show());
  shown["erased"] = std::move(erased);
  return shown;
}

}  // namespace

void send_privacy(const PrivacyActions& actions, HttpReply& reply) {
  const auto allowed = check_allowed(actions);
  send_openai_result(reply, allowed.ok() ? actions.show() : Result<Json>(allowed.error()));
}

void answer_privacy_telemetry(const PrivacyActions& actions, const HttpRequest& request,
                              HttpReply& reply) {
  send_openai_result(reply, set_telemetry(actions, request.body));
}

void answer_privacy_forget(const PrivacyActions& actions, const HttpRequest& request,
                           HttpReply& reply) {
  send_openai_result(reply, forget(actions, request.body));
}

}  // namespace hearth
