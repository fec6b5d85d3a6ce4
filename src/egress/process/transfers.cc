// SPDX-License-Identifier: Apache-2.0
#include "egress/process/transfers.h"

#include <curl/curl.h>
#include <string.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/strings.h"
#include "egress/process/curl_faults.h"
#include "egress/reply_reader.h"

namespace hearth {
namespace {

constexpr std::size_t kHeaderBytesMax = 64 << 10;
constexpr long kConnectTimeoutMsMax = 10000;
// How long the end of an answer is waited for behind [DONE], so that the connection can be kept.
constexpr double kDrainMs = 1000;
constexpr std::size_t kDrainingMax = 16;
constexpr int kWaitMs = 1000;
constexpr int kDrainWaitMs = 50;
constexpr long kConnectionsKept = 16;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

// Header lines for a request; the one with the key is wiped.
class Headers {
 public:
  Headers() = default;
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  ~Headers() {
    for (curl_slist* line = lines_; line != nullptr; line = line->next) {
      ::explicit_bzero(line->data, ::strlen(line->data));
    }
    curl_slist_free_all(lines_);
  }
  bool add(const std::string& line) {
    curl_slist* const longer = curl_slist_append(lines_, line.c_str());
    if (longer != nullptr) lines_ = longer;
    return longer != nullptr;
  }
  curl_slist* get() const { return lines_; }

 private:
  curl_slist* lines_ = nullptr;
};

// "Name: value" of a header line, the name in lower case; an empty name where it is none.
std::pair<std::string, std::string_view> split_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return {};
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() <= ' ') value.remove_suffix(1);
  return {std::move(name), value};
}

}  // namespace

struct Transfers::Multi {
  CURLM* handle = curl_multi_init();
  ~Multi() { curl_multi_cleanup(handle); }
};

struct Transfers::Transfer {
  Transfer(uint32_t id, const CheckedTarget& asked, std::string bytes, std::size_t answer_bytes_max)
      : ask(id), target(asked), body(std::move(bytes)), reader(asked.told.use, answer_bytes_max) {}

  bool prepare(const AskFrame& fields);
  void set_connection(CURL* handle) const;
  std::size_t take_header(std::string_view line);
  std::size_t take_body(std::string_view bytes);
  int64_t bytes_sent() const;

  uint32_t ask;
  const CheckedTarget& target;
  std::string body;  // libcurl reads it from here
  Headers headers;
  ReplyReader reader;
  ReplyHead head;
  std::size_t header_bytes = 0;
  long timeout_ms = 0;
  Stopwatch since_begun = {};
  bool has_body = false;     // of the answer: then headers are trailers
  bool is_reported = false;  // the rest is only waited for
  Stopwatch since_reported = {};
  std::unique_ptr<CURL, FreeEasy> easy;  // last: it is gone before what it borrows
};

namespace {

template <typename Transfer>
std::size_t on_header(char* data, std::size_t size, std::size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->take_header({data, size * count});
}

template <typename Transfer>
std::size_t on_body(char* data, std::size_t size, std::size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->take_body({data, size * count});
}

}  // namespace

// What holds whatever is asked.
void Transfers::Transfer::set_connection(CURL* handle) const {
  const bool is_tls = target.endpoint.scheme == UrlScheme::kHttps;
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, is_tls ? "https" : "http");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, is_tls ? "https" : "http");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!target.told.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, target.told.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  }
  // What goes to this machine goes to no proxy; else the environment's is used.
  if (target.endpoint.is_loopback) curl_easy_setopt(handle, CURLOPT_PROXY, "");
}

bool Transfers::Transfer::prepare(const AskFrame& fields) {
  easy.reset(curl_easy_init());
  CURL* const handle = easy.get();
  if (handle == nullptr) return false;
  set_connection(handle);
  timeout_ms = std::max(1L, static_cast<long>(std::min(fields.timeout_ms, target.told.timeout_ms)));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, std::min(timeout_ms, kConnectTimeoutMsMax));
  bool added = headers.add("Content-Type: application/json") && headers.add("Expect:") &&
               headers.add("Accept: application/json, text/event-stream") &&
               headers.add("User-Agent: hearth");
  if (added && !target.key.empty()) {
    std::string line = concat("Authorization: Bearer ", target.key);
    added = headers.add(line);
    ::explicit_bzero(line.data(), line.size());
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header<Transfer>);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body<Transfer>);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
  return added && curl_easy_setopt(handle, CURLOPT_URL, target.post_url.c_str()) == CURLE_OK;
}

