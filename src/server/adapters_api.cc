// SPDX-License-Identifier: Apache-2.0
#include "server/adapters_api.h"

#include "server/api_error.h"
#include "server/json_fields.h"
#include "server/json_reply.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

struct AdapterRequest {
  std::shared_ptr<ServedModel> model;
  std::string name;
};

Result<AdapterRequest> read(ModelHost& models, const std::string& default_model,
                            const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  AdapterRequest asked;
  HEARTH_ASSIGN(const auto name, fields.text("lora_name"));
  if (!name) return fields.wrong("lora_name", "is missing; name an adapter");
  asked.name = *name;
  HEARTH_ASSIGN(const auto model, fields.text("model"));
  HEARTH_TRY(fields.finish());
  HEARTH_ASSIGN(asked.model, models.get(model.value_or(default_model)));
  return asked;
}

Result<Json> load(ModelHost& models, const std::string& default_model, const std::string& body) {
  HEARTH_ASSIGN(const AdapterRequest asked, read(models, default_model, body));
  HEARTH_ASSIGN(const auto adapter, asked.model->adapters->load(asked.name));
  return Json{{"model", asked.model->name},
              {"lora_name", asked.name},
              {"rank", adapter->rank()},
              {"bytes", adapter->bytes()}};
}

Result<Json> unload(ModelHost& models, const std::string& default_model, const std::string& body) {
  HEARTH_ASSIGN(const AdapterRequest asked, read(models, default_model, body));
  HEARTH_TRY(asked.model->adapters->unload(asked.name));
  return Json{{"model", asked.model->name}, {"lora_name", asked.name}};
}

}  // namespace

void answer_load_adapter(ModelHost& models, const std::string& default_model,
                         const HttpRequest& request, HttpReply& reply) {
  send_openai_result(reply, load(models, default_model, request.body));
}

void answer_unload_adapter(ModelHost& models, const std::string& default_model,
                           const HttpRequest& request, HttpReply& reply) {
  send_openai_result(reply, unload(models, default_model, request.body));
}

}  // namespace hearth
