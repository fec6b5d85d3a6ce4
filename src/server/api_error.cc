// SPDX-License-Identifier: Apache-2.0
#include "server/api_error.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/status_codes.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// The field that a message begins with, as "messages[0].role: ...".
Json field_of(const std::string& message) {
  const std::size_t end = message.find(": ");
  if (end == std::string::npos) return nullptr;
  const std::string field = message.substr(0, end);
  const bool is_field = std::ranges::all_of(field, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' ||
           c == ']';
  });
  return is_field ? Json(field) : Json(nullptr);
}

std::string_view type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

}  // namespace

int api_status(const Error& error) {
  // Refused before any work: the client may ask again later, or allow more time.
  if (error.code() == ErrorCode::kDeadline) return 429;
  return http_status(error.code());
}

std::string openai_error_body(const Error& error) {
  const Json body = {
      {"error",
       {{"message", error.message()},
        {"type", type_of(api_status(error))},
        {"param", error.code() == ErrorCode::kUsage ? field_of(error.message()) : nullptr},
        {"code", code_name(error.code())}}}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void send_openai_error(HttpReply& reply, const Error& error) {
  HttpHeaders more;
  const int status = api_status(error);
  if (status == 429 || status == 503) more.emplace_back("retry-after", "1");
  reply.send(status, "application/json", openai_error_body(error), std::move(more));
}

}  // namespace hearth
