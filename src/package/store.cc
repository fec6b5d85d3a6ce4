// SPDX-License-Identifier: Apache-2.0
#include "package/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/files.h"
#include "base/strings.h"
#include "base/temporary_file.h"
#include "package/sha256.h"

namespace hearth {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlobPrefix = "sha256-";
constexpr std::size_t kManifestBytesMax = 1 << 20;
constexpr std::size_t kActiveBytesMax = 256;
constexpr std::size_t kVersionDigits = 12;

struct Reference {
  std::string name;
  std::string version;  // empty: the active one
};

// `name` or `name@version`. Errors: kUsage (malformed).
Result<Reference> parse_reference(std::string_view text) {
  const std::size_t at = text.find('@');
  Reference reference{std::string(text.substr(0, at)), ""};
  HEARTH_TRY(check_store_name("model name", reference.name));
  if (at != std::string_view::npos) {
    reference.version = text.substr(at + 1);
    HEARTH_TRY(check_store_name("version", reference.version));
  }
  return reference;
}

// Names of the folders in `folder`, sorted; none where it does not exist. Errors: kUnavailable.
Result<std::vector<std::string>> subfolders(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) names.push_back(entry->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return file_error(error.value(), "cannot read the folder", folder);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Error not_in_store(std::string_view reference, const fs::path& folder) {
  return Error(ErrorCode::kNotFound,
               concat("model ", printable(reference), ": is not in the store at ",
                      printable(folder.string(), 300), "; `hearth ls` shows what is"));
}

Result<void> unlink_file(const fs::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return file_error(errno, "cannot remove", path);
}

// The one of `versions` (not empty) that a name means where the active pointer is of no help.
const StoredModel& newest(const std::vector<StoredModel>& versions) {
  return *std::max_element(versions.begin(), versions.end(),
                           [](const StoredModel& a, const StoredModel& b) {
                             return a.manifest.created < b.manifest.created;
                           });
}

// Of what the model is made of: the weights alone, or with settings and adapters.
std::string version_by_hash(const Manifest& manifest) {
  std::string hash = manifest.model_file().sha256;
  if (manifest.is_derived()) {
    std::string made_of = concat(hash, settings_to_json(manifest.settings).dump());
    for (const ManifestFile& file : manifest.files)
      if (file.role != "model") made_of += file.sha256;
    hash = sha256_hex(made_of);
  }
  return concat(kBlobPrefix, hash.substr(0, kVersionDigits));
}

}  // namespace

fs::path Store::blob_path(std::string_view sha256) const {
  return folder_ / "blobs" / concat(kBlobPrefix, sha256);
}

fs::path Store::version_folder(std::string_view name, std::string_view version) const {
  return folder_ / "models" / name / version;
}

Result<std::string> Store::active_version(std::string_view name) const {
  auto text = read_file(folder_ / "models" / name / "active", kActiveBytesMax);
  if (!text.ok()) {
    if (text.error().code() == ErrorCode::kNotFound) return std::string();
    return text.error();
  }
  return text->substr(0, text->find('\n'));
}

Result<Manifest> Store::read_manifest(std::string_view name, std::string_view version) const {
  const fs::path path = version_folder(name, version) / "manifest.json";
  HEARTH_ASSIGN(const std::string text, read_file(path, kManifestBytesMax));
  HEARTH_ASSIGN(Manifest manifest, manifest_from_json(text, path.string()));
  if (manifest.name != name || manifest.version != version) {
    return Error(
        ErrorCode::kCorrupt,
        concat(printable(path.string(), 300), ": describes ", printable(manifest.name), "@",
               printable(manifest.version), "; remove the model and import it again"));
  }
  return manifest;
}

Result<std::vector<StoredModel>> Store::list() const {
  std::vector<StoredModel> models;
  HEARTH_ASSIGN(const auto names, subfolders(folder_ / "models"));
  for (const std::string& name : names) {
    HEARTH_ASSIGN(const std::string active, active_version(name));
    HEARTH_ASSIGN(const auto versions, subfolders(folder_ / "models" / name));
    std::vector<StoredModel> found;
    for (const std::string& version : versions) {
      auto manifest = read_manifest(name, version);
      // A crash, or a removal that goes on beside us, leaves folders without a manifest.
      if (!manifest.ok() && manifest.error().code() == ErrorCode::kNotFound) continue;
      if (!manifest.ok()) return manifest.error();
      found.push_back({std::move(*manifest), version == active});
    }
    const bool has_active = std::any_of(found.begin(), found.end(),
                                        [](const StoredModel& model) { return model.active; });
    if (!found.empty() && !has_active) {
      const std::string& version = newest(found).manifest.version;
      for (StoredModel& model : found) model.active = model.manifest.version == version;
    }
    std::move(found.begin(), found.end(), std::back_inserter(models));
  }
  return models;
}

Result<StoredModel> Store::find(std::string_view reference) const {
  HEARTH_ASSIGN(const Reference wanted, parse_reference(reference));
  // The usual case needs one manifest, not all of them.
  HEARTH_ASSIGN(const std::string active, active_version(wanted.name));
  const std::string& version = wanted.version.empty() ? active : wanted.version;
  if (!version.empty()) {
    auto manifest = read_manifest(wanted.name, version);
    if (manifest.ok()) return StoredModel{std::move(*manifest), version == active};
    if (manifest.error().code() != ErrorCode::kNotFound) return manifest.error();
  }
  HEARTH_ASSIGN(const auto models, list());
  for (const StoredModel& model : models) {
    if (model.manifest.name != wanted.name) continue;
    if (wanted.version.empty() ? model.active : model.manifest.version == wanted.version) {
      return model;
    }
  }
  return not_in_store(reference, folder_);
}

Result<fs::path> Store::file_path(const Manifest& manifest, const ManifestFile& file) const {
  fs::path path = blob_path(file.sha256);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || static_cast<uint64_t>(info.st_size) != file.bytes) {
    return Error(ErrorCode::kCorrupt,
                 concat("model ", manifest.name, ": its file ", printable(path.string(), 300),
                        " is gone or has another size; import it again"));
  }
  return path;
}

