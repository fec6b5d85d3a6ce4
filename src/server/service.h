// SPDX-License-Identifier: Apache-2.0
// The server: which path is answered by what, and who may ask.
//
// Ownership: owns the models' host and its helpers. Threading: create, run and stop as HttpServer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/controller.h"
#include "http/server.h"
#include "server/metrics.h"
#include "server/model_host.h"
#include "server/model_list.h"
#include "server/privacy_api.h"
#include "server/request_guard.h"
#include "server/routing.h"
#include "server/task_queue.h"

namespace hearth {

// A request that was answered, for a log: nothing of what was asked or said.
struct ServedRequest {
  std::string_view id;
  std::string_view endpoint;
  int status;  // of HTTP; 499: the client went
  double ms;
};

struct ServiceOptions {
  HttpOptions http;
  ModelHostOptions models;
  std::string default_model;
  std::vector<std::string> given;  // models that are loaded before requests are answered
  std::optional<Store> store;
  RequestGuardOptions guard;
  std::string version;
  std::shared_ptr<Controller> controller = {};  // that chats go by; null: all is answered here
  std::function<void(const ServedRequest& request)> log;  // or none
  PrivacyActions privacy = {};  // what the page shows of privacy; empty: nobody may ask
  // Called once it listens, before it starts a thread: the moment to give up rights. Its error is
  // create()'s. Or none.
  std::function<Result<void>()> listening = {};
};

class Service {
 public:
  // Errors: those of HttpServer::listen() and of ServiceOptions::listening.
  static Result<std::unique_ptr<Service>> create(ServiceOptions options);
  ~Service();

  const std::string& address() const { return http_->address(); }
  uint16_t port() const { return http_->port(); }
  // Loads what was given beside answering; until then /health says 503. Returns after stop().
  void run();
  void stop() { http_->stop(); }

 private:
  using Reply = std::shared_ptr<HttpReply>;
  struct Route {
    std::string_view method;
    std::string_view path;
    Endpoint endpoint;
    void (*answer)(Service& service, const HttpRequest& request, const Reply& reply);
  };
  static const Route kRoutes[];

  Service(ServiceOptions options, std::unique_ptr<HttpServer> http);
  static const Route* find_route(const HttpRequest& request);
  // "GET, HEAD"; empty where there is no such path.
  static std::string allowed_methods(std::string_view path);
  void handle(std::shared_ptr<const HttpRequest> request, Reply reply);
  void count(const HttpRequest& request, int status, double ms);
  void refuse(const HttpRequest& request, const RequestGuard::Refusal& refusal, HttpReply& reply);

  Routing* routing() const { return routing_.get(); }
  void send_models(HttpReply& reply) const;
  void send_health(HttpReply& reply) const;

  ServiceOptions options_;
  RequestGuard guard_;
  ModelList list_;
  ServerMetrics metrics_;
  std::atomic<int> loading_ = 0;
  std::unique_ptr<HttpServer> http_;  // longer than the models, whose last answers go to it
  std::unique_ptr<Routing> routing_;  // longer than the models too, who tell it of their answers
  ModelHost models_;
  TaskQueue tasks_;  // last: its tasks use all of the above
};

}  // namespace hearth
