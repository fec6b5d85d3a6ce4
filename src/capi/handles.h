// SPDX-License-Identifier: Apache-2.0
// The handles that C callers hold: numbers that stand for objects of ours, never their addresses
// and never used twice, so that a handle that was freed is found out and not followed.
//
// Ownership: the table shares each object until its handle is taken out; who found an object keeps
// it alive for as long as the call needs it. Threading: all functions may be called from any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hearth::capi {

// Part of the handle's value, so that one kind is never taken for another.
enum class HandleKind : uint64_t { kModel = 1, kSession = 2 };

// A new handle for `object`. Never null.
void* add_handle(HandleKind kind, std::shared_ptr<void> object);

// The object; null where `handle` is none that is alive, or of another kind.
std::shared_ptr<void> find_handle(HandleKind kind, const void* handle);

// The object, whose handle ends here; null as in find_handle().
std::shared_ptr<void> take_handle(HandleKind kind, const void* handle);

// Handles that are alive.
std::size_t count_handles();

}  // namespace hearth::capi
