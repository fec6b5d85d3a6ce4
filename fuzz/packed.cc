// SPDX-License-Identifier: Apache-2.0
// The check of packed weights on any bytes: it refuses them in one line, or they are, to the last
// byte, what writing these weights makes.
//
// Input: a byte that is 255, then a file as it is; or the number of weights in hundreds, then
// patches of a sound file, of five bytes each (offset of four, counted from the end where its
// highest bit is set; value).
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/test_folder.h"
#include "check_error.h"
#include "model/packed_file.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

constexpr std::size_t kPatchBytes = 5;

ThreadPool& pool() {
  static const std::unique_ptr<ThreadPool> pool = ThreadPool::create(1).value();
  return *pool;
}

PackedIdentity identity_of(std::size_t bytes) { return {.source = 1, .plan = 2, .bytes = bytes}; }

// As PackedFile::write() makes it, of `bytes` weights.
const std::string& sound_file(std::size_t bytes) {
  static std::string files[255];
  std::string& file = files[bytes / 100];
  if (!file.empty()) return file;
  const TestFolder folder;
  const std::vector<std::byte> weights(bytes, std::byte{7});
  const PackedIdentity identity = identity_of(bytes);
  HEARTH_CHECK(PackedFile::write(folder.path(), identity, weights, pool()).ok());
  file = read_file(folder.path() / PackedFile::name(identity), 1 << 20).value();
  return file;
}

void check(std::span<const std::byte> file, const std::string& sound, std::size_t bytes) {
  const auto checked = PackedFile::check(file, identity_of(bytes), pool());
  const bool same = std::ranges::equal(file, std::as_bytes(std::span(sound)));
  HEARTH_CHECK(checked.ok() == same);
  if (checked.ok()) return;
  HEARTH_CHECK(checked.error().code() == ErrorCode::kCorrupt);
  check_line(checked.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto input = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] == 255) {
    check(input, sound_file(100), 100);
    return 0;
  }
  const std::size_t bytes = data[0] * std::size_t{100};
  const std::string& sound = sound_file(bytes);
  std::string file = sound;
  for (; input.size() >= kPatchBytes; input = input.subspan(kPatchBytes)) {
    uint32_t offset;
    std::memcpy(&offset, input.data(), sizeof offset);
    const std::size_t at = (offset & 0x7fffffff) % file.size();
    file[(offset >> 31) != 0 ? file.size() - 1 - at : at] = static_cast<char>(input[sizeof offset]);
  }
  check(std::as_bytes(std::span(file)), sound, bytes);
  return 0;
}
