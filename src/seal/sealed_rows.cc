// SPDX-License-Identifier: Apache-2.0
#include "seal/sealed_rows.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr uint32_t kVersion = 1;
constexpr std::array<char, 8> kMagic = {'h', 'e', 'a', 'r', 't', 'h', 'R', 'W'};
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

struct FileHead {
  std::array<char, 8> magic = kMagic;
  uint32_t version = kVersion;
};
static_assert(sizeof(FileHead) == 12);  // no padding

struct RowHead {
  uint32_t bytes = 0;  // of the text
  std::array<unsigned char, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES> nonce = {};
};
static_assert(sizeof(RowHead) == 28);  // no padding

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// What a row is bound to.
std::string associated(std::string_view context, uint64_t row) {
  std::string bound = concat(context, " ");
  bound.append(reinterpret_cast<const char*>(&row), sizeof row);
  return bound;
}

Error corrupt(const std::filesystem::path& path, std::string_view why) {
  return Error(ErrorCode::kCorrupt, concat(printable(path.string(), 300), ": ", why,
                                           "; hearth forget lost erases what cannot be read"));
}

}  // namespace

Result<SealedRows> SealedRows::create(const std::filesystem::path& path, SealKey key,
                                      std::string context) {
  OwnedFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (fd.get() < 0) return file_error(errno, "cannot create", path);
  const FileHead head;
  if (::write(fd.get(), &head, sizeof head) != static_cast<ssize_t>(sizeof head))
    return file_error(errno, "cannot write", path);
  return SealedRows(std::move(fd), path, std::move(key), std::move(context));
}

Result<void> SealedRows::append(std::string_view text) {
  if (text.size() > kRowBytesMax)
    return Error(ErrorCode::kUsage, concat("row: has ", text.size(), " bytes, more than ",
                                           kRowBytesMax, "; split it"));
  RowHead head;
  head.bytes = static_cast<uint32_t>(text.size());
  randombytes_buf(head.nonce.data(), head.nonce.size());
  std::string row(sizeof head + text.size() + kTagBytes, '\0');
  std::memcpy(row.data(), &head, sizeof head);
  const std::string bound = associated(context_, rows_);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(row) + sizeof head, nullptr, bytes_of(text),
                                             text.size(), bytes_of(bound), bound.size(), nullptr,
                                             head.nonce.data(), key_.bytes().data());
  const ssize_t written = ::write(fd_.get(), row.data(), row.size());
  if (written != static_cast<ssize_t>(row.size()))
    return file_error(written < 0 ? errno : ENOSPC, "cannot write", path_);
  ++rows_;
  return {};
}

Result<void> SealedRows::flush() {
  if (::fsync(fd_.get()) != 0) return file_error(errno, "cannot flush", path_);
  return {};
}

Result<std::vector<std::string>> SealedRows::read(const std::filesystem::path& path,
                                                  const SealKey& key, std::string_view context) {
  HEARTH_ASSIGN(const std::string file, read_file(path, kFileBytesMax));
  std::string_view rest = file;
  FileHead file_head;
  if (rest.size() < sizeof file_head) return corrupt(path, "is no file of sealed rows");
  std::memcpy(&file_head, rest.data(), sizeof file_head);
  if (file_head.magic != kMagic || file_head.version != kVersion)
    return corrupt(path, "is no file of sealed rows of version 1");
  rest.remove_prefix(sizeof file_head);
  std::vector<std::string> rows;
  while (rest.size() >= sizeof(RowHead) + kTagBytes) {
    RowHead head;
    std::memcpy(&head, rest.data(), sizeof head);
    if (head.bytes > kRowBytesMax) return corrupt(path, "holds a row that is too long");
    if (rest.size() < sizeof head + head.bytes + kTagBytes) break;
    rest.remove_prefix(sizeof head);
    std::string text(head.bytes, '\0');
    const std::string bound = associated(context, rows.size());
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            bytes_of(text), nullptr, nullptr, bytes_of(rest), head.bytes + kTagBytes,
            bytes_of(bound), bound.size(), head.nonce.data(), key.bytes().data()) != 0)
      return corrupt(path, "was changed, or is sealed with another key");
    rows.push_back(std::move(text));
    rest.remove_prefix(head.bytes + kTagBytes);
  }
  return rows;
}

}  // namespace hearth
