// SPDX-License-Identifier: Apache-2.0
#include "package/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "package/sha256.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kFormat = 1;
constexpr int64_t kFormatDerived = 2;
constexpr std::size_t kNameBytesMax = 64;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Error corrupt(std::string_view source, std::string_view why) {
  return Error(ErrorCode::kCorrupt,
               concat(printable(source, 300), ": ", why, "; remove the model and import it again"));
}

// The string at `key` of `object`. Errors: kCorrupt.
Result<std::string> string_field(const Json& object, const char* key, std::string_view source) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) {
    return corrupt(source, concat("field \"", key, "\" is not a string"));
  }
  return found->get_ref<const std::string&>();
}

Result<ManifestFile> file_from_json(const Json& object, std::string_view source) {
  if (!object.is_object()) return corrupt(source, "a file's description is not an object");
  ManifestFile file;
  HEARTH_ASSIGN(file.role, string_field(object, "role", source));
  HEARTH_ASSIGN(file.path, string_field(object, "path", source));
  HEARTH_ASSIGN(file.sha256, string_field(object, "sha256", source));
  if (!is_sha256_hex(file.sha256)) return corrupt(source, "\"sha256\" is not a SHA-256 hash");
  const auto bytes = object.find("bytes");
  if (bytes == object.end() || !bytes->is_number_unsigned()) {
    return corrupt(source, "field \"bytes\" is not a size");
  }
  file.bytes = bytes->get<uint64_t>();
  return file;
}

Result<std::vector<ManifestFile>> files_from_json(const Json& list, std::string_view source) {
  std::vector<ManifestFile> files;
  int models = 0;
  for (const Json& object : list) {
    HEARTH_ASSIGN(ManifestFile file, file_from_json(object, source));
    const bool is_behind_adapter = !files.empty() && files.back().role == "adapter";
    if (file.role == "adapter-config" ? !is_behind_adapter
                                      : file.role != "model" && file.role != "adapter") {
      return corrupt(source, concat("a file has the role \"", printable(file.role),
                                    "\", which is none, or not in its place"));
    }
    if (file.role == "model") ++models;
    files.push_back(std::move(file));
  }
  if (models != 1) return corrupt(source, concat("names ", models, " files of role \"model\""));
  return files;
}

}  // namespace

const ManifestFile& Manifest::model_file() const {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [](const ManifestFile& file) { return file.role == "model"; });
  HEARTH_CHECK(found != files.end());  // manifest_from_json and the store's import make sure
  return *found;
}

uint64_t Manifest::bytes() const {
  uint64_t sum = 0;
  for (const ManifestFile& file : files) sum += file.bytes;
  return sum;
}

bool Manifest::is_derived() const { return !settings.empty() || files.size() > 1; }

Result<void> check_store_name(std::string_view what, std::string_view text) {
  const bool tame = !text.empty() && text.size() <= kNameBytesMax && is_letter_or_digit(text[0]) &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '+';
                    });
  if (tame) return {};
  return Error(ErrorCode::kUsage,
               concat(what, " \"", printable(text),
                      "\": is not made of 1 to 64 letters, digits, '.', '_', '-' and '+', a letter "
                      "or digit first; choose another"));
}

std::string manifest_to_json(const Manifest& manifest) {
  Json files = Json::array();
  for (const ManifestFile& file : manifest.files) {
    files.push_back(
        {{"role", file.role}, {"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  }
  Json document = {{"format", manifest.is_derived() ? kFormatDerived : kFormat},
                   {"name", manifest.name},
                   {"version", manifest.version},
                   {"licence", manifest.licence},
                   {"created", manifest.created},
                   {"files", files}};
  if (!manifest.settings.empty()) document["settings"] = settings_to_json(manifest.settings);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> manifest_from_json(std::string_view text, std::string_view source) {
  const Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return corrupt(source, "is not a JSON object");
  const auto format = document.find("format");
  if (format == document.end() || !format->is_number_integer()) {
    return corrupt(source, "field \"format\" is not a number");
  }
  const auto number = format->get<int64_t>();
  if (number != kFormat && number != kFormatDerived) {
    return Error(ErrorCode::kUnsupported,
                 concat(printable(source, 300), ": has format ", number, ", known are ", kFormat,
                        " and ", kFormatDerived, "; use a newer hearth"));
  }
  Manifest manifest;
  HEARTH_ASSIGN(manifest.name, string_field(document, "name", source));
  HEARTH_ASSIGN(manifest.version, string_field(document, "version", source));
  HEARTH_ASSIGN(manifest.licence, string_field(document, "licence", source));
  HEARTH_ASSIGN(manifest.created, string_field(document, "created", source));
  const auto files = document.find("files");
  if (files == document.end() || !files->is_array()) {
    return corrupt(source, "field \"files\" is not an array");
  }
  HEARTH_ASSIGN(manifest.files, files_from_json(*files, source));
  if (const auto settings = document.find("settings"); settings != document.end()) {
    if (number != kFormatDerived) return corrupt(source, "format 1 has no \"settings\"");
    auto read = settings_from_json(*settings);
    if (!read.ok()) return corrupt(source, read.error().message());
    manifest.settings = std::move(read).value();
  }
  if (manifest.is_derived() && number != kFormatDerived)
    return corrupt(source, "format 1 has no adapters");
  return manifest;
}

}  // namespace hearth
