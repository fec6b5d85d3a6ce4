// SPDX-License-Identifier: Apache-2.0
// Ollama's endpoints that write answers. What is wrong with a request is told to its reply.
//
// Threading: on any thread but the server's; answers come from the scheduler's.
#pragma once

#include <memory>

#include "http/message.h"
#include "server/model_host.h"
#include "server/ollama_request.h"
#include "server/routing.h"

namespace hearth {

// POST /api/chat and /api/generate. `routing`: by which chats go; null: all is answered here.
void answer_ollama(ModelHost& models, Routing* routing, OllamaKind kind, const HttpRequest& request,
                   std::shared_ptr<HttpReply> reply);

}  // namespace hearth
