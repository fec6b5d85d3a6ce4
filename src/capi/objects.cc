// SPDX-License-Identifier: Apache-2.0
#include "capi/objects.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "capi/boundary.h"
#include "capi/handles.h"

namespace hearth::capi {
namespace {

// How often who waits looks at its deadline and at its cancellation, which a signal handler may
// have requested: nothing there can wake a thread.
constexpr std::chrono::milliseconds kGlance{5};

Error not_alive(const void* handle, std::string_view noun, std::string_view maker) {
  if (handle == nullptr) return usage(concat(noun, ": is NULL; pass one from ", maker, "()"));
  return usage(
      concat(noun, ": this handle is not alive; it was freed, or is none from ", maker, "()"));
}

}  // namespace

Turn::~Turn() {
  if (turnstile_ != nullptr) turnstile_->leave();
}

pid_t Turnstile::current_process() { return ::getpid(); }

bool Turnstile::in_own_process() const { return process_ == current_process(); }

Result<Turn> Turnstile::enter(const Interruption& interruption) {
  if (!in_own_process()) {
    return usage("model: was loaded before fork(), and its threads are not here; load it again");
  }
  const std::thread::id self = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  if (owner_ == self) {
    return usage("model: is busy with the call whose callback this is; wait until it has returned");
  }
  while (owner_ != std::thread::id()) {
    const auto reason = interruption.reason();
    if (reason == ErrorCode::kCancelled) {
      return Error(*reason, "model: cancelled while other calls had it");
    }
    if (reason) {
      return Error(*reason, "deadline: passed while other calls had the model; allow more time");
    }
    freed_.wait_for(lock, kGlance);
  }
  owner_ = self;
  return Turn(*this);
}

void Turnstile::leave() {
  {
    const std::lock_guard lock(mutex_);
    owner_ = {};
  }
  freed_.notify_one();
}

ModelObject::~ModelObject() {
  // Its threads are not in this process. POSIX says nothing of joining them (glibc does not wait).
  if (!turnstile.in_own_process()) static_cast<void>(engine.release());
}

std::shared_ptr<const Answer> SessionObject::answer() const {
  const std::lock_guard lock(mutex_);
  return answer_;
}

void SessionObject::set_answer(std::shared_ptr<const Answer> answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

Result<std::shared_ptr<ModelObject>> find_model(const hearth_model* handle) {
  auto model = std::static_pointer_cast<ModelObject>(find_handle(HandleKind::kModel, handle));
  if (model == nullptr) return not_alive(handle, "model", "hearth_model_load");
  return model;
}

Result<std::shared_ptr<SessionObject>> find_session(const hearth_session* handle) {
  auto session = std::static_pointer_cast<SessionObject>(find_handle(HandleKind::kSession, handle));
  if (session == nullptr) return not_alive(handle, "session", "hearth_session_create");
  return session;
}

hearth_session* add_session(std::shared_ptr<ModelObject> model, Session session) {
  auto object = std::make_shared<SessionObject>(std::move(model), std::move(session));
  return static_cast<hearth_session*>(add_handle(HandleKind::kSession, std::move(object)));
}

Result<int32_t> read_session_context(const hearth_session_options* options,
                                     const ModelObject& model) {
  HEARTH_ASSIGN(const hearth_session_options given,
                read_options(options, "session options", hearth_session_options_init));
  HEARTH_TRY(check_reserved(given.reserved != 0, "reserved", "reserved fields"));
  const int32_t context_max = model.engine->model().config().context_max;
  if (given.context < 0 || given.context > context_max) {
    return usage(concat("context: ", given.context, " tokens is outside 1 to ", context_max,
                        ", what the model was made for; use 0 for the default"));
  }
  return given.context;
}

}  // namespace hearth::capi
