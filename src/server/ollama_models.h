// SPDX-License-Identifier: Apache-2.0
// Ollama's endpoints about models. What is wrong with a request is told to its reply.
//
// Threading: on any thread but the server's.
#pragma once

#include "http/message.h"
#include "server/model_host.h"
#include "server/model_list.h"

namespace hearth {

void send_ollama_tags(const ModelList& list, HttpReply& reply);
void send_ollama_ps(const ModelList& list, const ModelHost& host, HttpReply& reply);
void answer_ollama_show(const ModelList& list, const HttpRequest& request, HttpReply& reply);
// What a name meant before, the host forgets.
void answer_ollama_copy(const ModelList& list, ModelHost& host, const HttpRequest& request,
                        HttpReply& reply);
void answer_ollama_delete(const ModelList& list, ModelHost& host, const HttpRequest& request,
                          HttpReply& reply);
// Of a model that is here already; others are not fetched by a server.
void answer_ollama_pull(const ModelList& list, const HttpRequest& request, HttpReply& reply);

}  // namespace hearth
