// SPDX-License-Identifier: Apache-2.0
#include "server/generation_fields.h"

#include <charconv>
#include <limits>
#include <random>

#include "base/strings.h"
#include "grammar/choices.h"
#include "grammar/gbnf.h"
#include "grammar/regex.h"
#include "grammar/schema_grammar.h"
#include "server/settings_use.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kAny = std::numeric_limits<double>::max();

uint64_t drawn_seed() {
  static thread_local std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// "a" or ["a", "b"]; none where it is absent.
Result<std::optional<std::vector<std::string>>> read_stops(JsonFields& fields) {
  const Json* stop = fields.any("stop");
  if (stop == nullptr) return std::optional<std::vector<std::string>>();
  std::vector<std::string> stops;
  for (const Json& one : stop->is_array() ? *stop : Json::array({*stop})) {
    if (!one.is_string())
      return fields.wrong("stop", "is neither text nor a list of texts; give one");
    stops.push_back(one.get<std::string>());
    if (stops.back().empty())
      return fields.wrong("stop", "is empty; leave it out or give some text");
    if (stops.back().size() > kStopBytesMax)
      return fields.wrong("stop", concat(stops.back().size(), " bytes are more than the ",
                                         kStopBytesMax, " that one may have; give a shorter one"));
  }
  if (stops.size() > kStopsMax) {
    return fields.wrong("stop", concat(stops.size(), " texts are more than the ", kStopsMax,
                                       " that one request may have; give fewer"));
  }
  return std::optional(std::move(stops));
}

// {"50256": -100}: -100 forbids a token, as OpenAI has it.
Result<void> read_bias(JsonFields& fields, SamplingOptions& sampling) {
  HEARTH_ASSIGN(const Json* bias, fields.object("logit_bias"));
  if (bias == nullptr) return {};
  for (const auto& [name, value] : bias->items()) {
    TokenId id = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size() || !value.is_number())
      return fields.wrong("logit_bias", concat("\"", printable(name),
                                               "\" and its value are no token's id and number"));
    const auto number = value.get<double>();
    if (!(number >= -100.0 && number <= 100.0))
      return fields.wrong("logit_bias",
                          concat(value.dump(), " is outside -100 to 100; choose another"));
    const float added =
        number <= -100.0 ? -std::numeric_limits<float>::infinity() : static_cast<float>(number);
    sampling.logit_bias.emplace_back(id, added);
  }
  return {};
}

Result<std::shared_ptr<const Automaton>> read_choices(const JsonFields& fields, const Json& list) {
  std::vector<std::string> texts;
  for (const Json& text : list) {
    if (!text.is_string()) return fields.wrong("choice", "is no list of texts; give one");
    texts.push_back(text.get<std::string>());
  }
  return compiled(fields, "choice", compile_choices(texts));
}

// By a JSON Schema.
Result<AnswerFormat> by_schema(const JsonFields& fields, std::string_view name, Json schema) {
  AnswerFormat format;
  HEARTH_ASSIGN(format.automaton, compiled(fields, name, compile_json_schema(schema)));
  format.schema = std::move(schema);
  return format;
}

Result<AnswerFormat> read_response_format(const Json& object) {
  JsonFields fields(object, "response_format");
  HEARTH_ASSIGN(const auto type, fields.text("type"));
  AnswerFormat format;
  if (type == "json_object") {
    HEARTH_ASSIGN(format, by_schema(fields, "type", {{"type", "object"}}));
  } else if (type == "json_schema") {
    HEARTH_ASSIGN(const Json* outer, fields.object("json_schema"));
    if (outer == nullptr) return fields.wrong("json_schema", "is missing; give it");
    JsonFields inner(*outer, "response_format.json_schema");
    for (const std::string_view remark : {"name", "description", "strict"}) inner.accept(remark);
    const Json* schema = inner.any("schema");
    if (schema == nullptr) return inner.wrong("schema", "is missing; give it");
    HEARTH_ASSIGN(format, by_schema(inner, "schema", *schema));
    HEARTH_TRY(inner.finish());
  } else if (type == "regex") {
    HEARTH_ASSIGN(const auto pattern, fields.text("pattern"));
    if (!pattern) return fields.wrong("pattern", "is missing; give it");
    HEARTH_ASSIGN(format.automaton, compiled(fields, "pattern", compile_regex(*pattern)));
  } else if (type != "text") {
    return fields.wrong("type", "is none of text, json_object, json_schema and regex; choose one");
  }
  HEARTH_TRY(fields.finish());
  return format;
}

}  // namespace

