// SPDX-License-Identifier: Apache-2.0
// JSON documents as answers.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "engine/sampling.h"
#include "http/message.h"
#include "text/tokenizer.h"

namespace hearth {

// On one line; bytes that are not UTF-8, as half a character at the end of a token, become U+FFFD.
std::string json_text(const nlohmann::ordered_json& document);
// Numbers with as many digits as tell each float from others.
nlohmann::ordered_json float_list(std::span<const float> values);
// {"token", "logprob", "bytes"}.
nlohmann::ordered_json token_json(const Tokenizer& tokenizer, const SampledToken& token);
// {"target", "reason"} of an answer that was computed here.
nlohmann::ordered_json local_route_json();
// Says how many turns of a chat were left out for lack of room; none where that is none.
HttpHeaders dropped_turns_header(int32_t dropped_turns);
void send_json(HttpReply& reply, int status, const nlohmann::ordered_json& document,
               HttpHeaders more = {});

}  // namespace hearth
