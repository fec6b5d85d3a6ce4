// SPDX-License-Identifier: Apache-2.0
// POST /v1/chat/completions and /v1/completions.
//
// Threading: on any thread but the server's; answers come from the scheduler's.
#pragma once

#include <memory>

#include "server/http.h"
#include "server/model_host.h"

namespace hearth {

// `default_model`: what a request means that names none. What is wrong with it is told to the
// reply.
void answer_chat(ModelHost& models, const std::string& default_model, const HttpRequest& request,
                 std::shared_ptr<HttpReply> reply);
void answer_completion(ModelHost& models, const std::string& default_model,
                       const HttpRequest& request, std::shared_ptr<HttpReply> reply);

}  // namespace hearth
