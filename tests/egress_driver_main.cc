// SPDX-License-Identifier: Apache-2.0
// egress_driver PROGRAM POLICY [--lock]: starts the broker for a policy, says {"process": PID}, and
// asks what comes in on stdin, one JSON object a line, all at once:
//   {"id": 1, "target": "edge", "body": "...", "timeout_ms": 1000, "answer_bytes_max": 4096,
//    "stop_after_bytes": N}
// Out come {"id": 1, "text": "..."} as text comes, and at last {"id": 1, "fault": "none", ...}.
// With
// --lock it has locked itself down before it asks. Ends with stdin, once all is answered.
#include <cstdio>
#include <functional>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "egress/broker.h"
#include "guard/declassified.h"
#include "lockdown/lockdown.h"

namespace {

using Json = nlohmann::json;
using namespace hearth;

void say(const Json& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cout << line.dump() << std::endl;
}

int fail(const Error& error) {
  say({{"error", error.message()}});
  return 1;
}

void answer(Broker& broker, const Json& question) {
  const Json id = question.at("id");
  auto message =
      declassify(Guard(), question.value("body", std::string("{}")), Sensitivity::kSensitive);
  if (!message.ok())
    return say({{"id", id}, {"fault", "refused"}, {"text", message.error().message()}});
  const RemoteAsk ask{question.value("target", std::string("edge")), std::move(message).value(),
                      question.value("timeout_ms", 10000.0),
                      question.value("answer_bytes_max", std::size_t{1} << 16)};
  const std::size_t stop_after = question.value("stop_after_bytes", std::size_t{0});
  std::size_t bytes = 0;
  const RemoteResult result = broker.ask(ask,
                                         [&](std::string_view text) {
                                           if (!question.value("quiet", false))
                                             say({{"id", id}, {"text", text}});
                                           bytes += text.size();
                                           return stop_after == 0 || bytes < stop_after;
                                         },
                                         {});
  say({{"id", id},
       {"fault", remote_fault_name(result.fault)},
       {"why", result.text},
       {"http_status", result.http_status},
       {"answer_bytes", result.answer.size()},
       {"answer", question.value("quiet", false) ? std::string() : result.answer},
       {"prompt_tokens", result.prompt_tokens},
       {"answer_tokens", result.answer_tokens},
       {"is_estimated", result.is_estimated},
       {"first_token_ms", result.first_token_ms},
       {"total_ms", result.total_ms},
       {"finish_reason", result.finish_reason},
       {"bytes_sent", result.bytes_sent}});
}

int run(const std::string& program, const std::string& policy_file, bool locks) {
  const auto text = read_file(policy_file, kPolicyBytesMax);
  if (!text.ok()) return fail(text.error());
  const auto policy = parse_policy(*text, policy_file);
  if (!policy.ok()) return fail(policy.error());
  const auto broker = Broker::start(program, *policy);
  if (!broker.ok()) return fail(broker.error());
  if (locks) {
    LockdownOptions options;
    options.keep = {(*broker)->descriptor()};
    const auto locked = lockdown(options);
    if (!locked.ok()) return fail(locked.error());
  }
  say({{"process", (*broker)->process()}});
  std::vector<std::thread> threads;
  for (std::string line; std::getline(std::cin, line);) {
    threads.emplace_back(answer, std::ref(**broker), Json::parse(line));
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: egress_driver PROGRAM POLICY [--lock]\n", stderr);
    return 2;
  }
  return run(argv[1], argv[2], argc > 3 && std::string(argv[3]) == "--lock");
}
