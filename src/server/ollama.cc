// SPDX-License-Identifier: Apache-2.0
#include "server/ollama.h"

#include <utility>

#include "server/api_error.h"
#include "server/ollama_reply.h"

namespace hearth {

void answer_ollama(ModelHost& models, Routing* routing, OllamaKind kind, const HttpRequest& request,
                   std::shared_ptr<HttpReply> reply) {
  Result<OllamaRequest> asked = read_ollama_request(models, request.body, kind);
  if (!asked.ok()) return send_ollama_error(*reply, asked.error());
  // Counted from the end of the answer.
  const auto ended = [&models, name = asked->model->name, keep_s = asked->keep_alive_s] {
    if (keep_s) models.keep_alive(name, *keep_s);
  };
  const bool is_empty = asked->prompt.empty();
  const auto answer =
      std::make_shared<OllamaReply>(std::move(asked).value(), routing, std::move(reply), ended);
  if (is_empty) return answer->send_loaded();
  answer->submit(std::string(request.header("authorization")), request.id);
}

}  // namespace hearth
