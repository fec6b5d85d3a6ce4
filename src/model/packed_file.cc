// SPDX-License-Identifier: Apache-2.0
#include "model/packed_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/strings.h"
#include "base/xxh64.h"

namespace hearth {
namespace {

constexpr std::array<char, 8> kMagic = {'h', 'e', 'a', 'r', 't', 'h', 'P', 'W'};
constexpr uint64_t kVersion = 1;  // of this format and of the panels
constexpr std::string_view kExtension = ".panels";
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;  // that one checksum covers

// The last bytes of a file, behind the weights, which so begin where a huge page can.
struct Trailer {
  std::array<char, 8> magic = kMagic;
  uint64_t version = kVersion;
  PackedIdentity identity;
  uint64_t checksum = 0;  // XXH64 of the XXH64s of the blocks
};
static_assert(sizeof(Trailer) == 48);  // no padding

// Calls task(index, block) for each block of the weights, on all threads.
void for_each_block(std::span<const std::byte> weights, ThreadPool& pool,
                    FunctionRef<void(std::size_t, std::span<const std::byte>)> task) {
  const std::size_t count = (weights.size() + kBlockBytes - 1) / kBlockBytes;
  pool.run([&](int thread) {
    const auto [begin, end] = split_range(static_cast<int64_t>(count), thread, pool.size());
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const std::size_t at = i * kBlockBytes;
      task(i, weights.subspan(at, std::min(kBlockBytes, weights.size() - at)));
    }
  });
}

uint64_t checksum(std::span<const std::byte> weights, ThreadPool& pool) {
  std::vector<uint64_t> digests((weights.size() + kBlockBytes - 1) / kBlockBytes);
  for_each_block(weights, pool, [&](std::size_t index, std::span<const std::byte> block) {
    digests[index] = xxh64(block);
  });
  return xxh64(std::as_bytes(std::span(digests)));
}

Error unusable(std::string_view why) {
  return Error(ErrorCode::kCorrupt,
               concat("packed weights: ", why, "; `hearth prepare` writes them anew"));
}

// Removes all but the newest kFilesMax of our files, as far as that can be done.
void remove_oldest(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (entry->path().extension() != kExtension) continue;
    files.emplace_back(entry->last_write_time(ignored), entry->path());
  }
  std::sort(files.rbegin(), files.rend());
  for (std::size_t i = PackedFile::kFilesMax; i < files.size(); ++i) {
    fs::remove(files[i].second, ignored);
  }
}

}  // namespace

std::string PackedFile::name(const PackedIdentity& identity) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, identity.source, 16).ptr;
  return concat(std::string_view(digits, end), kExtension);
}

Result<PackedFile> PackedFile::open(const std::filesystem::path& folder,
                                    const PackedIdentity& identity, ThreadPool& pool) {
  HEARTH_ASSIGN(MappedFile file, MappedFile::open(folder / name(identity)));
  file.ask_for_huge_pages();
  HEARTH_TRY(check(file.bytes(), identity, pool));
  return PackedFile(std::move(file), identity.bytes);
}

Result<void> PackedFile::check(std::span<const std::byte> file, const PackedIdentity& identity,
                               ThreadPool& pool) {
  if (file.size() < sizeof(Trailer) || file.size() - sizeof(Trailer) != identity.bytes) {
    return unusable("the file is cut short, or of other weights");
  }
  Trailer expected{.identity = identity};
  const auto found = file.last(sizeof expected);
  const auto same = [&](std::size_t bytes) {
    return std::memcmp(found.data(), &expected, bytes) == 0;
  };
  if (!same(offsetof(Trailer, checksum))) {
    return unusable("the file is of other weights or of another version");
  }
  expected.checksum = checksum(file.first(identity.bytes), pool);
  if (!same(sizeof expected)) return unusable("the file is damaged: its checksum differs");
  return {};
}

void PackedFile::move_to(std::byte* memory, ThreadPool& pool) const {
  file_.drop(file_.bytes());  // the check has read them all: never hold both
  for_each_block(weights(), pool, [&](std::size_t index, std::span<const std::byte> block) {
    std::memcpy(memory + index * kBlockBytes, block.data(), block.size());
    file_.drop(block);
  });
}

Result<void> PackedFile::write(const std::filesystem::path& folder, const PackedIdentity& identity,
                               std::span<const std::byte> weights, ThreadPool& pool) {
  const Trailer trailer{.identity = identity, .checksum = checksum(weights, pool)};
  const auto text = [](std::span<const std::byte> bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  HEARTH_TRY(write_file(folder / name(identity),
                        {text(weights), text(std::as_bytes(std::span(&trailer, 1)))}));
  remove_oldest(folder);
  return {};
}

}  // namespace hearth
