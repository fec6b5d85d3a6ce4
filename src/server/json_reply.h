// SPDX-License-Identifier: Apache-2.0
// JSON documents as answers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "server/http.h"

namespace hearth {

// On one line; bytes that are not UTF-8, as half a character at the end of a token, become U+FFFD.
std::string json_text(const nlohmann::ordered_json& document);
void send_json(HttpReply& reply, int status, const nlohmann::ordered_json& document,
               HttpHeaders more = {});

}  // namespace hearth
