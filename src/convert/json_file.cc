// SPDX-License-Identifier: Apache-2.0
#include "convert/json_file.h"

#include <cmath>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kBytesMax = std::size_t{256} << 20;  // the largest are tokenizers: some 30 MB

}  // namespace

Result<JsonFile> JsonFile::read(const std::filesystem::path& path) {
  HEARTH_ASSIGN(const std::string text, read_file(path, kBytesMax));
  Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object() && !root.is_array()) {
    return Error(ErrorCode::kCorrupt,
                 concat(printable(path.string(), 300), ": is not JSON; fetch the file again"));
  }
  return JsonFile(std::move(root), printable(path.filename().string(), 100));
}

Result<std::optional<JsonFile>> JsonFile::read_if_there(const std::filesystem::path& path) {
  auto file = read(path);
  if (file.ok()) return std::optional<JsonFile>(std::move(file).value());
  if (file.error().code() == ErrorCode::kNotFound) return std::optional<JsonFile>();
  return std::move(file).error();
}

Error JsonFile::error(ErrorCode code, std::string_view key, std::string_view what) const {
  return Error(code, concat(name_, ": ", key, " ", what));
}

const Json* JsonFile::find(std::string_view key) const {
  if (!root_.is_object()) return nullptr;
  const auto found = root_.find(std::string(key));
  return found == root_.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<int64_t>> JsonFile::integer(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::optional<int64_t>();
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() || value->get<uint64_t>() <= uint64_t{INT64_MAX});
  if (!fits) return error(ErrorCode::kCorrupt, key, "is not an integer; fetch the file again");
  return std::optional(value->get<int64_t>());
}

Result<std::optional<double>> JsonFile::number(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::optional<double>();
  if (!value->is_number() || !std::isfinite(value->get<double>())) {
    return error(ErrorCode::kCorrupt, key, "is not a number; fetch the file again");
  }
  return std::optional(value->get<double>());
}

Result<std::optional<bool>> JsonFile::boolean(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::optional<bool>();
  if (!value->is_boolean()) {
    return error(ErrorCode::kCorrupt, key, "is neither true nor false; fetch the file again");
  }
  return std::optional(value->get<bool>());
}

Result<std::optional<std::string>> JsonFile::text(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) {
    return error(ErrorCode::kCorrupt, key, "is not a string; fetch the file again");
  }
  return std::optional(value->get<std::string>());
}

Result<uint32_t> JsonFile::natural(std::string_view key, uint32_t low, uint32_t high) const {
  HEARTH_ASSIGN(const auto value, integer(key));
  if (!value) return error(ErrorCode::kCorrupt, key, "is absent; fetch the file again");
  if (*value < int64_t{low} || *value > int64_t{high}) {
    return error(
        ErrorCode::kCorrupt, key,
        concat("is ", *value, ", and ", low, " to ", high, " is allowed; fetch the file again"));
  }
  return static_cast<uint32_t>(*value);
}

}  // namespace hearth
