// SPDX-License-Identifier: Apache-2.0
// What requests say of how an answer is drawn, in OpenAI's names and llama.cpp's for what those
// lack.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/result.h"
#include "engine/engine.h"
#include "package/model_parameters.h"
#include "server/json_fields.h"
#include "server/model_host.h"

namespace hearth {

// temperature, top_p, top_k, min_p, repeat_penalty, repeat_last_n, frequency_penalty,
// presence_penalty, seed and stop, in front of those of `parameters`. Errors: kUsage (types and
// ranges: named).
Result<void> read_parameters(JsonFields& fields, ModelParameters& parameters);
// Ollama's further parameters: those without a meaning here, and those that have one value only.
// Errors: kUsage (another value: named).
Result<void> accept_ollama_parameters(JsonFields& fields);
// The options that they mean, with how many tokens the model's settings say; what is absent in both
// is what `hearth run` does. Errors: as read_parameters().
Result<void> read_sampling(JsonFields& fields, const ServedModel& model, GenerateOptions& options);
// Those, and logit_bias, max_tokens and max_completion_tokens, deadline_ms. Errors: as
// read_sampling().
Result<GenerateOptions> read_generation(JsonFields& fields, const ServedModel& model);

// What was compiled of the field `name`. Errors: kUsage (compiling's own, behind the field's name).
Result<std::shared_ptr<const Automaton>> compiled(const JsonFields& fields, std::string_view name,
                                                  Result<Automaton> automaton);

struct AnswerFormat {
  std::shared_ptr<const Automaton> automaton;    // null: any text
  std::optional<nlohmann::ordered_json> schema;  // the JSON Schema that it was made of, if any
};

// response_format {"type": "text" | "json_object" | "json_schema" | "regex"}, or grammar (GBNF), or
// json_schema (a schema), or choice (texts). Errors: kUsage (more than one; the format's own:
// named).
Result<AnswerFormat> read_format(JsonFields& fields);

}  // namespace hearth
