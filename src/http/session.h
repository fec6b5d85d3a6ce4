// SPDX-License-Identifier: Apache-2.0
// One connection: requests one after the other, each answered before the next is read. The only
// files that know Boost are this one's, stream.h and server.cc.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <set>

#include "http/server.h"
#include "http/stream.h"

namespace hearth {

// What all connections share; of the server's thread.
struct HttpShared {
  HttpLimits limits;
  HttpHandler handler;
  HttpRefusalBody refusal_body;
  HttpAnswered on_answered;
  std::unique_ptr<boost::asio::ssl::context> tls;  // null: plain
  bool is_stopping = false;                        // no further request on a connection
  std::set<PlainStream*> idle;                     // connections on which no request has begun
  int32_t connections = 0;
};

// Serves a connection to its end.
boost::asio::awaitable<void> serve_connection(std::shared_ptr<HttpShared> shared,
                                              PlainStream stream);

}  // namespace hearth
