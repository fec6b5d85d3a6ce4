// SPDX-License-Identifier: Apache-2.0
// Endpoints about adapters, in the shape of vLLM's. What is wrong with a request is told to its
// reply.
//
// Threading: on any thread but the server's.
#pragma once

#include <string>

#include "http/message.h"
#include "server/model_host.h"

namespace hearth {

// POST /v1/load_lora_adapter {"lora_name", "model"}: reads it anew, and what is asked from now on
// is answered with that one.
void answer_load_adapter(ModelHost& models, const std::string& default_model,
                         const HttpRequest& request, HttpReply& reply);
// POST /v1/unload_lora_adapter
void answer_unload_adapter(ModelHost& models, const std::string& default_model,
                           const HttpRequest& request, HttpReply& reply);

}  // namespace hearth
