// SPDX-License-Identifier: Apache-2.0
// Vectors of texts, computed between the passes that write answers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/embed.h"
#include "http/message.h"
#include "server/model_host.h"

namespace hearth {

// What a request calls each of its texts, for messages.
using TextPlace = std::function<std::string(std::size_t index)>;

// Calls `done` once, on the scheduler's thread or, where the server stops, on this one: with a
// vector of length 1 for each text, in order, or what is wrong with one of them. Ends early where
// the client of `reply` has gone. Errors: those of Engine::embed(), kCancelled.
void embed_texts(ModelUse use, std::vector<std::string> texts, TextPlace place,
                 std::shared_ptr<HttpReply> reply,
                 std::function<void(Result<std::vector<Embedding>>)> done);

}  // namespace hearth
