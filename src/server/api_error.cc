// SPDX-License-Identifier: Apache-2.0
#include "server/api_error.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status_codes.h"
#include "server/json_reply.h"

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

// With when to ask again, where that can help.
void send_error(HttpReply& reply, const Error& error, const Json& document) {
  HttpHeaders more;
  const int status = api_status(error);
  if (status == 429 || status == 503) more.emplace_back("retry-after", "1");
  send_json(reply, status, document, std::move(more));
}

}  // namespace

int api_status(const Error& error) {
  // Refused before any work: the client may ask again later, or allow more time.
  if (error.code() == ErrorCode::kDeadline) return 429;
  // What this model cannot do is wrong with the request, not with the server.
  if (error.code() == ErrorCode::kUnsupported) return 400;
  return http_status(error.code());
}

Json openai_error(int status, std::string_view message, const Json& param, const Json& code) {
  return {{"error",
           {{"message", message}, {"type", type_of(status)}, {"param", param}, {"code", code}}}};
}

Json openai_error(const Error& error) {
  const Json param = error.code() == ErrorCode::kUsage ? field_of(error.message()) : Json(nullptr);
  return openai_error(api_status(error), error.message(), param, code_name(error.code()));
}

void send_openai_error(HttpReply& reply, const Error& error) {
  send_error(reply, error, openai_error(error));
}

void send_openai_result(HttpReply& reply, const Result<Json>& document) {
  if (!document.ok()) return send_openai_error(reply, document.error());
  send_json(reply, 200, *document);
}

Json ollama_error(const Error& error) { return {{"error", error.message()}}; }

void send_ollama_error(HttpReply& reply, const Error& error) {
  send_error(reply, error, ollama_error(error));
}

}  // namespace hearth
