// SPDX-License-Identifier: Apache-2.0
// What requests say of how an answer is drawn, in OpenAI's names and llama.cpp's for what those
// lack.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/result.h"
#include "engine/engine.h"
#include "server/json_fields.h"

namespace hearth {

// temperature, top_p, top_k, min_p, repeat_penalty, repeat_last_n, frequency_penalty,
// presence_penalty, seed and stop; what is absent is what `hearth run` does. Errors: kUsage (types
// and ranges: named).
Result<void> read_sampling(JsonFields& fields, GenerateOptions& options);
// Those, and logit_bias, max_tokens and max_completion_tokens, deadline_ms. `context`: tokens of
// the model's context. Errors: as read_sampling().
Result<GenerateOptions> read_generation(JsonFields& fields, int32_t context);

struct AnswerFormat {
  std::shared_ptr<const Automaton> automaton;    // null: any text
  std::optional<nlohmann::ordered_json> schema;  // the JSON Schema that it was made of, if any
};

// response_format {"type": "text" | "json_object" | "json_schema" | "regex"}, or grammar (GBNF), or
// json_schema (a schema), or choice (texts). Errors: kUsage (more than one; the format's own:
// named).
Result<AnswerFormat> read_format(JsonFields& fields);

}  // namespace hearth
