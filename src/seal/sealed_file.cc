// SPDX-License-Identifier: Apache-2.0
#include "seal/sealed_file.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr uint32_t kVersion = 1;
constexpr std::array<char, 8> kMagic = {'h', 'e', 'a', 'r', 't', 'h', 'S', 'L'};
constexpr std::size_t kTagBytes = crypto_secretstream_xchacha20poly1305_ABYTES;

struct Head {
  std::array<char, 8> magic = kMagic;
  uint32_t version = kVersion;
  std::array<unsigned char, crypto_secretstream_xchacha20poly1305_HEADERBYTES> stream = {};
};
static_assert(sizeof(Head) == 36);  // no padding

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

// ---- writing ----

Result<SealedWriter> SealedWriter::create(const std::filesystem::path& folder, const SealKey& key,
                                          std::string_view context) {
  HEARTH_ASSIGN(TemporaryFile file, TemporaryFile::create(folder));
  SealedWriter writer(std::move(file), context);
  Head head;
  crypto_secretstream_xchacha20poly1305_init_push(&writer.state_, head.stream.data(),
                                                  key.bytes().data());
  HEARTH_TRY(writer.file_.write(std::as_bytes(std::span(&head, 1))));
  return writer;
}

Result<void> SealedWriter::push(std::span<const std::byte> message, unsigned char tag) {
  HEARTH_CHECK(message.size() <= kSealedMessageBytesMax);
  sealed_.resize(message.size() + kTagBytes);
  crypto_secretstream_xchacha20poly1305_push(
      &state_, reinterpret_cast<unsigned char*>(sealed_.data()), nullptr,
      reinterpret_cast<const unsigned char*>(message.data()), message.size(), bytes_of(context_),
      context_.size(), tag);
  return file_.write(sealed_);
}

Result<void> SealedWriter::write(std::span<const std::byte> message) {
  return push(message, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
}

Result<void> SealedWriter::publish(const std::filesystem::path& path) {
  HEARTH_TRY(push({}, crypto_secretstream_xchacha20poly1305_TAG_FINAL));
  return file_.publish(path, 0600);
}

// ---- reading ----

Error SealedReader::corrupt(std::string_view why) const {
  return Error(ErrorCode::kCorrupt, concat(printable(path_.string(), 300), ": ", why,
                                           "; remove it, and it will be made anew"));
}

Result<SealedReader> SealedReader::open(const std::filesystem::path& path, const SealKey& key,
                                        std::string_view context) {
  HEARTH_ASSIGN(OpenFile file, open_file(path));
  SealedReader reader(std::move(file), path, context);
  Head head;
  HEARTH_ASSIGN(const std::size_t count,
                reader.file_.read(std::as_writable_bytes(std::span(&head, 1)), path));
  if (count != sizeof head || head.magic != kMagic) return reader.corrupt("is no sealed file");
  if (head.version != kVersion) {
    return Error(ErrorCode::kUnsupported,
                 concat(printable(path.string(), 300), ": is sealed as version ", head.version,
                        ", and this program reads ", kVersion, "; use the one that wrote it"));
  }
  crypto_secretstream_xchacha20poly1305_init_pull(&reader.state_, head.stream.data(),
                                                  key.bytes().data());
  return reader;
}

Result<void> SealedReader::pull(std::span<std::byte> message, unsigned char expected_tag) {
  HEARTH_CHECK(message.size() <= kSealedMessageBytesMax);
  sealed_.resize(message.size() + kTagBytes);
  HEARTH_ASSIGN(const std::size_t count, file_.read(sealed_, path_));
  if (count != sealed_.size()) return corrupt("is cut short");
  unsigned char tag = 0;
  const int opened = crypto_secretstream_xchacha20poly1305_pull(
      &state_, reinterpret_cast<unsigned char*>(message.data()), nullptr, &tag,
      reinterpret_cast<const unsigned char*>(sealed_.data()), sealed_.size(), bytes_of(context_),
      context_.size());
  if (opened != 0) return corrupt("was changed, or is sealed with another key");
  if (tag != expected_tag) return corrupt("holds more or less than it says");
  return {};
}

Result<void> SealedReader::read(std::span<std::byte> message) {
  return pull(message, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
}

Result<void> SealedReader::finish() {
  HEARTH_TRY(pull({}, crypto_secretstream_xchacha20poly1305_TAG_FINAL));
  std::byte more;
  HEARTH_ASSIGN(const std::size_t count, file_.read({&more, 1}, path_));
  if (count != 0) return corrupt("goes on behind its end");
  return {};
}

}  // namespace hearth
