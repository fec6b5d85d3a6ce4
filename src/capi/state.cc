// SPDX-License-Identifier: Apache-2.0
// hearth_session_save() and hearth_session_restore(): a session as bytes.
#include <utility>

#include "capi/boundary.h"
#include "capi/objects.h"

using namespace hearth;
using namespace hearth::capi;

hearth_status hearth_session_save(hearth_session* session, hearth_write_callback write,
                                  void* user) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const auto object, find_session(session));
    if (write == nullptr) return usage("write: is NULL; pass a function that keeps the bytes");
    HEARTH_ASSIGN(const Turn turn, object->model->turnstile.enter());
    return object->session.save([&](std::span<const std::byte> bytes) -> Result<void> {
      if (write(user, bytes.data(), bytes.size()) == 0) return {};
      return Error(ErrorCode::kCancelled, "save: the write callback stopped it");
    });
  });
}

hearth_status hearth_session_restore(hearth_model* model, const void* bytes, std::size_t count,
                                     const hearth_session_options* options,
                                     hearth_session** session) {
  if (session != nullptr) *session = nullptr;
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(session, "session"));
    HEARTH_ASSIGN(const auto owner, find_model(model));
    HEARTH_ASSIGN(const int32_t context, read_session_context(options, *owner));
    HEARTH_ASSIGN(const auto saved,
                  read_array(static_cast<const std::byte*>(bytes), count, "bytes"));
    HEARTH_ASSIGN(const Turn turn, owner->turnstile.enter());
    HEARTH_ASSIGN(Session restored, owner->engine->restore_session(saved, context));
    *session = add_session(owner, std::move(restored));
    return {};
  });
}
