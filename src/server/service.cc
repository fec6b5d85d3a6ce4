// SPDX-License-Identifier: Apache-2.0
#include "server/service.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "page/page.h"
#include "server/adapters_api.h"
#include "server/api_error.h"
#include "server/embeddings.h"
#include "server/json_reply.h"
#include "server/llama_cpp.h"
#include "server/ollama.h"
#include "server/ollama_create.h"
#include "server/ollama_models.h"
#include "server/openai.h"
#include "server/page_reply.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTaskThreads = 2;
constexpr std::chrono::seconds kDrainTime{10};

Json model_json(const std::string& name) {
  return {{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "hearth"}};
}

bool is_ollama(std::string_view path) { return path.starts_with("/api/"); }

// The endpoint's errors are in the shape of its API.
void send_error(const HttpRequest& request, const Error& error, HttpReply& reply) {
  if (is_ollama(request.path)) return send_ollama_error(reply, error);
  send_openai_error(reply, error);
}

}  // namespace

// How each is answered; by the helpers, but for /health.
const Service::Route Service::kRoutes[] =
    {
        {"POST", "/v1/chat/completions", Endpoint::kChat,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_openai(of.models_, of.routing(), of.options_.default_model, OpenAiKind::kChat,
                         request, reply);
         }},
        {"POST", "/v1/completions", Endpoint::kCompletion,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_openai(of.models_, of.routing(), of.options_.default_model, OpenAiKind::kText,
                         request, reply);
         }},
        {"POST", "/v1/embeddings", Endpoint::kEmbedding,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_openai_embeddings(of.models_, of.options_.default_model, request, reply);
         }},
        {"POST", "/v1/rerank", Endpoint::kRerank,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_rerank(of.models_, of.options_.default_model, request, reply);
         }},
        {"POST", "/v1/load_lora_adapter", Endpoint::kModels,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_load_adapter(of.models_, of.options_.default_model, request, *reply);
         }},
        {"POST", "/v1/unload_lora_adapter", Endpoint::kModels,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_unload_adapter(of.models_, of.options_.default_model, request, *reply);
         }},
        {"GET", "/v1/models", Endpoint::kModels,
         [](Service& of, const HttpRequest&, const Reply& reply) { of.send_models(*reply); }},
        {"POST", "/api/chat", Endpoint::kChat,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama(of.models_, of.routing(), OllamaKind::kChat, request, reply);
         }},
        {"POST", "/api/generate", Endpoint::kCompletion,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama(of.models_, of.routing(), OllamaKind::kGenerate, request, reply);
         }},
        {"POST", "/api/embed", Endpoint::kEmbedding,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama_embed(of.models_, request, reply);
         }},
        {"POST", "/api/embeddings", Endpoint::kEmbedding,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama_embeddings(of.models_, request, reply);
         }},
        {"GET", "/api/tags", Endpoint::kModels,
         [](Service& of, const HttpRequest&, const Reply& reply) {
           send_ollama_tags(of.list_, *reply);
         }},
        {"GET", "/api/ps", Endpoint::kModels,
         [](Service& of, const HttpRequest&, const Reply& reply) {
           send_ollama_ps(of.list_, of.models_, *reply);
         }},
        {"POST", "/api/show", Endpoint::kModels,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama_show(of.list_, request, *reply);
         }},
        {"POST", "/api/create", Endpoint::kModels,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama_create(of.list_, of.models_, request, *reply);
         }},
        {"POST", "/api/copy", Endpoint::kModels,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama_copy(of.list_, of.models_, request, *reply);
         }},
        {"DELETE", "/api/delete", Endpoint::kModels,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama_delete(of.list_, of.models_, request, *reply);
         }},
        {"POST", "/api/pull", Endpoint::kModels,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_ollama_pull(of.list_, request, *reply);
         }},
        {"GET", "/api/version", Endpoint::kHealth,
         [](Service& of, const HttpRequest&, const Reply& reply) {
           send_json(*reply, 200, {{"version", of.options_.version}});
         }},
        {"POST", "/tokenize", Endpoint::kTokens,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_tokenize(of.models_, of.options_.default_model, request, *reply);
         }},
        {"POST", "/detokenize", Endpoint::kTokens,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_detokenize(of.models_, of.options_.default_model, request, *reply);
         }},
        {"POST", "/apply-template", Endpoint::kTokens,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_apply_template(of.models_, of.options_.default_model, request, *reply);
         }},
        {"GET", "/props", Endpoint::kModels,
         [](Service& of, const HttpRequest&, const Reply& reply) {
           send_props(of.models_, of.list_, of.options_.default_model, *reply);
         }},
        {"POST", "/infill", Endpoint::kInfill,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_infill(of.models_, of.options_.default_model, request, reply);
         }},
        {"GET", "/metrics", Endpoint::kMetrics,
         [](Service& of, const HttpRequest&, const Reply& reply) {
           reply->send(200, "text/plain; version=0.0.4; charset=utf-8",
                       metrics_text(of.metrics_, of.models_, of.options_.controller.get()));
         }},
        {"GET", "/v1/privacy", Endpoint::kPage,
         [](Service& of, const HttpRequest&, const Reply& reply) {
           send_privacy(of.options_.privacy, *reply);
         }},
        {"POST", "/v1/privacy/telemetry", Endpoint::kPage,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_privacy_telemetry(of.options_.privacy, request, *reply);
         }},
        {"POST", "/v1/privacy/forget", Endpoint::kPage,
         [](Service& of, const HttpRequest& request, const Reply& reply) {
           answer_privacy_forget(of.options_.privacy, request, *reply);
         }},
        {"GET", "/health", Endpoint::kHealth,
         [](Service& of, const HttpRequest&, const Reply& reply) { of.send_health(*reply); }},
};

