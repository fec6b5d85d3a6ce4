// SPDX-License-Identifier: Apache-2.0
// What handles stand for: a loaded model with the rule that its calls take turns, and sessions.
//
// Ownership: a session shares its model, so that the handles may be freed in any order. Threading:
// an Engine serves one thread at a time; holding a Turn is the right to be that thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "base/interruption.h"
#include "base/result.h"
#include "engine/engine.h"
#include "hearth/hearth.h"

namespace hearth::capi {

class Turnstile;

// Move-only; lets the next one in when it goes.
class Turn {
 public:
  Turn(Turn&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn();

 private:
  friend class Turnstile;
  explicit Turn(Turnstile& turnstile) : turnstile_(&turnstile) {}
  Turnstile* turnstile_;
};

class Turnstile {
 public:
  // Waits until no other thread has the turn. Errors: kUsage (this thread has it: a callback calls
  // back; the process is a fork() of the one that loaded the model), kDeadline, kCancelled.
  Result<Turn> enter(const Interruption& interruption = {});

  // Whether this is the process that made it: threads do not survive a fork().
  bool in_own_process() const;

 private:
  friend class Turn;
  void leave();

  const pid_t process_ = current_process();
  std::mutex mutex_;
  std::condition_variable freed_;
  std::thread::id owner_;  // of the turn; none by default

  static pid_t current_process();
};

struct ModelObject {
  explicit ModelObject(std::unique_ptr<Engine> loaded) : engine(std::move(loaded)) {}
  ~ModelObject();

  std::unique_ptr<Engine> engine;
  int32_t context = 0;  // of sessions that do not say; never 0 once loaded
  Turnstile turnstile;
};

class SessionObject {
 public:
  SessionObject(std::shared_ptr<ModelObject> owner, Session created)
      : model(std::move(owner)), session(std::move(created)) {}

  // The last answer; null where there is none. Any thread.
  std::shared_ptr<const Answer> answer() const;
  void set_answer(std::shared_ptr<const Answer> answer);

  const std::shared_ptr<ModelObject> model;  // goes after the session
  Session session;                           // for who has the model's turn

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Answer> answer_;
};

// What a handle stands for. Errors: kUsage (NULL; freed; never one of ours).
Result<std::shared_ptr<ModelObject>> find_model(const hearth_model* handle);
Result<std::shared_ptr<SessionObject>> find_session(const hearth_session* handle);

// A handle for a new session.
hearth_session* add_session(std::shared_ptr<ModelObject> model, Session session);

// The context that a caller wants for a session; 0: none in particular. NULL is that too. Errors:
// kUsage (beyond what the model was made for), kUnsupported (a reserved field).
Result<int32_t> read_session_context(const hearth_session_options* options,
                                     const ModelObject& model);

}  // namespace hearth::capi