Result<ResolvedModel> Store::resolve(const Manifest& manifest) const {
  ResolvedModel model;
  model.settings = manifest.settings;
  for (const ManifestFile& file : manifest.files) {
    HEARTH_ASSIGN(fs::path path, file_path(manifest, file));
    if (file.role == "model") {
      model.weights = std::move(path);
    } else if (file.role == "adapter") {
      model.adapters.push_back({std::move(path)});
    } else {
      model.adapters.back().config = std::move(path);
    }
  }
  return model;
}

Result<void> Store::add_manifest(const Manifest& manifest) const {
  const fs::path folder = version_folder(manifest.name, manifest.version);
  const std::string text = manifest_to_json(manifest);
  if (text.size() > kManifestBytesMax) {
    return Error(ErrorCode::kUsage,
                 concat("settings of ", manifest.name, ": take ", text.size(), " bytes, more than ",
                        kManifestBytesMax, "; shorten its texts"));
  }
  HEARTH_TRY(make_folder(folder));
  HEARTH_TRY(write_file(folder / "manifest.json", text));
  return write_file(folder.parent_path() / "active", manifest.version + "\n");
}

Result<Manifest> Store::import(const ImportRequest& request, ByteProgress progress) const {
  HEARTH_TRY(check_store_name("model name", request.name));
  if (!request.version.empty()) HEARTH_TRY(check_store_name("version", request.version));
  if (!request.sha256_expected.empty() && !is_sha256_hex(request.sha256_expected)) {
    return Error(ErrorCode::kUsage, concat("SHA-256 \"", printable(request.sha256_expected),
                                           "\": is not 64 lower-case hexadecimal digits; give the "
                                           "hash as sha256sum prints it"));
  }
  HEARTH_TRY(make_folder(folder_ / "blobs"));
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(folder_ / "lock"));
  Manifest manifest;
  manifest.name = request.name;
  manifest.version = request.version;
  manifest.created = utc_text(std::time(nullptr));
  manifest.settings = request.settings;
  HEARTH_TRY(add_model(request, manifest, progress));
  HEARTH_TRY(add_adapters(request.adapters, manifest));
  if (manifest.version.empty()) manifest.version = version_by_hash(manifest);
  HEARTH_TRY(add_manifest(manifest));
  if (manifest.is_derived()) HEARTH_TRY(remove_replaced(manifest));
  HEARTH_TRY(remove_unused_blobs());  // of a version that was replaced
  return manifest;
}

Result<void> Store::copy(std::string_view reference, std::string_view name) const {
  HEARTH_TRY(check_store_name("model name", name));
  HEARTH_ASSIGN(const StoredModel found, find(reference));
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(folder_ / "lock"));
  Manifest manifest = found.manifest;
  manifest.name = name;
  return add_manifest(manifest);
}

