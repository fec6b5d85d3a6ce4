// SPDX-License-Identifier: Apache-2.0
// OpenAI's API, endpoint by endpoint. What is wrong with a request is told to its reply.
//
// Threading: on any thread but the server's; answers come from the scheduler's.
#pragma once

#include <memory>

#include "http/message.h"
#include "server/model_host.h"
#include "server/openai_request.h"
#include "server/routing.h"

namespace hearth {

// POST /v1/chat/completions and /v1/completions. `default_model`: what a request means that names
// none. `routing`: by which chats go; null: all is answered here.
void answer_openai(ModelHost& models, Routing* routing, const std::string& default_model,
                   OpenAiKind kind, const HttpRequest& request, std::shared_ptr<HttpReply> reply);

}  // namespace hearth