// Fewer bytes than came end the transfer.
std::size_t Transfers::Transfer::take_header(std::string_view line) {
  header_bytes += line.size();
  if (header_bytes > kHeaderBytesMax) return 0;
  if (has_body) return line.size();
  if (line.starts_with("HTTP/")) {  // behind a head of 1xx comes another
    head = {};
    const std::size_t space = std::min(line.find(' '), line.size() - 1);
    std::from_chars(line.data() + space + 1, line.data() + line.size(), head.status);
    return line.size();
  }
  const auto [name, value] = split_header(line);
  if (name == "content-type") head.content_type = value;
  if (name == "content-encoding") head.is_compressed = value != "identity" && !value.empty();
  const bool ends = line == "\r\n" || line == "\n";
  if (!ends || head.status < 200) return line.size();
  has_body = true;
  return reader.begin(head) ? line.size() : 0;
}

std::size_t Transfers::Transfer::take_body(std::string_view bytes) {
  return reader.push(bytes) ? bytes.size() : 0;
}

int64_t Transfers::Transfer::bytes_sent() const {
  curl_off_t sent = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  return static_cast<int64_t>(sent);
}

std::string post_url(const EndpointUrl& endpoint, RemoteUse use) {
  return concat(endpoint.scheme == UrlScheme::kHttps ? "https://" : "http://",
                host_and_port(endpoint), endpoint.path,
                use == RemoteUse::kChat ? "/chat/completions" : "");
}

std::vector<std::filesystem::path> certificate_paths() {
  std::vector<std::filesystem::path> paths;
  const curl_version_info_data* const info = curl_version_info(CURLVERSION_NOW);
  if (info->cainfo != nullptr) paths.emplace_back(info->cainfo);
  if (info->capath != nullptr) paths.emplace_back(info->capath);
  return paths;
}

Transfers::Transfers(const std::vector<CheckedTarget>& targets)
    : targets_(targets), multi_(std::make_unique<Multi>()) {}

Transfers::~Transfers() {
  while (!active_.empty()) remove(active_.size() - 1);
}

Result<std::unique_ptr<Transfers>> Transfers::create(const std::vector<CheckedTarget>& targets) {
  const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  std::unique_ptr<Transfers> transfers(new Transfers(targets));
  if (!started || transfers->multi_->handle == nullptr) {
    return Error(ErrorCode::kInternal, "egress: libcurl cannot start; reinstall libcurl4");
  }
  curl_multi_setopt(transfers->multi_->handle, CURLMOPT_MAXCONNECTS, kConnectionsKept);
  return transfers;
}

void Transfers::begin(uint32_t ask, const AskFrame& fields, std::string body, std::string& out) {
  const auto refuse = [&](RemoteFault fault, std::string text) {
    DoneFrame done;
    done.fault = fault;
    done.text = std::move(text);
    append_done(out, ask, done);
  };
  const auto target = std::find_if(targets_.begin(), targets_.end(), [&](const CheckedTarget& one) {
    return one.told.name == fields.target;
  });
  if (target == targets_.end()) {
    return refuse(RemoteFault::kInvalid,
                  concat("target ", fields.target,
                         ": is none of those that the broker was started with; restart hearth"));
  }
  auto transfer = std::make_unique<Transfer>(ask, *target, std::move(body),
                                             static_cast<std::size_t>(fields.answer_bytes_max));
  if (!transfer->prepare(fields) ||
      curl_multi_add_handle(multi_->handle, transfer->easy.get()) != CURLM_OK) {
    return refuse(RemoteFault::kUnreachable,
                  concat("target ", fields.target, ": no memory to ask it; free some"));
  }
  active_.push_back(std::move(transfer));
}