Result<Manifest> Store::create(std::string_view from, std::string_view name,
                               const ModelSettings& settings,
                               std::span<const AdapterPaths> adapters) const {
  HEARTH_ASSIGN(const Reference wanted, parse_reference(name));
  // Asked before the lock is taken: an absent model must not create a store.
  HEARTH_TRY(find(from));
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(folder_ / "lock"));
  HEARTH_ASSIGN(StoredModel found, find(from));
  Manifest manifest = std::move(found.manifest);
  manifest.name = wanted.name;
  manifest.settings = overlay(manifest.settings, settings);
  HEARTH_TRY(add_adapters(adapters, manifest));
  manifest.created = utc_text(std::time(nullptr));
  manifest.version = wanted.version.empty() ? version_by_hash(manifest) : wanted.version;
  HEARTH_TRY(add_manifest(manifest));
  HEARTH_TRY(remove_replaced(manifest));
  HEARTH_TRY(remove_unused_blobs());
  return manifest;
}

// Earlier versions that were made of others and have no name of their own: nobody would find them.
Result<void> Store::remove_replaced(const Manifest& by) const {
  HEARTH_ASSIGN(const auto versions, subfolders(folder_ / "models" / by.name));
  for (const std::string& version : versions) {
    if (version == by.version || !version.starts_with(kBlobPrefix)) continue;
    const auto manifest = read_manifest(by.name, version);
    if (manifest.ok() && manifest->is_derived()) HEARTH_TRY(remove_version(by.name, version));
  }
  return {};
}

Result<void> Store::remove_version(std::string_view name, std::string_view version) const {
  const fs::path folder = version_folder(name, version);
  HEARTH_TRY(unlink_file(folder / "manifest.json"));
  HEARTH_TRY(flush_folder(folder));
  std::error_code
      ignored;  // files that are not ours keep the folder; without a manifest it is no version
  fs::remove(folder, ignored);
  return {};
}

Result<uint64_t> Store::remove(std::string_view reference) const {
  HEARTH_ASSIGN(const Reference wanted, parse_reference(reference));
  const fs::path name_folder = folder_ / "models" / wanted.name;
  const fs::path named = wanted.version.empty() ? name_folder : name_folder / wanted.version;
  std::error_code ignored;
  // Asked before the lock is taken: an absent model must not create a store.
  if (!fs::is_directory(named, ignored)) return not_in_store(reference, folder_);
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(folder_ / "lock"));
  // By folders, not manifests, so that a broken version can be removed.
  HEARTH_ASSIGN(const auto versions, subfolders(name_folder));
  HEARTH_ASSIGN(const std::string active, active_version(wanted.name));
  std::vector<StoredModel> kept;
  bool active_kept = false;
  for (const std::string& version : versions) {
    if (wanted.version.empty() || version == wanted.version) continue;
    active_kept = active_kept || version == active;
    if (auto manifest = read_manifest(wanted.name, version); manifest.ok()) {
      kept.push_back({std::move(*manifest), false});
    }
  }
  if (kept.empty()) {
    HEARTH_TRY(unlink_file(name_folder / "active"));
  } else if (!active_kept) {
    HEARTH_TRY(write_file(name_folder / "active", newest(kept).manifest.version + "\n"));
  }
  for (const std::string& version : versions) {
    if (!wanted.version.empty() && version != wanted.version) continue;
    HEARTH_TRY(remove_version(wanted.name, version));
  }
  fs::remove(name_folder, ignored);  // unless something is left in it
  return remove_unused_blobs();
}

Result<uint64_t> Store::remove_unused_blobs() const {
  const auto models = list();
  // While one manifest cannot be read, nobody knows which blobs it names: all are kept.
  const bool is_unknown = !models.ok() && (models.error().code() == ErrorCode::kCorrupt ||
                                           models.error().code() == ErrorCode::kUnsupported);
  if (is_unknown) return uint64_t{0};
  if (!models.ok()) return models.error();
  std::set<std::string> used;
  for (const StoredModel& model : *models) {
    for (const ManifestFile& file : model.manifest.files) used.insert(file.sha256);
  }
  uint64_t bytes_freed = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder_ / "blobs", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool stale = name.starts_with(TemporaryFile::kPrefix);
    const bool unused =
        name.starts_with(kBlobPrefix) && !used.contains(name.substr(kBlobPrefix.size()));
    if (!stale && !unused) continue;
    std::error_code ignored;
    const uint64_t bytes = entry->file_size(ignored);
    HEARTH_TRY(unlink_file(entry->path()));
    if (!ignored) bytes_freed += bytes;
  }
  return bytes_freed;
}

}  // namespace hearth
