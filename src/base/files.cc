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

namespace hearth {
namespace {

// Closes a descriptor at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Opens a regular file and tells what it is.
Result<std::pair<int, FileIdentity>> open_regular(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return file_error(errno, "cannot open", path);
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    const int error_number = errno;
    ::close(fd);
    return file_error(error_number, "cannot stat", path);
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd);
    return Error(
        ErrorCode::kUsage,
        concat(printable(path.string(), 300), ": ",
               S_ISDIR(info.st_mode) ? "is a folder" : "is not a regular file", "; name a file"));
  }
  return std::pair(
      fd, FileIdentity{info.st_dev, info.st_ino, static_cast<uint64_t>(info.st_size),
                       info.st_mtim.tv_sec * int64_t{1'000'000'000} + info.st_mtim.tv_nsec});
}

// The range shrunk to whole pages inside it, as madvise wants.
std::pair<void*, std::size_t> whole_pages(std::span<const std::byte> range) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(range.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(range.data()) + range.size()) / page * page;
  return {reinterpret_cast<void*>(begin), end > begin ? end - begin : 0};
}

Result<void> write_all(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error(errno, "cannot write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

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
  HEARTH_ASSIGN(const auto opened, open_regular(path));
  const Descriptor fd(opened.first);
  const FileIdentity& identity = opened.second;
  if (identity.bytes == 0) {
    return Error(ErrorCode::kCorrupt,
                 concat(printable(path.string(), 300), ": the file is empty; fetch it again"));
  }
  void* data = ::mmap(nullptr, identity.bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
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
  HEARTH_ASSIGN(const auto opened, open_regular(path));
  const Descriptor fd(opened.first);
  if (opened.second.bytes > bytes_max) {
    return Error(ErrorCode::kUsage,
                 concat(printable(path.string(), 300), ": has ", opened.second.bytes,
                        " bytes, more than the ", bytes_max, " that are read; use a smaller file"));
  }
  std::string content;
  char buffer[65536];
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno, "cannot read", path);
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > bytes_max) {
      return Error(ErrorCode::kUsage,
                   concat(printable(path.string(), 300), ": grew beyond ", bytes_max,
                          " bytes while it was read; use a smaller file"));
    }
  }
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return file_error(failed.value(), "cannot create", folder);
  return {};
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content,
                        FileReaders readers) {
  return write_file(path, {content}, readers);
}

Result<void> write_file(const std::filesystem::path& path,
                        std::initializer_list<std::string_view> pieces, FileReaders readers) {
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::string temporary = (folder / ".hearth-XXXXXX").string();
  const Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (fd.get() < 0) return file_error(errno, "cannot create a file in", folder);
  Result<void> written;
  for (const std::string_view piece : pieces) {
    if (written.ok()) written = write_all(fd.get(), piece, path);
  }
  if (written.ok() && ::fchmod(fd.get(), readers == FileReaders::kAll ? 0644 : 0600) != 0)
    written = file_error(errno, "cannot set the mode of", path);
  if (written.ok() && ::fsync(fd.get()) != 0) written = file_error(errno, "cannot flush", path);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0)
    written = file_error(errno, "cannot replace", path);
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  const Descriptor folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder_fd.get() >= 0) ::fsync(folder_fd.get());
  return {};
}

}  // namespace hearth
