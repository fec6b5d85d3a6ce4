// SPDX-License-Identifier: Apache-2.0
// Endpoints in the shapes of llama.cpp's server, as editors ask for them. What is wrong with a
// request is told to its reply.
//
// Threading: on any thread but the server's; answers come from the scheduler's.
#pragma once

#include <memory>
#include <string>

#include "http/message.h"
#include "server/model_host.h"
#include "server/model_list.h"

namespace hearth {

// All know "model"; `default_model` is what a request means that names none.
void answer_tokenize(ModelHost& models, const std::string& default_model,
                     const HttpRequest& request, HttpReply& reply);
void answer_detokenize(ModelHost& models, const std::string& default_model,
                       const HttpRequest& request, HttpReply& reply);
// The text that a conversation becomes.
void answer_apply_template(ModelHost& models, const std::string& default_model,
                           const HttpRequest& request, HttpReply& reply);
void send_props(ModelHost& models, const ModelList& list, const std::string& default_model,
                HttpReply& reply);
void answer_infill(ModelHost& models, const std::string& default_model, const HttpRequest& request,
                   std::shared_ptr<HttpReply> reply);

}  // namespace hearth
