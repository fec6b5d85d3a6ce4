// SPDX-License-Identifier: Apache-2.0
#include "capi/handles.h"

#include <mutex>
#include <unordered_map>
#include <utility>

namespace hearth::capi {
namespace {

// No program has memory at such addresses (they are not canonical on x86-64, nor within what
// aarch64 maps for programs), so that a caller who reads through a handle is stopped at once.
constexpr uint64_t kMark = uint64_t{0x5EA2} << 48;
constexpr int kSerialShift = 4;  // below are the kind's bits

struct Table {
  std::mutex mutex;
  uint64_t serial = 0;  // of the newest handle; 44 bits, which no process uses up
  std::unordered_map<uint64_t, std::shared_ptr<void>> objects;  // by handle
};

// Never destroyed: other threads may still be inside calls when the process exits.
Table& table() {
  static Table* const the_table = new Table;
  return *the_table;
}

uint64_t value_of(const void* handle) { return reinterpret_cast<uintptr_t>(handle); }

bool is_kind(HandleKind kind, uint64_t value) {
  return (value & ((uint64_t{1} << kSerialShift) - 1)) == static_cast<uint64_t>(kind);
}

}  // namespace

static_assert(sizeof(void*) == sizeof(uint64_t), "handles need 64 bits");

void* add_handle(HandleKind kind, std::shared_ptr<void> object) {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  const uint64_t value = kMark | (++all.serial << kSerialShift) | static_cast<uint64_t>(kind);
  all.objects.emplace(value, std::move(object));
  return reinterpret_cast<void*>(static_cast<uintptr_t>(value));
}

std::shared_ptr<void> find_handle(HandleKind kind, const void* handle) {
  if (!is_kind(kind, value_of(handle))) return nullptr;
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  const auto found = all.objects.find(value_of(handle));
  return found == all.objects.end() ? nullptr : found->second;
}

std::shared_ptr<void> take_handle(HandleKind kind, const void* handle) {
  if (!is_kind(kind, value_of(handle))) return nullptr;
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  const auto found = all.objects.find(value_of(handle));
  if (found == all.objects.end()) return nullptr;
  std::shared_ptr<void> object = std::move(found->second);
  all.objects.erase(found);
  return object;
}

std::size_t count_handles() {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  return all.objects.size();
}

}  // namespace hearth::capi
