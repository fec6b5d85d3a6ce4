// SPDX-License-Identifier: Apache-2.0
#include "server/ollama_models.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/strings.h"
#include "package/model_names.h"
#include "package/modelfile.h"
#include "server/api_error.h"
#include "server/json_fields.h"
#include "server/json_reply.h"
#include "server/ollama_names.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kForeverYears = 100;  // of a model that stays until its memory is needed

// "134.52M"
std::string parameter_text(uint64_t parameters) {
  const bool is_billions = parameters >= 1'000'000'000;
  const double hundredths = std::round(static_cast<double>(parameters) / (is_billions ? 1e7 : 1e4));
  return concat(hundredths / 100, is_billions ? "B" : "M");
}

Json details_json(const ModelFacts& facts) {
  return {{"parent_model", ""},
          {"format", "gguf"},
          {"family", facts.architecture},
          {"families", Json::array({facts.architecture})},
          {"parameter_size", parameter_text(facts.parameters)},
          {"quantization_level", facts.quantization}};
}

// What lists say of a model; of one whose file cannot be read, less.
Json model_json(const ModelList& list, const ListedModel& model) {
  Json json = {{"name", ollama_name(model.name)},
               {"model", ollama_name(model.name)},
               {"modified_at", model.modified.empty() ? utc_in(0) : model.modified},
               {"size", model.bytes},
               {"digest", model.sha256}};
  if (const auto facts = list.facts(model.name); facts.ok())
    json["details"] = details_json(**facts);
  return json;
}

Result<Json> show(const ModelList& list, const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const std::string name, read_ollama_name(fields, "name one that /api/tags lists"));
  for (const std::string_view without_meaning : {"verbose", "system", "template", "options"})
    fields.accept(without_meaning);
  HEARTH_TRY(fields.finish());
  HEARTH_ASSIGN(const ListedModel model, list.find(name));
  HEARTH_ASSIGN(const auto facts, list.facts(name));
  HEARTH_ASSIGN(const ModelSettings settings, list.settings(name));
  const std::string& chat_template =
      settings.chat_template.empty() ? facts->chat_template : settings.chat_template;
  Json capabilities = Json::array();
  const bool answers = facts->architecture != "bert";
  capabilities.push_back(answers ? "completion" : "embedding");
  if (answers && !chat_template.empty()) capabilities.push_back("tools");
  if (chat_template.find("</think>") != std::string::npos) capabilities.push_back("thinking");
  Json shown = {{"modelfile", modelfile_text(ollama_name(name), settings)},
                {"parameters", parameters_text(settings.parameters)},
                {"template", chat_template},
                {"license", settings.licence.empty() ? facts->licence : settings.licence},
                {"details", details_json(*facts)},
                {"model_info", facts->metadata},
                {"capabilities", std::move(capabilities)},
                {"modified_at", model.modified.empty() ? utc_in(0) : model.modified}};
  if (!settings.system.empty()) shown["system"] = settings.system;
  for (const ExampleMessage& message : settings.messages)
    shown["messages"].push_back({{"role", message.role}, {"content", message.content}});
  return shown;
}

Result<void> copy(const ModelList& list, ModelHost& host, const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto source, fields.text("source"));
  HEARTH_ASSIGN(const auto destination, fields.text("destination"));
  HEARTH_TRY(fields.finish());
  if (!source) return fields.wrong("source", "is missing; name a model");
  if (!destination) return fields.wrong("destination", "is missing; give a name");
  HEARTH_TRY(list.copy(store_name(*source), store_name(*destination)));
  host.forget(store_name(*destination));
  return {};
}

Result<void> remove(const ModelList& list, ModelHost& host, const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const std::string name, read_ollama_name(fields, "name one that /api/tags lists"));
  HEARTH_TRY(fields.finish());
  HEARTH_TRY(list.remove(name));
  host.forget(name);
  return {};
}

// Whether the answer is to come in lines.
Result<bool> pull(const ModelList& list, const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const std::string name, read_ollama_name(fields, "name one that /api/tags lists"));
  HEARTH_ASSIGN(const auto streamed, fields.boolean("stream"));
  fields.accept("insecure");
  HEARTH_TRY(fields.finish());
  const auto found = list.find(name);
  if (!found.ok()) {
    return Error(ErrorCode::kNotFound,
                 concat("model: \"", printable(name),
                        "\" is not here, and a server fetches none; run hearth import FILE"));
  }
  return streamed.value_or(true);
}

void send_done(const Result<void>& done, HttpReply& reply) {
  if (!done.ok()) return send_ollama_error(reply, done.error());
  reply.send(200, "text/plain", "");
}

}  // namespace

void send_ollama_tags(const ModelList& list, HttpReply& reply) {
  Json models = Json::array();
  for (const ListedModel& model : list.all()) models.push_back(model_json(list, model));
  send_json(reply, 200, {{"models", std::move(models)}});
}

void send_ollama_ps(const ModelList& list, const ModelHost& host, HttpReply& reply) {
  Json models = Json::array();
  for (const HostedModel& hosted : host.loaded()) {
    const auto listed = list.find(hosted.name);
    Json json = model_json(list, listed.ok() ? *listed : ListedModel{hosted.name, hosted.bytes});
    json.erase("modified_at");
    json["expires_at"] = utc_in(hosted.expires_in_s.value_or(kForeverYears * 365 * 86400));
    json["size_vram"] = 0;
    models.push_back(std::move(json));
  }
  send_json(reply, 200, {{"models", std::move(models)}});
}

void answer_ollama_show(const ModelList& list, const HttpRequest& request, HttpReply& reply) {
  const Result<Json> shown = show(list, request.body);
  if (!shown.ok()) return send_ollama_error(reply, shown.error());
  send_json(reply, 200, *shown);
}

void answer_ollama_copy(const ModelList& list, ModelHost& host, const HttpRequest& request,
                        HttpReply& reply) {
  send_done(copy(list, host, request.body), reply);
}

void answer_ollama_delete(const ModelList& list, ModelHost& host, const HttpRequest& request,
                          HttpReply& reply) {
  send_done(remove(list, host, request.body), reply);
}

void answer_ollama_pull(const ModelList& list, const HttpRequest& request, HttpReply& reply) {
  const Result<bool> is_streamed = pull(list, request.body);
  if (!is_streamed.ok()) return send_ollama_error(reply, is_streamed.error());
  if (!*is_streamed) return send_json(reply, 200, {{"status", "success"}});
  reply.send(200, "application/x-ndjson",
             "{\"status\":\"pulling manifest\"}\n{\"status\":\"success\"}\n");
}

}  // namespace hearth
