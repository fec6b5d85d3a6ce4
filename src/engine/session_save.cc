// SPDX-License-Identifier: Apache-2.0
// Sessions to bytes and back: Session::save() and Engine::restore_session().
#include <algorithm>
#include <cstring>

#include "base/strings.h"
#include "base/xxh64.h"
#include "engine/engine.h"
#include "engine/session_file.h"

namespace hearth {
namespace {

// The sink, with the checksum of what went through.
class Writer {
 public:
  explicit Writer(FunctionRef<Result<void>(std::span<const std::byte>)> sink) : sink_(sink) {}

  Result<void> write(std::span<const std::byte> bytes) {
    hash_.update(bytes);
    return sink_(bytes);
  }
  Result<void> finish() {
    const uint64_t digest = hash_.digest();
    return sink_(std::as_bytes(std::span(&digest, 1)));
  }

 private:
  FunctionRef<Result<void>(std::span<const std::byte>)> sink_;
  Xxh64 hash_;
};

std::span<std::byte> page_of(const KvSequence& sequence, std::size_t index) {
  return sequence.pool().page(sequence.pages()[index]);
}

Error other_model(std::string_view what, std::string_view remedy) {
  return Error(ErrorCode::kUsage, concat("session: was saved by another ", what, "; ", remedy));
}

Result<void> check_identity(const SessionIdentity& saved, const SessionIdentity& ours) {
  if (saved.model != ours.model) return other_model("model", "load the model that it belongs to");
  if (saved.weights != ours.weights) {
    return other_model("file of this model, with other weights", "load the one that it belongs to");
  }
  if (saved == ours) return {};
  return other_model("kind of arithmetic (instruction set or precision)",
                     "use the same instruction set, or evaluate the text again");
}

}  // namespace

const SessionIdentity& Engine::identity() {
  if (!identity_) identity_ = std::make_shared<const SessionIdentity>(session_identity(*model_));
  return *identity_;
}

uint64_t Engine::kv_identity() { return xxh64(std::as_bytes(std::span(&identity(), 1))); }

Result<void> Session::save(FunctionRef<Result<void>(std::span<const std::byte>)> sink) const {
  if (!adapters_.empty()) {
    return Error(ErrorCode::kUnsupported,
                 "session: was computed with adapters and cannot be saved; evaluate it again "
                 "instead");
  }
  SessionHeader header{};
  header.magic = kSessionMagic;
  header.version = kSessionVersion;
  header.identity = engine_->identity();
  header.context = static_cast<uint32_t>(context_);
  header.tokens = static_cast<uint32_t>(tokens_.size());
  header.page_bytes = sequence_.pool().page_bytes();
  Writer writer(sink);
  HEARTH_TRY(writer.write(std::as_bytes(std::span(&header, 1))));
  HEARTH_TRY(writer.write(std::as_bytes(std::span(tokens_))));
  const uint64_t zero = 0;
  HEARTH_TRY(writer.write(std::as_bytes(std::span(&zero, 1)).first(token_padding(tokens_.size()))));
  const std::size_t whole = tokens_.size() / kKvPageTokens;
  for (std::size_t i = 0; i < whole; ++i) HEARTH_TRY(writer.write(page_of(sequence_, i)));
  if (const auto used = static_cast<int32_t>(tokens_.size() % kKvPageTokens); used > 0) {
    const auto page = page_of(sequence_, whole);
    std::vector<std::byte> copy(page.begin(), page.end());
    clear_unused(sequence_.pool().layout(), used, copy);
    HEARTH_TRY(writer.write(copy));
  }
  return writer.finish();
}

Result<Session> Engine::restore_session(std::span<const std::byte> bytes, int32_t context) {
  HEARTH_ASSIGN(const SavedSession saved, SavedSession::parse(bytes));
  HEARTH_TRY(check_identity(saved.header.identity, identity()));
  const auto context_max = static_cast<uint32_t>(model_->config().context_max);
  const uint32_t count = saved.header.tokens;
  if (saved.header.context < 1 || saved.header.context > context_max ||
      count > saved.header.context) {
    return Error(ErrorCode::kCorrupt,
                 concat("session: ", count, " tokens in a context of ", saved.header.context,
                        " do not fit the model's ", context_max, "; save it again"));
  }
  if (context == 0) context = static_cast<int32_t>(saved.header.context);
  if (context > 0 && count > static_cast<uint32_t>(context)) {
    return Error(ErrorCode::kUsage,
                 concat("session: its ", count, " tokens do not fit a context of ", context,
                        "; use a larger context"));
  }
  HEARTH_ASSIGN(Session session, create_session(context));
  HEARTH_TRY(session.take(saved));
  return session;
}

// Fills the new session with what was saved by one of the same model.
Result<void> Session::take(const SavedSession& saved) {
  const auto count = static_cast<int32_t>(saved.header.tokens);
  const std::size_t page_bytes = sequence_.pool().page_bytes();
  if (saved.header.page_bytes != page_bytes) {
    return Error(ErrorCode::kCorrupt,
                 concat("session: pages of ", saved.header.page_bytes,
                        " bytes where the model's are ", page_bytes, "; save it again"));
  }
  std::vector<TokenId> ids(saved.header.tokens);
  if (!ids.empty()) std::memcpy(ids.data(), saved.tokens.data(), saved.tokens.size());
  if (const auto checked = engine_->check_ids(ids); !checked.ok()) {
    return Error(ErrorCode::kCorrupt, checked.error().message()).with_context("session");
  }
  HEARTH_TRY(sequence_.reserve(count));
  for (std::size_t i = 0; i < sequence_.pages().size(); ++i) {
    const auto page = page_of(sequence_, i);
    std::copy_n(saved.pages.begin() + static_cast<std::ptrdiff_t>(i * page_bytes), page_bytes,
                page.begin());
  }
  if (const int32_t used = count % kKvPageTokens; used > 0) {
    const auto last = saved.pages.last(page_bytes);
    const auto page = page_of(sequence_, sequence_.pages().size() - 1);
    clear_unused(sequence_.pool().layout(), used, page);
    if (!std::equal(last.begin(), last.end(), page.begin())) {
      return Error(ErrorCode::kCorrupt,
                   "session: has something behind its last token; save it again");
    }
  }
  sequence_.commit(count);
  tokens_ = std::move(ids);
  return {};
}

}  // namespace hearth
