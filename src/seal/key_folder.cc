// SPDX-License-Identifier: Apache-2.0
#include "seal/key_folder.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/files.h"
#include "base/strings.h"
#include "base/temporary_file.h"

namespace hearth {
namespace {

constexpr uint32_t kVersion = 1;
constexpr std::array<char, 8> kMagic = {'h', 'e', 'a', 'r', 't', 'h', 'K', 'Y'};
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

struct KeyFile {
  std::array<char, 8> magic = kMagic;
  uint32_t version = kVersion;
  std::array<unsigned char, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES> nonce = {};
  std::array<unsigned char, kSealKeyBytes + kTagBytes> sealed = {};
};
static_assert(sizeof(KeyFile) == 84);  // no padding

// What the file is bound to.
std::string associated(std::string_view name) { return concat("hearth key 1 ", name); }

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

KeyFile seal(const SealKey& key, const SealKey& master, std::string_view name) {
  KeyFile file;
  randombytes_buf(file.nonce.data(), file.nonce.size());
  const SubKey wrap = master.derive("hearth key wrap");
  const std::string bound = associated(name);
  crypto_aead_xchacha20poly1305_ietf_encrypt(file.sealed.data(), nullptr, key.bytes().data(),
                                             kSealKeyBytes, bytes_of(bound), bound.size(), nullptr,
                                             file.nonce.data(), wrap.data());
  return file;
}

}  // namespace

std::filesystem::path KeyFolder::path(std::string_view name) const {
  return folder_ / concat(name, kEnding);
}

Result<SealKey> KeyFolder::open(std::string_view name) const {
  HEARTH_ASSIGN(const OpenFile opened, open_file(path(name)));
  KeyFile file;
  HEARTH_ASSIGN(const std::size_t count,
                opened.read(std::as_writable_bytes(std::span(&file, 1)), path(name)));
  const SubKey wrap = master_.derive("hearth key wrap");
  const std::string bound = associated(name);
  std::array<unsigned char, kSealKeyBytes> bytes;
  const bool is_right = count == sizeof file && file.magic == kMagic && file.version == kVersion &&
                        crypto_aead_xchacha20poly1305_ietf_decrypt(
                            bytes.data(), nullptr, nullptr, file.sealed.data(), file.sealed.size(),
                            bytes_of(bound), bound.size(), file.nonce.data(), wrap.data()) == 0;
  if (!is_right) {
    return Error(ErrorCode::kCorrupt,
                 concat("key ", printable(path(name).string(), 300),
                        ": was changed, or is sealed with another key than seal.key; what it "
                        "sealed cannot be read, hearth forget lost erases it"));
  }
  SealKey key(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

Result<SealKey> KeyFolder::open_or_create(std::string_view name) const {
  auto known = open(name);
  if (known.ok() || known.error().code() != ErrorCode::kNotFound) return known;
  HEARTH_TRY(make_folder(folder_));
  HEARTH_ASSIGN(const SealKey key, SealKey::random());
  const KeyFile file = seal(key, master_, name);
  HEARTH_ASSIGN(TemporaryFile made, TemporaryFile::create(folder_));
  HEARTH_TRY(made.write(std::as_bytes(std::span(&file, 1))));
  // A link, unlike a rename, does not replace the key of another process.
  if (::link(made.path().c_str(), path(name).c_str()) != 0 && errno != EEXIST)
    return file_error(errno, "cannot create", path(name));
  HEARTH_TRY(flush_folder(folder_));
  return open(name);
}

Result<void> KeyFolder::shred(const std::filesystem::path& folder, std::string_view name) {
  const std::filesystem::path path = folder / concat(name, kEnding);
  const OwnedFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (fd.get() < 0 && errno == ENOENT) return {};
  if (fd.get() < 0) return file_error(errno, "cannot open", path);
  std::array<unsigned char, sizeof(KeyFile)> noise;
  randombytes_buf(noise.data(), noise.size());
  if (::pwrite(fd.get(), noise.data(), noise.size(), 0) != static_cast<ssize_t>(noise.size()) ||
      ::fdatasync(fd.get()) != 0)
    return file_error(errno, "cannot overwrite", path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return file_error(errno, "cannot remove", path);
  return flush_folder(folder);
}

std::vector<std::string> KeyFolder::names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!name.ends_with(kEnding) || name.starts_with('.')) continue;
    name.erase(name.size() - kEnding.size());
    names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace hearth
