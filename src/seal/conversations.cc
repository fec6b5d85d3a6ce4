// SPDX-License-Identifier: Apache-2.0
#include "seal/conversations.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/clock.h"
#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::string_view kRowsEnding = ".rows";

std::filesystem::path rows_path(const std::filesystem::path& folder, std::string_view id) {
  return folder / concat(id, kRowsEnding);
}

std::string context(std::string_view id) { return concat("hearth conversation 1 ", id); }

// As 2026-11-27T08-15-02-007-4f1a: sorted by time, and a name on any file system.
std::string new_id(int64_t now_ms) {
  std::string id = utc_text(static_cast<std::time_t>(now_ms / 1000));
  std::ranges::replace(id, ':', '-');
  id.pop_back();  // the Z
  const std::string digits = concat(now_ms % 1000);
  id += concat("-", std::string(3 - digits.size(), '0'), digits);
  unsigned char random[2];
  randombytes_buf(random, sizeof random);
  return concat(id, "-", hexadecimal(random));
}

}  // namespace

Result<Conversations::Begun> Conversations::begin(int64_t now_ms) const {
  std::string id = new_id(now_ms);
  HEARTH_ASSIGN(SealKey key, keys_.open_or_create(id));
  HEARTH_ASSIGN(SealedRows rows,
                SealedRows::create(rows_path(folder_, id), std::move(key), context(id)));
  return Begun{std::move(id), std::move(rows)};
}

Result<std::vector<std::string>> Conversations::read(std::string_view id) const {
  HEARTH_ASSIGN(const SealKey key, keys_.open(id));
  return SealedRows::read(rows_path(folder_, id), key, context(id));
}

std::vector<std::string> Conversations::ids(const std::filesystem::path& folder) {
  std::set<std::string> ids;  // of keys without rows and of rows without a key too
  for (std::string& name : KeyFolder::names(folder)) ids.insert(std::move(name));
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!name.ends_with(kRowsEnding) || name.starts_with('.')) continue;
    name.erase(name.size() - kRowsEnding.size());
    ids.insert(std::move(name));
  }
  return {ids.begin(), ids.end()};
}

std::optional<std::time_t> Conversations::written_at(const std::filesystem::path& folder,
                                                     std::string_view id) {
  struct stat info {};
  if (::stat(rows_path(folder, id).c_str(), &info) != 0) return std::nullopt;
  return info.st_mtime;
}

Result<void> Conversations::forget(const std::filesystem::path& folder, std::string_view id) {
  HEARTH_TRY(KeyFolder::shred(folder, id));
  const std::filesystem::path rows = rows_path(folder, id);
  if (::unlink(rows.c_str()) != 0 && errno != ENOENT)
    return file_error(errno, "cannot remove", rows);
  return {};
}

}  // namespace hearth
