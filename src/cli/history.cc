// SPDX-License-Identifier: Apache-2.0
#include "cli/history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/file_lock.h"
#include "base/files.h"
#include "base/strings.h"
#include "seal/state_key.h"

namespace hearth {
namespace {

constexpr std::size_t kPlainBytesMax = 2 * ChatHistory::kEntriesMax * ChatHistory::kEntryBytesMax;
constexpr std::time_t kDaySeconds = 86'400;

int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// An entry of a plain file: one a line, a line end inside as \n and a backslash as \\.
std::string decode_entry(std::string_view line) {
  std::string entry;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool escaped = line[i] == '\\' && i + 1 < line.size();
    if (escaped) ++i;
    entry += escaped && line[i] == 'n' ? '\n' : line[i];
  }
  return entry;
}

std::vector<std::string> decode_entries(std::string_view text) {
  std::vector<std::string> entries;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    entries.push_back(decode_entry(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return entries;
}

// As well as can be: a file system that copies on writing, or a disk that spreads its wear, may
// keep the old bytes.
Result<void> overwrite_and_remove(const std::filesystem::path& path) {
  const OwnedFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) return file_error(errno, "cannot open", path);
  const std::string zeros(static_cast<std::size_t>(info.st_size), '\0');
  if (::pwrite(fd.get(), zeros.data(), zeros.size(), 0) != info.st_size ||
      ::fdatasync(fd.get()) != 0)
    return file_error(errno, "cannot overwrite", path);
  if (::unlink(path.c_str()) != 0) return file_error(errno, "cannot remove", path);
  return {};
}

}  // namespace

Result<bool> remove_plain_history(const std::filesystem::path& state) {
  std::error_code ignored;
  const std::filesystem::path plain = state / "history";
  if (!std::filesystem::is_regular_file(plain, ignored)) return false;
  HEARTH_TRY(overwrite_and_remove(plain));
  return true;
}

std::filesystem::path conversations_folder(const std::filesystem::path& state) {
  return state / "conversations";
}

Result<ChatHistory> ChatHistory::open(const std::filesystem::path& state, int32_t days_max,
                                      std::time_t now) {
  ChatHistory history;
  history.folder_ = conversations_folder(state);
  HEARTH_ASSIGN(SealKey key, open_state_key(state));
  HEARTH_TRY(make_folder(history.folder_));
  if (::chmod(history.folder_.c_str(), S_IRWXU) != 0)
    return file_error(errno, "cannot set the mode of", history.folder_);
  history.conversations_.emplace(history.folder_, std::move(key));
  // Over sealing and forgetting; it also finds out whether we may write.
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(history.folder_ / "lock"));
  HEARTH_TRY(history.seal_plain_file(state, now));
  HEARTH_TRY(history.read_all(days_max, now));
  return history;
}

Result<void> ChatHistory::seal_plain_file(const std::filesystem::path& state, std::time_t now) {
  const std::filesystem::path plain = state / "history";
  const auto text = read_file(plain, kPlainBytesMax);
  if (!text.ok() && text.error().code() == ErrorCode::kNotFound) return {};
  if (!text.ok()) return text.error();
  const std::vector<std::string> entries = decode_entries(*text);
  if (!entries.empty()) {
    HEARTH_ASSIGN(Conversations::Begun begun, conversations_->begin(now * 1000));
    for (const std::string& entry : entries) HEARTH_TRY(begun.rows.append(entry));
    HEARTH_TRY(begun.rows.flush());
  }
  HEARTH_TRY(overwrite_and_remove(plain));
  notes_.push_back(concat("history: ", printable(plain.string(), 300), " was plain text; its ",
                          entries.size(),
                          " entries are sealed now, and the file is overwritten and removed"));
  return {};
}

Result<void> ChatHistory::read_all(int32_t days_max, std::time_t now) {
  std::vector<std::string> ids = Conversations::ids(folder_);
  std::size_t unreadable = 0;
  std::vector<std::vector<std::string>> newest_first;
  std::size_t count = 0;
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    const auto written = Conversations::written_at(folder_, *id);
    const bool is_old = days_max > 0 && written && now - *written > days_max * kDaySeconds;
    if (is_old || count >= kEntriesMax) {
      HEARTH_TRY(Conversations::forget(folder_, *id));
      continue;
    }
    auto rows = conversations_->read(*id);
    if (!rows.ok() && rows.error().code() == ErrorCode::kCorrupt) ++unreadable;
    if (!rows.ok()) continue;  // not found: begun by another chat just now, or forgotten by it
    count += rows->size();
    newest_first.push_back(std::move(*rows));
  }
  for (auto rows = newest_first.rbegin(); rows != newest_first.rend(); ++rows)
    entries_.insert(entries_.end(), rows->begin(), rows->end());
  if (entries_.size() > kEntriesMax)
    entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(kEntriesMax));
  if (unreadable > 0) {
    notes_.push_back(concat("history: ", unreadable, " of ", ids.size(),
                            " chats were changed, or are sealed with another key, and cannot be "
                            "read; hearth forget lost erases them"));
  }
  return {};
}

Result<void> ChatHistory::append(std::string_view entry) {
  if (folder_.empty() || entry.size() > kEntryBytesMax) return {};
  if (!rows_) {
    HEARTH_ASSIGN(Conversations::Begun begun, conversations_->begin(now_ms()));
    rows_.emplace(std::move(begun.rows));
  }
  return rows_->append(entry);
}

Result<void> ChatHistory::forget() {
  entries_.clear();
  rows_.reset();
  if (folder_.empty()) return {};
  for (const std::string& id : Conversations::ids(folder_))
    HEARTH_TRY(Conversations::forget(folder_, id));
  return {};
}

}  // namespace hearth
