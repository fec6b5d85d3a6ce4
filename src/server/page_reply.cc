// SPDX-License-Identifier: Apache-2.0
#include "server/page_reply.h"

#include "page/page.h"

namespace hearth {
namespace {

// Scripts, styles and requests of this server's only, and no page that frames this one: whatever a
// model writes, nothing of it runs and nothing of it goes elsewhere.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

bool send_page(const HttpRequest& request, HttpReply& reply) {
  if (request.method != "GET" && request.method != "HEAD") return false;
  const auto file = find_page_file(request.path);
  if (!file) return false;
  HttpHeaders headers = {{"content-security-policy", std::string(kPolicy)},
                         {"x-content-type-options", "nosniff"},
                         {"referrer-policy", "no-referrer"},
                         {"cache-control", "no-cache"},
                         {"etag", std::string(file->etag)}};
  // A list of tags is what only caches send; they get the file.
  const bool is_known = request.header("if-none-match") == file->etag;
  reply.send(is_known ? 304 : 200, file->content_type,
             std::string(is_known ? std::string_view() : file->content), std::move(headers));
  return true;
}

}  // namespace hearth
