// SPDX-License-Identifier: Apache-2.0
#include "observe/kept_messages.h"

#include <sodium.h>

#include <algorithm>
#include <ctime>

#include "base/clock.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::string_view kPrefix = "kept-";

std::string key_name(const EgressRecord& record) { return concat(kPrefix, day_of(record.time_ms)); }

std::string associated(const EgressRecord& record) {
  return concat("hearth kept 1 ", record.request, " ", hexadecimal(record.content));
}

const unsigned char* bytes_of(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* bytes_of(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string day_of(int64_t time_ms) {
  return utc_text(static_cast<std::time_t>(time_ms / 1000)).substr(0, 10);
}

Result<std::vector<std::byte>> seal_kept_message(const KeyFolder& keys, const EgressRecord& record,
                                                 std::span<const std::byte> message) {
  HEARTH_ASSIGN(const SealKey key, keys.open_or_create(key_name(record)));
  std::vector<std::byte> sealed(kNonceBytes + message.size() + kTagBytes);
  const std::span<std::byte> nonce = std::span(sealed).first(kNonceBytes);
  randombytes_buf(nonce.data(), nonce.size());
  const std::string bound = associated(record);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      bytes_of(std::span(sealed).subspan(kNonceBytes)), nullptr, bytes_of(message), message.size(),
      bytes_of(bound), bound.size(), nullptr, bytes_of(nonce), key.bytes().data());
  return sealed;
}

Result<std::vector<std::byte>> open_kept_message(const KeyFolder& keys,
                                                 const EgressRecord& record) {
  const std::string name = concat("kept message of ", printable(record.request));
  if (record.kept.empty())
    return Error(ErrorCode::kNotFound, concat(name, ": was not kept; nothing can be shown"));
  auto key = keys.open(key_name(record));
  if (!key.ok() && key.error().code() == ErrorCode::kNotFound)
    return Error(ErrorCode::kNotFound,
                 concat(name, ": its key was shredded; nobody can read it any more"));
  if (!key.ok()) return key.error();
  const std::span<const std::byte> sealed = record.kept;
  const std::string bound = associated(record);
  std::vector<std::byte> message(sealed.size() - std::min(sealed.size(), kNonceBytes + kTagBytes));
  const bool is_right =
      sealed.size() >= kNonceBytes + kTagBytes &&
      crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytes_of(std::span<std::byte>(message)), nullptr, nullptr,
          bytes_of(sealed.subspan(kNonceBytes)), sealed.size() - kNonceBytes, bytes_of(bound),
          bound.size(), bytes_of(sealed.first(kNonceBytes)), key->bytes().data()) == 0;
  if (!is_right)
    return Error(ErrorCode::kCorrupt,
                 concat(name, ": was changed, or belongs to another entry; trust it no more"));
  return message;
}

std::vector<std::string> kept_days(const std::filesystem::path& folder) {
  std::vector<std::string> days;
  for (const std::string& name : KeyFolder::names(folder)) {
    if (name.starts_with(kPrefix)) days.push_back(name.substr(kPrefix.size()));
  }
  return days;
}

Result<int> forget_kept_messages(const std::filesystem::path& folder,
                                 const std::string& first_day) {
  int count = 0;
  for (const std::string& day : kept_days(folder)) {
    if (!first_day.empty() && day >= first_day) continue;
    HEARTH_TRY(KeyFolder::shred(folder, concat(kPrefix, day)));
    ++count;
  }
  return count;
}

}  // namespace hearth
