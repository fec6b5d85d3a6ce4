// SPDX-License-Identifier: Apache-2.0
// Endpoints that make vectors of texts. What is wrong with a request is told to its reply.
//
// Threading: on any thread but the server's; answers come from the scheduler's.
#pragma once

#include <memory>
#include <string>

#include "http/message.h"
#include "server/model_host.h"

namespace hearth {

// POST /v1/embeddings, in OpenAI's shape.
void answer_openai_embeddings(ModelHost& models, const std::string& default_model,
                              const HttpRequest& request, std::shared_ptr<HttpReply> reply);
// POST /v1/rerank, in the shape of Jina and Cohere: how near each document is to a query, as the
// cosine of their vectors.
void answer_rerank(ModelHost& models, const std::string& default_model, const HttpRequest& request,
                   std::shared_ptr<HttpReply> reply);
// POST /api/embed and its elder /api/embeddings, in Ollama's shapes.
void answer_ollama_embed(ModelHost& models, const HttpRequest& request,
                         std::shared_ptr<HttpReply> reply);
void answer_ollama_embeddings(ModelHost& models, const HttpRequest& request,
                              std::shared_ptr<HttpReply> reply);

}  // namespace hearth
