// SPDX-License-Identifier: Apache-2.0
#include "server/service.h"

#include <openssl/crypto.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "package/sha256.h"
#include "server/api_error.h"
#include "server/json_reply.h"
#include "server/openai_chat.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTaskThreads = 2;
constexpr std::chrono::seconds kDrainTime{10};

Json model_json(const std::string& name) {
  return {{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "hearth"}};
}

}  // namespace

Result<std::unique_ptr<Service>> Service::create(ServiceOptions options) {
  std::unique_ptr<Service> service(new Service(std::move(options)));
  Service* const self = service.get();
  HEARTH_ASSIGN(service->http_,
                HttpServer::listen(service->options_.http, [self](auto request, auto reply) {
                  self->handle(std::move(request), std::move(reply));
                }));
  return service;
}

Service::Service(ServiceOptions options)
    : options_(std::move(options)), models_(options_.models), tasks_(kTaskThreads) {}

Service::~Service() = default;

void Service::run() {
  for (const std::string& name : options_.preloaded) {
    ++loading_;
    tasks_.push([this, name] {
      const auto loaded = models_.get(name);
      if (!loaded.ok() && options_.log)
        options_.log(concat("model ", name, ": ", loaded.error().message()));
      --loading_;
    });
  }
  http_->run(kDrainTime);
}

bool Service::may_ask(const HttpRequest& request) const {
  if (options_.key_hashes.empty()) return true;
  constexpr std::string_view kScheme = "Bearer ";
  std::string_view key = request.header("authorization");
  if (!key.starts_with(kScheme)) return false;
  const std::string hash = sha256_hex(key.substr(kScheme.size()));
  bool is_known = false;  // all are compared, each in constant time
  for (const std::string& known : options_.key_hashes)
    is_known |=
        known.size() == hash.size() && CRYPTO_memcmp(known.data(), hash.data(), hash.size()) == 0;
  return is_known;
}

void Service::handle(std::shared_ptr<const HttpRequest> request, std::shared_ptr<HttpReply> reply) {
  if (request->path == "/health") return send_health(*reply);
  if (!may_ask(*request)) {
    return send_json(
        *reply, 401,
        openai_error(401, "key: is missing or unknown; send it as Authorization: Bearer KEY",
                     nullptr, "invalid_api_key"),
        {{"www-authenticate", "Bearer"}});
  }
  tasks_.push([this, request, reply] { route(*request, reply); });
}

void Service::route(const HttpRequest& request, std::shared_ptr<HttpReply> reply) {
  const bool is_post = request.method == "POST";
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (request.path == "/v1/chat/completions" && is_post)
    return answer_chat(models_, options_.default_model, request, std::move(reply));
  if (request.path == "/v1/completions" && is_post)
    return answer_completion(models_, options_.default_model, request, std::move(reply));
  if (request.path == "/v1/models" && is_get) return send_models(*reply);
  if (request.path == "/api/version" && is_get)
    return send_json(*reply, 200, {{"version", options_.version}});
  send_openai_error(*reply,
                    Error(ErrorCode::kNotFound, concat(request.method, " ", printable(request.path),
                                                       ": there is no such thing here")));
}

void Service::send_models(HttpReply& reply) const {
  Json list = Json::array();
  for (const std::string& name : options_.available()) list.push_back(model_json(name));
  send_json(reply, 200, {{"object", "list"}, {"data", std::move(list)}});
}

void Service::send_health(HttpReply& reply) const {
  if (loading_ > 0) return send_json(reply, 503, {{"status", "loading"}});
  send_json(reply, 200, {{"status", "ok"}});
}

}  // namespace hearth
