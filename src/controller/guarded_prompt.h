// SPDX-License-Identifier: Apache-2.0
// A conversation as the guard sees it: how sensitive it is, what kind of task it is, and what of it
// may be sent to a target.
//
// Ownership: borrows the messages. Threading: one thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "controller/routed_request.h"
#include "guard/declassified.h"
#include "guard/guard.h"
#include "guard/pseudonyms.h"
#include "route/policy.h"

namespace hearth {

// What a target is asked for beside the messages.
struct BodyOptions {
  int32_t answer_tokens_max = 0;
  std::optional<double> temperature;
};

struct OutgoingBody {
  Declassified<std::string> bytes;  // OpenAI's chat request
  std::string redactions;           // as in "EMAIL=1,PERSON=2"
};

class GuardedPrompt {
 public:
  explicit GuardedPrompt(std::span<const PromptMessage> messages);

  // The highest of all messages, whoever wrote them.
  Sensitivity sensitivity() const { return sensitivity_; }
  // By the words of the last message that the user typed. What documents, tools and endpoints wrote
  // says nothing: a rule may grant a target for one task only.
  RequestTask task() const { return task_; }
  // That message; empty: there is none.
  std::string_view question() const { return question_; }
  // All that the user typed, in which a secret of the answer is none.
  std::string user_text() const;

  // Errors: kRefused (the text, or what is left of it, is above what the target accepts),
  // kUnavailable (the system has no random bytes, no memory).
  Result<OutgoingBody> body_for(const RemoteTarget& target, Redaction redaction,
                                const BodyOptions& options);

  // What stands for what in all bodies that were made; null where nothing was redacted.
  const Pseudonyms* pseudonyms() const { return pseudonyms_ ? &*pseudonyms_ : nullptr; }

 private:
  Result<std::string> redacted(std::string_view text, std::span<int64_t> counts);

  const Guard guard_ = {};
  std::span<const PromptMessage> messages_;
  Sensitivity sensitivity_ = Sensitivity::kPublic;
  RequestTask task_ = RequestTask::kChat;
  std::string_view question_;
  std::optional<Pseudonyms> pseudonyms_;
};

}  // namespace hearth