Result<std::unique_ptr<Service>> Service::create(ServiceOptions options) {
  // Requests go to the service, which is there before run() reads the first.
  const auto self = std::make_shared<Service*>(nullptr);
  HttpOptions http = options.http;
  http.refusal_body = [](int status, std::string_view message) {
    return json_text(openai_error(status, message, nullptr, nullptr));
  };
  http.on_answered = [self](const HttpRequest& request, int status, double ms) {
    (*self)->count(request, status, ms);
  };
  HEARTH_ASSIGN(auto server, HttpServer::listen(http, [self](auto request, auto reply) {
                  (*self)->handle(std::move(request), std::move(reply));
                }));
  if (options.listening) HEARTH_TRY(options.listening());
  std::unique_ptr<Service> service(new Service(std::move(options), std::move(server)));
  *self = service.get();
  return service;
}

Service::Service(ServiceOptions options, std::unique_ptr<HttpServer> http)
    : options_(std::move(options)),
      guard_(options_.guard),
      list_(options_.store, options_.given, options_.models),
      http_(std::move(http)),
      routing_(options_.controller ? std::make_unique<Routing>(options_.controller) : nullptr),
      models_([&] {
        options_.models.scheduler.metrics = metrics_.scheduler;
        return options_.models;
      }()),
      tasks_(kTaskThreads) {}

Service::~Service() {
  if (routing_) routing_->stop();
}

void Service::run() {
  for (const std::string& name : options_.given) {
    ++loading_;
    tasks_.push([this, name] {
      const auto loaded = models_.get(name);
      if (!loaded.ok())
        options_.models.note(concat("model ", name, ": ", loaded.error().message()));
      --loading_;
    });
  }
  http_->run(kDrainTime);
}

const Service::Route* Service::find_route(const HttpRequest& request) {
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  const auto* found = std::ranges::find_if(kRoutes, [&](const Route& route) {
    return route.path == request.path && route.method == method;
  });
  return found == std::end(kRoutes) ? nullptr : found;
}

std::string Service::allowed_methods(std::string_view path) {
  std::string methods = find_page_file(path) ? "GET, HEAD" : "";
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    methods +=
        concat(methods.empty() ? "" : ", ", route.method == "GET" ? "GET, HEAD" : route.method);
  }
  return methods;
}

void Service::refuse(const HttpRequest& request, const RequestGuard::Refusal& refusal,
                     HttpReply& reply) {
  HttpHeaders more;
  if (refusal.status == 401) more.emplace_back("www-authenticate", "Bearer");
  if (refusal.status == 405) more.emplace_back("allow", allowed_methods(request.path));
  const Json code = refusal.status == 401 ? Json("invalid_api_key") : Json(nullptr);
  send_json(reply, refusal.status,
            is_ollama(request.path) ? Json{{"error", refusal.message}}
                                    : openai_error(refusal.status, refusal.message, nullptr, code),
            std::move(more));
}

void Service::handle(std::shared_ptr<const HttpRequest> request, Reply reply) {
  if (const auto refusal = guard_.refuse_site(*request)) return refuse(*request, *refusal, *reply);
  reply->add_headers(guard_.headers_for(*request));
  if (request->method == "OPTIONS") return reply->send(204, "text/plain", "");
  const Route* const route = find_route(*request);
  if (route != nullptr && route->path == "/health") return send_health(*reply);
  if (send_page(*request, *reply)) return;
  if (const auto refusal = guard_.refuse_key(*request)) return refuse(*request, *refusal, *reply);
  if (route == nullptr) {
    if (const std::string methods = allowed_methods(request->path); !methods.empty()) {
      return refuse(*request,
                    {405, concat(printable(request->method), " ", printable(request->path),
                                 ": the path has other methods; use ", methods)},
                    *reply);
    }
    return send_error(*request,
                      Error(ErrorCode::kNotFound,
                            concat(printable(request->method), " ", printable(request->path),
                                   ": there is no such thing here")),
                      *reply);
  }
  tasks_.push([this, request, reply, route] { route->answer(*this, *request, reply); });
}

void Service::count(const HttpRequest& request, int status, double ms) {
  const Route* const route = find_route(request);
  const Endpoint endpoint = route == nullptr ? Endpoint::kOther : route->endpoint;
  metrics_.count(endpoint, status, ms / 1e3);
  if (options_.log) options_.log({request.id, endpoint_name(endpoint), status, ms});
}

void Service::send_models(HttpReply& reply) const {
  Json list = Json::array();
  for (const ListedModel& model : list_.all()) list.push_back(model_json(model.name));
  // Any of the folder may be asked for; which fit a model, asking says.
  for (const HostedModel& model : models_.loaded()) {
    for (const AdapterFile& adapter : find_adapters(options_.models.adapters))
      list.push_back(model_json(concat(model.name, "+", adapter.name)));
  }
  send_json(reply, 200, {{"object", "list"}, {"data", std::move(list)}});
}

void Service::send_health(HttpReply& reply) const {
  if (loading_ > 0) return send_json(reply, 503, {{"status", "loading"}});
  send_json(reply, 200, {{"status", "ok"}});
}

}  // namespace hearth
