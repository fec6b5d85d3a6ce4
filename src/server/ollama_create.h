// SPDX-License-Identifier: Apache-2.0
// POST /api/create: a model of the store under another name, with settings of its own.
//
// Threading: on any thread but the server's.
#pragma once

#include "http/message.h"
#include "server/model_host.h"
#include "server/model_list.h"

namespace hearth {

// What is wrong with the request is told to its reply; what the name meant before, the host
// forgets.
void answer_ollama_create(const ModelList& list, ModelHost& host, const HttpRequest& request,
                          HttpReply& reply);

}  // namespace hearth
