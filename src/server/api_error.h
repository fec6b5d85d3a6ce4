// SPDX-License-Identifier: Apache-2.0
// Errors as the APIs tell them.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace hearth {

// 400, 404, 429, ...
int api_status(const Error& error);
// {"error": {"message", "type", "param", "code"}}; `param` and `code` may be null.
nlohmann::ordered_json openai_error(int status, std::string_view message,
                                    const nlohmann::ordered_json& param,
                                    const nlohmann::ordered_json& code);
nlohmann::ordered_json openai_error(const Error& error);
void send_openai_error(HttpReply& reply, const Error& error);
// The document, or what was wrong.
void send_openai_result(HttpReply& reply, const Result<nlohmann::ordered_json>& document);
// {"error": message}
nlohmann::ordered_json ollama_error(const Error& error);
void send_ollama_error(HttpReply& reply, const Error& error);

}  // namespace hearth
