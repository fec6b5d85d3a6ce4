// SPDX-License-Identifier: Apache-2.0
// The store of models on this device. Disk format:
//
//   blobs/sha256-<64 hex digits>            the bytes, named by their hash, read-only
//   blobs/.tmp-XXXXXX                       a blob being written; stale ones go at the next write
//   models/<name>/<version>/manifest.json   what a version is made of (manifest.h)
//   models/<name>/active                    the version that <name> means, one line
//   lock                                    held exclusively by whoever writes (flock)
//
// Every write is: temporary file, fsync, verify, rename, fsync of the folder, so that a crash at
// any moment leaves the old or the new state. Readers never wait: what they can see is whole.
//
// Threading: a Store is a path; any number of processes and threads may use the same folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_sink.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "format/adapter_paths.h"
#include "package/manifest.h"

namespace hearth {

// Called after each piece with the bytes done and the bytes in all; returns false to stop.
using ByteProgress = FunctionRef<bool(uint64_t, uint64_t)>;

// Looks into the copied bytes before they become visible: an error refuses them. May complete the
// manifest's licence.
using Examine = std::function<Result<void>(const std::filesystem::path&, Manifest&)>;

struct ImportRequest {
  std::filesystem::path file;  // with `source`, only what the manifest says about the origin
  std::string name;
  std::string version;          // empty: "sha256-" and 12 digits of the hash of what it is made of
  std::string sha256_expected;  // empty: whatever the file holds is right
  Examine examine;              // called once the hash has been checked; empty: nothing to look at
  ByteSource source = {};       // makes the bytes; empty: they are those of `file`
  uint64_t source_bytes = 0;    // how many `source` makes
  ModelSettings settings = {};  // that the model brings along; checked by check_settings()
  std::vector<AdapterPaths> adapters = {};  // the same
};

// What a model is made of, where it lies.
struct ResolvedModel {
  std::filesystem::path weights;
  ModelSettings settings = {};
  std::vector<AdapterPaths> adapters = {};

  bool operator==(const ResolvedModel&) const = default;
};

struct StoredModel {
  Manifest manifest;
  bool active = false;  // its name, without a version, means this one
};

class Store {
 public:
  explicit Store(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }

  // Copies the file, or what the source makes, into the store and makes it what `name` means. The
  // same bytes are kept once.
  // Errors: kUsage (name, version or hash malformed; a folder), kNotFound (no such file), kCorrupt
  // (empty file), kVerification (another hash than expected: both), kUnavailable (disk full,
  // permission), kCancelled, and what `source` and `examine` say. After an error the store is as it
  // was.
  Result<Manifest> import(const ImportRequest& request, ByteProgress progress) const;

  // All versions of all models, by name, then version. A store that does not exist yet is empty.
  // Errors: kCorrupt (a manifest: named), kUnavailable (permission).
  Result<std::vector<StoredModel>> list() const;

  // `name` or `name@version`. Errors: kNotFound, kUsage (malformed), and those of list().
  Result<StoredModel> find(std::string_view reference) const;

  // Where the files of a stored model are. Errors: kCorrupt (a blob is gone or has another size).
  Result<ResolvedModel> resolve(const Manifest& manifest) const;

  // Makes `name` mean what `reference` does; the bytes are kept once. Errors: kNotFound, kUsage
  // (malformed), kUnavailable (disk full, permission).
  Result<void> copy(std::string_view reference, std::string_view name) const;

  // Makes `name`, or name@version, mean the files of `from` with its settings, in front of which
  // stand those given, and its adapters, to which those given are added; the bytes are kept once. A
  // version that was made so before and named by its hash alone is replaced. Errors: kNotFound,
  // kUsage (malformed; settings too long), kUnavailable (disk full, permission).
  Result<Manifest> create(std::string_view from, std::string_view name,
                          const ModelSettings& settings,
                          std::span<const AdapterPaths> adapters = {}) const;

  // Removes `name` (all its versions) or `name@version`, then the blobs that no manifest names.
  // Returns the bytes set free; where some other manifest is broken, blobs stay and that is 0.
  // Errors: kNotFound, kUsage (malformed), kUnavailable (permission).
  Result<uint64_t> remove(std::string_view reference) const;

 private:
  std::filesystem::path blob_path(std::string_view sha256) const;
  std::filesystem::path version_folder(std::string_view name, std::string_view version) const;
  Result<std::string> active_version(std::string_view name) const;
  Result<Manifest> read_manifest(std::string_view name, std::string_view version) const;
  Result<std::filesystem::path> file_path(const Manifest& manifest, const ManifestFile& file) const;
  Result<void> add_model(const ImportRequest& request, Manifest& manifest,
                         ByteProgress progress) const;
  Result<void> add_adapters(std::span<const AdapterPaths> adapters, Manifest& manifest) const;
  Result<void> add_manifest(const Manifest& manifest) const;
  Result<void> remove_version(std::string_view name, std::string_view version) const;
  Result<void> remove_replaced(const Manifest& by) const;
  Result<uint64_t> remove_unused_blobs() const;

  std::filesystem::path folder_;
};

}  // namespace hearth
