// SPDX-License-Identifier: Apache-2.0
#include "http/message.h"

namespace hearth {

std::string_view HttpRequest::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

void HttpReply::start(int status, std::string_view content_type, HttpHeaders more,
                      bool is_streamed) {
  pending_.has_head = true;
  pending_.status = status;
  pending_.headers = std::move(more);
  pending_.headers.emplace_back("content-type", content_type);
  pending_.headers.insert(pending_.headers.end(), added_.begin(), added_.end());
  status_ = status;
  pending_.is_streamed = is_streamed;
}

void HttpReply::add_headers(HttpHeaders headers) {
  const std::lock_guard lock(mutex_);
  added_.insert(added_.end(), headers.begin(), headers.end());
}

void HttpReply::send(int status, std::string_view content_type, std::string body,
                     HttpHeaders more) {
  {
    const std::lock_guard lock(mutex_);
    start(status, content_type, std::move(more), false);
    pending_.body = std::move(body);
    pending_.is_over = true;
  }
  wake_();
}

void HttpReply::begin(int status, std::string_view content_type, HttpHeaders more) {
  {
    const std::lock_guard lock(mutex_);
    start(status, content_type, std::move(more), true);
  }
  wake_();
}

void HttpReply::write(std::string_view piece) {
  {
    const std::lock_guard lock(mutex_);
    if (is_gone_) return;
    pending_.body += piece;
    if (pending_.body.size() > kWaitingBytesMax) is_gone_ = true;
  }
  wake_();
}

void HttpReply::end() {
  {
    const std::lock_guard lock(mutex_);
    pending_.is_over = true;
  }
  wake_();
}

HttpReply::Pending HttpReply::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(pending_, {});
}

}  // namespace hearth
