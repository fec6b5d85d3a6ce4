// SPDX-License-Identifier: Apache-2.0
#include "server/json_reply.h"

#include <utility>

namespace hearth {

std::string json_text(const nlohmann::ordered_json& document) {
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void send_json(HttpReply& reply, int status, const nlohmann::ordered_json& document,
               HttpHeaders more) {
  reply.send(status, "application/json", json_text(document), std::move(more));
}

}  // namespace hearth