void Transfers::remove(std::size_t index) {
  curl_multi_remove_handle(multi_->handle, active_[index]->easy.get());
  active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Transfers::cancel(uint32_t ask, std::string& out) {
  for (std::size_t i = 0; i < active_.size(); ++i) {
    Transfer& transfer = *active_[i];
    if (transfer.ask != ask || transfer.is_reported) continue;
    DoneFrame done;
    done.fault = RemoteFault::kCancelled;
    done.text = concat("target ", transfer.target.told.name, ": was stopped; ask again");
    done.bytes_sent = transfer.bytes_sent();
    append_done(out, ask, done);
    return remove(i);
  }
}

void Transfers::perform(std::string& out) {
  int running = 0;
  curl_multi_perform(multi_->handle, &running);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    Transfer& transfer = *active_[i];
    append_text(out, transfer.ask, transfer.reader.take_text());
    if (transfer.reader.is_complete() && !transfer.is_reported) {
      report(transfer, CURLE_OK, out);
      transfer.is_reported = true;
      transfer.since_reported = {};
    }
  }
  take_finished(out);
  end_drained();
}

// Of those whose end is only waited for, the ones that have had their time, and the oldest where
// they are many.
void Transfers::end_drained() {
  std::size_t draining = active_.size() - count();
  for (std::size_t i = 0; i < active_.size();) {
    const Transfer& transfer = *active_[i];
    if (transfer.is_reported &&
        (draining > kDrainingMax || transfer.since_reported.elapsed_ms() > kDrainMs)) {
      remove(i);
      --draining;
    } else {
      ++i;
    }
  }
}

std::size_t Transfers::count() const {
  return static_cast<std::size_t>(std::count_if(
      active_.begin(), active_.end(), [](const auto& transfer) { return !transfer->is_reported; }));
}

void Transfers::take_finished(std::string& out) {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_->handle, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message is gone once the handle is removed
    const auto found = std::find_if(active_.begin(), active_.end(), [&](const auto& transfer) {
      return transfer->easy.get() == message->easy_handle;
    });
    if (found == active_.end()) continue;
    if (!(*found)->is_reported) report(**found, code, out);
    remove(static_cast<std::size_t>(found - active_.begin()));
  }
}

// The first thing that was wrong: what the endpoint said, else what happened to the connection.
void Transfers::report(Transfer& transfer, int curl_code, std::string& out) {
  const auto code = static_cast<CURLcode>(curl_code);
  ReplyEnd end;
  if (transfer.header_bytes > kHeaderBytesMax) {
    end.fault = RemoteFault::kTooLarge;
    end.text = concat("sent headers of more than ", kHeaderBytesMax, " bytes; check url");
  } else {
    const bool broke_off = code != CURLE_OK && code != CURLE_WRITE_ERROR;
    end = transfer.reader.finish(code == CURLE_OK);
    const bool is_only_cut = end.fault == RemoteFault::kNone ||
                             end.fault == RemoteFault::kBrokenStream ||
                             end.fault == RemoteFault::kUnreachable;
    if (broke_off && is_only_cut) {
      curl_off_t lookup_us = 0;
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_NAMELOOKUP_TIME_T, &lookup_us);
      // Whatever it was busy with when its time was over.
      const bool is_late =
          transfer.since_begun.elapsed_ms() >= static_cast<double>(transfer.timeout_ms);
      curl_fault(is_late ? CURLE_OPERATION_TIMEDOUT : code, lookup_us > 0, transfer.has_body, end);
    }
  }
  append_text(out, transfer.ask, transfer.reader.take_text());
  DoneFrame done;
  done.fault = end.fault;
  done.http_status = transfer.head.status;
  done.bytes_sent = transfer.bytes_sent();
  done.prompt_tokens = end.prompt_tokens;
  done.answer_tokens = end.answer_tokens;
  done.finish_reason = std::move(end.finish_reason);
  if (end.fault != RemoteFault::kNone) {
    done.text = concat("target ", transfer.target.told.name, ": ", end.text);
  }
  append_done(out, transfer.ask, done);
}

void Transfers::wait(int channel, bool wants_write) const {
  const bool drains = std::any_of(active_.begin(), active_.end(),
                                  [](const auto& transfer) { return transfer->is_reported; });
  curl_waitfd extra{};
  extra.fd = channel;
  extra.events = CURL_WAIT_POLLIN;
  if (wants_write) extra.events |= CURL_WAIT_POLLOUT;
  curl_multi_poll(multi_->handle, &extra, 1, drains ? kDrainWaitMs : kWaitMs, nullptr);
}

}  // namespace hearth
