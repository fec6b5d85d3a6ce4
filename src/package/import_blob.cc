// SPDX-License-Identifier: Apache-2.0
// How bytes enter the store: copied and hashed in one pass, published under their hash.
#include <algorithm>
#include <optional>
#include <vector>

#include "base/files.h"
#include "base/strings.h"
#include "base/temporary_file.h"
#include "package/sha256.h"
#include "package/store.h"

namespace hearth {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr mode_t kBlobMode = 0444;  // nobody changes what is named by its hash

// Takes the bytes of a blob: writes and hashes them, and tells the progress.
class BlobWriter {
 public:
  BlobWriter(TemporaryFile& target, uint64_t bytes_total, ByteProgress progress)
      : target_(target), bytes_total_(bytes_total), progress_(progress) {}

  // Errors: kUnavailable (disk full), kCancelled.
  Result<void> write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
      bytes = bytes.subspan(piece.size());
      hash_.update(piece);
      HEARTH_TRY(target_.write(piece));
      bytes_done_ += piece.size();
      if (!progress_(bytes_done_, bytes_total_)) {
        return Error(ErrorCode::kCancelled, "import: stopped; the store is as it was");
      }
    }
    return {};
  }
  uint64_t bytes_done() const { return bytes_done_; }
  std::string finish_hex() { return hash_.finish_hex(); }

 private:
  TemporaryFile& target_;
  uint64_t bytes_total_;
  ByteProgress progress_;
  uint64_t bytes_done_ = 0;
  Sha256 hash_;
};

// Where the bytes of a blob come from.
struct BlobOrigin {
  std::filesystem::path file;
  ByteSource source = {};  // empty: the bytes are those of `file`
  uint64_t source_bytes = 0;
};

Result<void> copy_file(const OpenFile& source, const std::filesystem::path& path,
                       BlobWriter& target) {
  std::vector<std::byte> buffer(kPieceBytes);
  while (true) {
    HEARTH_ASSIGN(const std::size_t count, source.read(buffer, path));
    if (count == 0) return {};
    HEARTH_TRY(target.write(std::span(buffer).first(count)));
  }
}

// Writes the bytes of the origin to `target`, and says in `file` what they are.
Result<void> fill_blob(const BlobOrigin& origin, TemporaryFile& target, ByteProgress progress,
                       ManifestFile& file) {
  std::optional<OpenFile> opened;
  uint64_t bytes_total = origin.source_bytes;
  if (!origin.source) {
    HEARTH_ASSIGN(opened, open_file(origin.file));
    bytes_total = opened->identity.bytes;
  }
  const auto corrupt = [&](std::string_view why) {
    return Error(ErrorCode::kCorrupt, concat(printable(origin.file.string(), 300), ": ", why));
  };
  if (bytes_total == 0) return corrupt("the file is empty; fetch it again");
  BlobWriter writer(target, bytes_total, progress);
  if (origin.source) {
    HEARTH_TRY(
        origin.source([&](std::span<const std::byte> piece) { return writer.write(piece); }));
  } else {
    HEARTH_TRY(copy_file(*opened, origin.file, writer));
  }
  if (writer.bytes_done() != bytes_total) {
    return corrupt(concat("changed from ", bytes_total, " to ", writer.bytes_done(),
                          " bytes while it was read; try again"));
  }
  file.path = origin.file.filename().string();
  file.bytes = writer.bytes_done();
  file.sha256 = writer.finish_hex();
  return {};
}

}  // namespace

Result<void> Store::add_model(const ImportRequest& request, Manifest& manifest,
                              ByteProgress progress) const {
  ManifestFile file;
  file.role = "model";
  HEARTH_ASSIGN(TemporaryFile target, TemporaryFile::create(folder_ / "blobs"));
  const BlobOrigin origin = {request.file, request.source, request.source_bytes};
  HEARTH_TRY(fill_blob(origin, target, progress, file));
  if (!request.sha256_expected.empty() && file.sha256 != request.sha256_expected) {
    return Error(ErrorCode::kVerification,
                 concat(printable(request.file.string(), 300), ": has SHA-256 ", file.sha256,
                        " where ", request.sha256_expected, " is expected; fetch it again"));
  }
  if (request.examine) HEARTH_TRY(request.examine(target.path(), manifest));
  manifest.files = {file};
  // Also where the blob exists already: whatever happened to it, now it is right.
  return target.publish(blob_path(file.sha256), kBlobMode);
}

Result<void> Store::add_adapters(std::span<const AdapterPaths> adapters, Manifest& manifest) const {
  const auto add = [&](std::string_view role, const std::filesystem::path& path) -> Result<void> {
    ManifestFile file;
    file.role = role;
    HEARTH_ASSIGN(TemporaryFile target, TemporaryFile::create(folder_ / "blobs"));
    HEARTH_TRY(fill_blob({path}, target, [](uint64_t, uint64_t) { return true; }, file));
    manifest.files.push_back(file);
    return target.publish(blob_path(file.sha256), kBlobMode);
  };
  for (const AdapterPaths& paths : adapters) {
    HEARTH_TRY(add("adapter", paths.weights));
    if (!paths.config.empty()) HEARTH_TRY(add("adapter-config", paths.config));
  }
  return {};
}

}  // namespace hearth
