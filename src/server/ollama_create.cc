// SPDX-License-Identifier: Apache-2.0
#include "server/ollama_create.h"

#include <utility>

#include "base/strings.h"
#include "package/model_names.h"
#include "server/api_error.h"
#include "server/generation_fields.h"
#include "server/json_fields.h"
#include "server/json_reply.h"
#include "server/ollama_names.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

struct Creation {
  std::string name;
  std::string from;
  ModelSettings settings;
  std::vector<std::string> ignored;  // parameters
  bool is_streamed = true;
};

// Ollama's fields that need more than a name and settings.
Result<void> refuse_others(JsonFields& fields) {
  struct Refused {
    std::string_view name;
    std::string_view why;
  };
  constexpr Refused kRefused[] = {
      {"files", "are not taken over HTTP; run hearth import FILE, and give its name in from"},
      {"adapters", "are not taken over HTTP; run hearth create with ADAPTER in a Modelfile"},
      {"quantize", "is not supported; leave it out"},
      {"modelfile",
       "is not supported; give from, system, template, parameters and messages, or run hearth "
       "create"},
  };
  for (const Refused& refused : kRefused) {
    const Json* value = fields.any(refused.name);
    if (value != nullptr && !value->empty() && *value != "")
      return fields.wrong(refused.name, refused.why);
  }
  return {};
}

Result<std::string> read_from(JsonFields& fields) {
  HEARTH_ASSIGN(const auto from, fields.text("from"));
  if (!from || from->empty())
    return fields.wrong("from", "is missing; name a model that /api/tags lists");
  if (is_model_path(*from)) {
    return fields.wrong("from",
                        "is a path, and clients open no files here; run hearth import FILE, and "
                        "give its name");
  }
  return store_name(*from);
}

Result<void> read_model_parameters(JsonFields& fields, Creation& creation) {
  HEARTH_ASSIGN(const Json* object, fields.object("parameters"));
  if (object == nullptr) return {};
  JsonFields of_parameters(*object, "parameters");
  ModelParameters& parameters = creation.settings.parameters;
  HEARTH_TRY(read_parameters(of_parameters, parameters));
  for (const IntegerParameter& row : integer_parameters().subspan(sampling_integers().size())) {
    HEARTH_ASSIGN(const auto value, of_parameters.integer(row.name, row.low, row.high));
    if (value) parameters.*row.value = value;
  }
  HEARTH_TRY(accept_ollama_parameters(of_parameters));
  for (const std::string_view name : ignored_parameters()) {
    if (object->contains(name)) creation.ignored.emplace_back(name);
  }
  return of_parameters.finish();
}

Result<void> read_messages(JsonFields& fields, ModelSettings& settings) {
  HEARTH_ASSIGN(const Json* list, fields.list("messages"));
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    HEARTH_ASSIGN(JsonFields message,
                  JsonFields::of_item((*list)[i], concat("messages[", i, "]"), "a message"));
    HEARTH_ASSIGN(const auto role, message.text("role"));
    HEARTH_ASSIGN(const auto content, message.text("content"));
    HEARTH_TRY(message.finish());
    if (role != "system") {
      settings.messages.push_back({role.value_or(""), content.value_or("")});
    } else if (settings.system.empty()) {
      settings.system = content.value_or("");
    } else {
      return message.wrong("role", "what the system says is given already; keep one of them");
    }
  }
  return {};
}

// A text, or several.
Result<std::string> read_licence(JsonFields& fields) {
  std::string licence;
  const Json* value = fields.any("license");
  if (value == nullptr) return licence;
  for (const Json& one : value->is_array() ? *value : Json::array({*value})) {
    if (!one.is_string())
      return fields.wrong("license", "is neither text nor a list of texts; give one");
    licence += concat(licence.empty() ? "" : "\n\n", one.get<std::string>());
  }
  return licence;
}

Result<Creation> read_creation(const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  Creation creation;
  HEARTH_ASSIGN(creation.name, read_ollama_name(fields, "give the new model's name"));
  HEARTH_TRY(refuse_others(fields));
  HEARTH_ASSIGN(creation.from, read_from(fields));
  HEARTH_ASSIGN(const auto system, fields.text("system"));
  creation.settings.system = system.value_or("");
  HEARTH_ASSIGN(const auto chat_template, fields.text("template"));
  creation.settings.chat_template = chat_template.value_or("");
  HEARTH_TRY(read_model_parameters(fields, creation));
  HEARTH_TRY(read_messages(fields, creation.settings));
  HEARTH_ASSIGN(creation.settings.licence, read_licence(fields));
  HEARTH_ASSIGN(const auto streamed, fields.boolean("stream"));
  creation.is_streamed = streamed.value_or(true);
  HEARTH_TRY(fields.finish());
  const auto checked = check_settings(creation.settings);
  if (!checked.ok()) return Error(ErrorCode::kUsage, checked.error().message());
  return creation;
}

}  // namespace

void answer_ollama_create(const ModelList& list, ModelHost& host, const HttpRequest& request,
                          HttpReply& reply) {
  const Result<Creation> read = read_creation(request.body);
  if (!read.ok()) return send_ollama_error(reply, read.error());
  const auto created = list.create(read->from, read->name, read->settings);
  if (!created.ok()) return send_ollama_error(reply, created.error());
  host.forget(read->name);
  if (!read->is_streamed) return send_json(reply, 200, {{"status", "success"}});
  std::string lines;
  const auto tell = [&](const std::string& status) {
    lines += concat(json_text({{"status", status}}), "\n");
  };
  for (const std::string& name : read->ignored) tell(concat("ignoring parameter ", name));
  tell(concat("using existing layer sha256:", created->model_file().sha256));
  tell("writing manifest");
  tell("success");
  reply.send(200, "application/x-ndjson", lines);
}

}  // namespace hearth
