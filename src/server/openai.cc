// SPDX-License-Identifier: Apache-2.0
#include "server/openai.h"

#include <utility>

#include "server/api_error.h"
#include "server/openai_reply.h"

namespace hearth {

void answer_openai(ModelHost& models, Routing* routing, const std::string& default_model,
                   OpenAiKind kind, const HttpRequest& request, std::shared_ptr<HttpReply> reply) {
  Result<OpenAiRequest> asked = read_openai_request(models, default_model, request.body, kind);
  if (!asked.ok()) return send_openai_error(*reply, asked.error());
  std::make_shared<OpenAiReply>(std::move(asked).value(), routing, request.id, std::move(reply))
      ->submit(std::string(request.header("authorization")));
}

}  // namespace hearth
