// SPDX-License-Identifier: Apache-2.0
#include "cli/history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/files.h"

namespace hearth {
namespace {

constexpr std::size_t kFileBytesMax = 2 * HistoryFile::kEntriesMax * HistoryFile::kEntryBytesMax;

std::string encode_entry(std::string_view entry) {
  std::string line;
  for (const char c : entry) {
    if (c == '\n') {
      line += "\\n";
    } else if (c == '\\') {
      line += "\\\\";
    } else {
      line += c;
    }
  }
  return line + '\n';
}

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

// Writes `content` to the file in one call, so that entries of several chats do not mix.
Result<void> write_once(const std::filesystem::path& path, int flags, std::string_view content) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (fd < 0) return file_error(errno, "cannot open", path);
  const ssize_t written = ::write(fd, content.data(), content.size());
  const int error_number = written < 0 ? errno : ENOSPC;
  ::close(fd);
  if (written == static_cast<ssize_t>(content.size())) return {};
  return file_error(error_number, "cannot write", path);
}

}  // namespace

Result<HistoryFile> HistoryFile::open(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return file_error(error.value(), "cannot create the folder", folder);
  HistoryFile history;
  history.folder_ = folder;
  HEARTH_TRY(write_once(history.path(), O_APPEND, ""));  // creates it; finds out whether we may
  ::chmod(history.path().c_str(), 0600);                 // also where it was made by hand
  HEARTH_ASSIGN(const std::string text, read_file(history.path(), kFileBytesMax));
  history.entries_ = decode_entries(text);
  std::vector<std::string>& entries = history.entries_;
  if (entries.size() <= kEntriesMax) return history;
  const bool grown = entries.size() > 2 * kEntriesMax;
  entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(kEntriesMax));
  if (grown) {
    std::string content;
    for (const std::string& entry : entries) content += encode_entry(entry);
    HEARTH_TRY(history.rewrite(content));
  }
  return history;
}

Result<void> HistoryFile::append(std::string_view entry) const {
  if (folder_.empty() || entry.size() > kEntryBytesMax) return {};
  return write_once(path(), O_APPEND, encode_entry(entry));
}

Result<void> HistoryFile::forget() {
  entries_.clear();
  if (folder_.empty()) return {};
  return write_once(path(), O_TRUNC, "");
}

Result<void> HistoryFile::rewrite(std::string_view content) const {
  const std::filesystem::path temporary = folder_ / "history.new";
  HEARTH_TRY(write_once(temporary, O_TRUNC, content));
  if (::rename(temporary.c_str(), path().c_str()) != 0) {
    return file_error(errno, "cannot replace", path());
  }
  return {};
}

}  // namespace hearth
