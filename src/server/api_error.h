// SPDX-License-Identifier: Apache-2.0
// Errors as the APIs tell them.
#pragma once

#include <string>

#include "base/result.h"
#include "server/http.h"

namespace hearth {

// 400, 404, 429, ...
int api_status(const Error& error);
// {"error": {"message", "type", "param", "code"}}.
std::string openai_error_body(const Error& error);
void send_openai_error(HttpReply& reply, const Error& error);

}  // namespace hearth
