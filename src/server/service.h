// SPDX-License-Identifier: Apache-2.0
// The server: which path is answered by what, and who may ask.
//
// Ownership: owns the models' host and its helpers. Threading: create, run and stop as HttpServer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/http_server.h"
#include "server/model_host.h"
#include "server/task_queue.h"

namespace hearth {

struct ServiceOptions {
  HttpOptions http;
  ModelHostOptions models;
  std::string default_model;
  std::vector<std::string> preloaded;                   // loaded before requests are answered
  std::function<std::vector<std::string>()> available;  // names that can be asked for
  std::vector<std::string> key_hashes;  // of API keys, SHA-256 in hexadecimal; empty: anybody
  std::string version;
  // Told of models that were to be preloaded and do not load.
  std::function<void(const std::string& line)> log;
};

class Service {
 public:
  // Errors: those of HttpServer::listen().
  static Result<std::unique_ptr<Service>> create(ServiceOptions options);
  ~Service();

  const std::string& address() const { return http_->address(); }
  uint16_t port() const { return http_->port(); }
  // Loads what is to be preloaded beside answering; until then /health says 503. Returns after
  // stop().
  void run();
  void stop() { http_->stop(); }

 private:
  explicit Service(ServiceOptions options);
  void handle(std::shared_ptr<const HttpRequest> request, std::shared_ptr<HttpReply> reply);
  void route(const HttpRequest& request, std::shared_ptr<HttpReply> reply);
  bool may_ask(const HttpRequest& request) const;
  void send_models(HttpReply& reply) const;
  void send_health(HttpReply& reply) const;

  ServiceOptions options_;
  std::atomic<int> loading_ = 0;
  std::unique_ptr<HttpServer> http_;  // longer than the models, whose last answers go to it
  ModelHost models_;
  TaskQueue tasks_;  // last: its tasks use all of the above
};

}  // namespace hearth
