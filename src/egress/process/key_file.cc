// SPDX-License-Identifier: Apache-2.0
#include "egress/process/key_file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

// Wiped at the end of its scope.
struct KeyBuffer {
  std::array<char, kKeyBytesMax + 1> bytes{};
  ~KeyBuffer() { ::explicit_bzero(bytes.data(), bytes.size()); }
};

Error refusal(ErrorCode code, const std::filesystem::path& path, std::string_view why) {
  return Error(code, concat("key_file ", printable(path.string(), 300), ": ", why));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

Result<void> check_owner(const OpenFile& file, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(file.fd.get(), &info) != 0) return file_error(errno, "cannot stat", path);
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return refusal(ErrorCode::kUsage, path, "belongs to another user; make it your own");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refusal(ErrorCode::kUsage, path, "others may use it; run chmod 600 on it");
  }
  return {};
}

}  // namespace

Result<std::string_view> read_key_file(const std::filesystem::path& path, LockedBytes& into) {
  HEARTH_ASSIGN(const OpenFile file, open_file(path));
  HEARTH_TRY(check_owner(file, path));
  KeyBuffer buffer;
  HEARTH_ASSIGN(const std::size_t count,
                file.read(std::as_writable_bytes(std::span(buffer.bytes)), path));
  if (count > kKeyBytesMax) {
    return refusal(ErrorCode::kCorrupt, path,
                   concat("is longer than ", kKeyBytesMax, " bytes; put the key alone into it"));
  }
  std::string_view key(buffer.bytes.data(), count);
  while (!key.empty() && is_space(key.front())) key.remove_prefix(1);
  while (!key.empty() && is_space(key.back())) key.remove_suffix(1);
  if (key.empty()) return refusal(ErrorCode::kCorrupt, path, "is empty; put the key into it");
  // Anything else could end the header that it is sent in.
  if (!std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return refusal(ErrorCode::kCorrupt, path,
                   "holds more than one word of ASCII; put the key alone into it");
  }
  const std::string_view kept = into.append(key);
  if (kept.empty()) return refusal(ErrorCode::kUnavailable, path, "no memory for it; free some");
  return kept;
}

}  // namespace hearth
