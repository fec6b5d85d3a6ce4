// SPDX-License-Identifier: Apache-2.0
// What requests say of how an answer is drawn, in OpenAI's names and llama.cpp's for what those
// lack.
#pragma once

#include "base/result.h"
#include "engine/engine.h"
#include "server/json_fields.h"

namespace hearth {

// temperature, top_p, top_k, min_p, repeat_penalty, frequency_penalty, presence_penalty, seed,
// stop, logit_bias, max_tokens and max_completion_tokens, deadline_ms; what is absent is what
// `hearth run` does. `context`: tokens of the model's context. Errors: kUsage (types and ranges:
// named).
Result<GenerateOptions> read_generation(JsonFields& fields, int32_t context);

// response_format {"type": "text" | "json_object" | "json_schema" | "regex"}, or grammar (GBNF), or
// json_schema (a schema), or choice (texts). Null: any text. Errors: kUsage (more than one; the
// format's own: named).
Result<std::shared_ptr<const Automaton>> read_format(JsonFields& fields);

}  // namespace hearth
