// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/strings.h"
#include "base/temporary_file.h"

namespace hearth {
namespace {

// The range shrunk to whole pages inside it, as madvise wants.
std::pair<void*, std::size_t> whole_pages(std::span<const std::byte> range) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(range.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(range.data()) + range.size()) / page * page;
  return {reinterpret_cast<void*>(begin), end > begin ? end - begin : 0};
}

}  // namespace

Result<OpenFile> open_file(const std::filesystem::path& path) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return file_error(errno, "cannot open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error(errno, "cannot stat", path);
  if (!S_ISREG(info.st_mode)) {
    return Error(
        ErrorCode::kUsage,
        concat(printable(path.string(), 300), ": ",
               S_ISDIR(info.st_mode) ? "is a folder" : "is not a regular file", "; name a file"));
  }
  return OpenFile{std::move(fd),
                  {info.st_dev, info.st_ino, static_cast<uint64_t>(info.st_size),
                   info.st_mtim.tv_sec * int64_t{1'000'000'000} + info.st_mtim.tv_nsec},
                  info.st_mode};
}

Result<std::size_t> OpenFile::read(std::span<std::byte> into,
                                   const std::filesystem::path& path) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t count = ::read(fd.get(), into.data() + done, into.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno, "cannot read", path);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Error file_error(int error_number, std::string_view action, const std::filesystem::path& path) {
  ErrorCode code = ErrorCode::kUnavailable;
  std::string_view remedy = "check the disk and try again";
  if (error_number == ENOENT || error_number == ENOTDIR) {
    code = ErrorCode::kNotFound;
    remedy = "check the path";
  } else if (error_number == EACCES || error_number == EPERM || error_number == EROFS) {
    remedy = "check its permissions";
  } else if (error_number == ENOSPC || error_number == EDQUOT) {
    remedy = "free some space";
  } else if (error_number == ENAMETOOLONG || error_number == EISDIR) {
    code = ErrorCode::kUsage;
    remedy = "name a file";
  }
  return Error(code, concat(action, " ", printable(path.string(), 300), ": ",
                            std::strerror(error_number), "; ", remedy));
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  HEARTH_ASSIGN(const OpenFile file, open_file(path));
  const FileIdentity& identity = file.identity;
  if (identity.bytes == 0) {
    return Error(ErrorCode::kCorrupt,
                 concat(printable(path.string(), 300), ": the file is empty; fetch it again"));
  }
  void* data = ::mmap(nullptr, identity.bytes, PROT_READ, MAP_PRIVATE, file.fd.get(), 0);
  if (data == MAP_FAILED) return file_error(errno, "cannot map", path);
  return MappedFile(static_cast<const std::byte*>(data), identity);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), identity_(std::exchange(other.identity_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(identity_, other.identity_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), identity_.bytes);
}

void MappedFile::prefetch(std::span<const std::byte> range) const {
  const auto [begin, length] = whole_pages(range);
  if (length > 0) ::madvise(begin, length, MADV_WILLNEED);
}

void MappedFile::drop(std::span<const std::byte> range) const {
  const auto [begin, length] = whole_pages(range);
  if (length > 0) ::madvise(begin, length, MADV_DONTNEED);
}

void MappedFile::ask_for_huge_pages() const {
  ::madvise(const_cast<std::byte*>(data_), identity_.bytes, MADV_HUGEPAGE);
}

// Source: proc_pid_smaps(5). A mapping's lines begin with "address-", in hexadecimal.
bool MappedFile::on_huge_pages() const {
  constexpr std::string_view kKey = "FilePmdMapped:";
  char address[17];
  char* const end = std::to_chars(address, address + sizeof address - 1,
                                  reinterpret_cast<std::uintptr_t>(data_), 16)
                        .ptr;
  *end = '-';
  std::ifstream maps("/proc/self/smaps");
  bool is_ours = false;
  for (std::string line; std::getline(maps, line);) {
    is_ours = is_ours || line.starts_with(std::string_view(address, end + 1));
    if (!is_ours || !line.starts_with(kKey)) continue;
    return std::strtoull(line.c_str() + kKey.size(), nullptr, 10) * 1024 > identity_.bytes / 2;
  }
  return false;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  HEARTH_ASSIGN(const OpenFile file, open_file(path));
  if (file.identity.bytes > bytes_max) {
    return Error(ErrorCode::kUsage,
                 concat(printable(path.string(), 300), ": has ", file.identity.bytes,
                        " bytes, more than the ", bytes_max, " that are read; use a smaller file"));
  }
  std::string content;
  char buffer[65536];
  while (true) {
    HEARTH_ASSIGN(const std::size_t count,
                  file.read(std::as_writable_bytes(std::span(buffer)), path));
    if (count == 0) return content;
    content.append(buffer, count);
    if (content.size() > bytes_max) {
      return Error(ErrorCode::kUsage,
                   concat(printable(path.string(), 300), ": grew beyond ", bytes_max,
                          " bytes while it was read; use a smaller file"));
    }
  }
}

Result<void> make_folder(const std::filesystem::path& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return Error(ErrorCode::kUnavailable, concat(printable(folder.string(), 300),
                                                 ": is in the way of a folder; move it away"));
  }
  const std::filesystem::path parent = folder.parent_path();
  if (!parent.empty() && parent != folder) HEARTH_TRY(make_folder(parent));
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
    return file_error(errno, "cannot create the folder", folder);
  return flush_folder(parent.empty() ? "." : parent);
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content,
                        FileReaders readers) {
  return write_file(path, {content}, readers);
}

Result<void> write_file(const std::filesystem::path& path,
                        std::initializer_list<std::string_view> pieces, FileReaders readers) {
  HEARTH_ASSIGN(TemporaryFile file,
                TemporaryFile::create(path.has_parent_path() ? path.parent_path() : "."));
  for (const std::string_view piece : pieces)
    HEARTH_TRY(file.write(std::as_bytes(std::span(piece))));
  return file.publish(path, readers == FileReaders::kAll ? 0644 : 0600);
}

}  // namespace hearth
