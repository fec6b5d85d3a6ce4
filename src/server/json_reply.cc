// SPDX-License-Identifier: Apache-2.0
#include "server/json_reply.h"

#include <charconv>
#include <utility>

#include "base/strings.h"

namespace hearth {

std::string json_text(const nlohmann::ordered_json& document) {
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

nlohmann::ordered_json float_list(std::span<const float> values) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const float value : values) {
    const std::string digits = concat(value);
    double number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    list.push_back(number);
  }
  return list;
}

nlohmann::ordered_json token_json(const Tokenizer& tokenizer, const SampledToken& token) {
  const std::string bytes(tokenizer.token_bytes(token.id, SpecialTokens::kAsText));
  nlohmann::ordered_json numbers = nlohmann::ordered_json::array();
  for (const char byte : bytes) numbers.push_back(static_cast<unsigned char>(byte));
  return {{"token", bytes}, {"logprob", token.logprob}, {"bytes", std::move(numbers)}};
}

nlohmann::ordered_json local_route_json() {
  return {{"target", "local"}, {"reason", "no other target is configured"}};
}

HttpHeaders dropped_turns_header(int32_t dropped_turns) {
  if (dropped_turns == 0) return {};
  return {{"hearth-dropped-messages", concat(dropped_turns)}};
}

void send_json(HttpReply& reply, int status, const nlohmann::ordered_json& document,
               HttpHeaders more) {
  reply.send(status, "application/json", json_text(document), std::move(more));
}

}  // namespace hearth
