// SPDX-License-Identifier: Apache-2.0
#include "seal/seal_key.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "base/strings.h"
#include "base/temporary_file.h"

namespace hearth {
namespace {

Error wrong(const std::filesystem::path& path, ErrorCode code, std::string_view why) {
  return Error(code, concat("key ", printable(path.string(), 300), ": ", why));
}

}  // namespace

std::shared_ptr<SealKey::Bytes> SealKey::wiped_bytes() {
  return {new Bytes(), [](Bytes* bytes) {
            sodium_memzero(bytes->data(), bytes->size());
            delete bytes;
          }};
}

SealKey::SealKey(std::span<const unsigned char, kSealKeyBytes> bytes) {
  const std::shared_ptr<Bytes> copy = wiped_bytes();
  std::ranges::copy(bytes, copy->begin());
  bytes_ = copy;
}

Result<SealKey> SealKey::random() {
  if (sodium_init() < 0)
    return Error(ErrorCode::kUnavailable, "key: libsodium finds no random numbers; try again");
  const std::shared_ptr<Bytes> bytes = wiped_bytes();
  randombytes_buf(bytes->data(), bytes->size());
  return SealKey(bytes);
}

SubKey SealKey::derive(std::string_view purpose) const {
  SubKey key;
  crypto_generichash(key.data(), key.size(), reinterpret_cast<const unsigned char*>(purpose.data()),
                     purpose.size(), bytes_->data(), bytes_->size());
  return key;
}

Result<SealKey> SealKey::load(const std::filesystem::path& path) {
  HEARTH_ASSIGN(const OpenFile file, open_file(path));
  if ((file.mode & (S_IRWXG | S_IRWXO)) != 0)
    return wrong(path, ErrorCode::kUnavailable, "others may read or write it; chmod 600 it");
  const std::shared_ptr<Bytes> bytes = wiped_bytes();
  HEARTH_ASSIGN(const std::size_t count,
                file.read(std::as_writable_bytes(std::span(*bytes)), path));
  if (count != kSealKeyBytes || file.identity.bytes != kSealKeyBytes) {
    return wrong(path, ErrorCode::kCorrupt,
                 concat("has ", file.identity.bytes, " bytes where a key has ", kSealKeyBytes,
                        "; restore it, or remove it and what is sealed with it"));
  }
  return SealKey(bytes);
}

Result<SealKey> SealKey::load_or_create(const std::filesystem::path& path) {
  if (sodium_init() < 0)
    return wrong(path, ErrorCode::kUnavailable, "libsodium finds no random numbers; try again");
  auto known = load(path);
  if (known.ok() || known.error().code() != ErrorCode::kNotFound) return known;
  HEARTH_TRY(make_folder(path.parent_path()));
  HEARTH_ASSIGN(TemporaryFile made, TemporaryFile::create(path.parent_path()));
  HEARTH_ASSIGN(const SealKey key, random());
  HEARTH_TRY(made.write(std::as_bytes(key.bytes())));
  // A link, unlike a rename, does not replace the key of another process.
  if (::link(made.path().c_str(), path.c_str()) != 0 && errno != EEXIST)
    return file_error(errno, "cannot create", path);
  HEARTH_TRY(flush_folder(path.parent_path()));
  return load(path);
}

}  // namespace hearth