Result<std::shared_ptr<const Automaton>> compiled(const JsonFields& fields, std::string_view name,
                                                  Result<Automaton> automaton) {
  if (!automaton.ok()) return fields.wrong(name, automaton.error().message());
  return std::make_shared<const Automaton>(std::move(automaton).value());
}

Result<void> read_parameters(JsonFields& fields, ModelParameters& parameters) {
  for (const NumberParameter& row : number_parameters()) {
    HEARTH_ASSIGN(const auto value, fields.number(row.name, row.low, row.high));
    if (value) parameters.*row.value = value;
  }
  for (const IntegerParameter& row : sampling_integers()) {
    HEARTH_ASSIGN(const auto value, fields.integer(row.name, row.low, row.high));
    if (value) parameters.*row.value = value;
  }
  HEARTH_ASSIGN(auto stops, read_stops(fields));
  if (stops) parameters.stop = std::move(*stops);
  return {};
}

Result<void> accept_ollama_parameters(JsonFields& fields) {
  for (const std::string_view name : ignored_parameters()) fields.accept(name);
  for (const NeutralParameter& row : neutral_parameters()) {
    HEARTH_ASSIGN(const auto value, fields.number(row.name, -1e9, 1e9));
    if (value && *value != row.value)
      return fields.wrong(row.name, concat(*value, " is not supported; leave it out"));
  }
  return {};
}

Result<void> read_sampling(JsonFields& fields, const ServedModel& model, GenerateOptions& options) {
  ModelParameters parameters = model.settings().parameters;
  HEARTH_TRY(read_parameters(fields, parameters));
  options.sampling.seed = drawn_seed();
  apply_parameters(parameters, model.scheduler->context(), options);
  return {};
}

Result<GenerateOptions> read_generation(JsonFields& fields, const ServedModel& model) {
  const int32_t context = model.scheduler->context();
  GenerateOptions options;
  HEARTH_TRY(read_sampling(fields, model, options));
  HEARTH_TRY(read_bias(fields, options.sampling));
  HEARTH_ASSIGN(const auto tokens, fields.integer("max_tokens", 1, context));
  HEARTH_ASSIGN(const auto completion, fields.integer("max_completion_tokens", 1, context));
  if (tokens && completion && *tokens != *completion)
    return fields.wrong("max_tokens", "differs from max_completion_tokens; give one of them");
  if (completion || tokens)
    options.tokens_max = static_cast<int32_t>(completion ? *completion : *tokens);
  if (options.tokens_max == 0) options.loop_limit = kLoopLimitDefault;
  HEARTH_ASSIGN(const auto deadline_ms, fields.number("deadline_ms", 0.001, kAny));
  if (deadline_ms) options.interruption.deadline = Deadline::after_ms(std::min(*deadline_ms, 1e12));
  return options;
}

Result<AnswerFormat> read_format(JsonFields& fields) {
  AnswerFormat format;
  int given = 0;
  HEARTH_ASSIGN(const Json* response_format, fields.object("response_format"));
  if (response_format != nullptr) {
    HEARTH_ASSIGN(format, read_response_format(*response_format));
    given += format.automaton != nullptr ? 1 : 0;
  }
  HEARTH_ASSIGN(const auto grammar, fields.text("grammar"));
  if (grammar) {
    ++given;
    HEARTH_ASSIGN(format.automaton, compiled(fields, "grammar", compile_gbnf(*grammar)));
  }
  if (const Json* schema = fields.any("json_schema")) {
    ++given;
    HEARTH_ASSIGN(format, by_schema(fields, "json_schema", *schema));
  }
  HEARTH_ASSIGN(const Json* choices, fields.list("choice"));
  if (choices != nullptr) {
    ++given;
    HEARTH_ASSIGN(format.automaton, read_choices(fields, *choices));
  }
  if (given > 1)
    return fields.wrong("response_format",
                        "grammar, json_schema and choice exclude each other; choose one");
  return format;
}

}  // namespace hearth
