// SPDX-License-Identifier: Apache-2.0
#include "format/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "base/json_cursor.h"
#include "base/strings.h"

static_assert(std::endian::native == std::endian::little, "values are loaded as they are");

namespace hearth {
namespace {

constexpr std::string_view kRefetch = "the file is cut short or damaged: fetch it again";
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::size_t kTypeNameBytesMax = 32;

struct TypeRow {
  SafetensorsType type;
  std::string_view name;
  uint32_t bytes;
};

constexpr TypeRow kTypes[] = {
    {SafetensorsType::kF64, "F64", 8},   {SafetensorsType::kF32, "F32", 4},
    {SafetensorsType::kF16, "F16", 2},   {SafetensorsType::kBF16, "BF16", 2},
    {SafetensorsType::kI64, "I64", 8},   {SafetensorsType::kI32, "I32", 4},
    {SafetensorsType::kI16, "I16", 2},   {SafetensorsType::kI8, "I8", 1},
    {SafetensorsType::kU64, "U64", 8},   {SafetensorsType::kU32, "U32", 4},
    {SafetensorsType::kU16, "U16", 2},   {SafetensorsType::kU8, "U8", 1},
    {SafetensorsType::kBool, "BOOL", 1},
};

const TypeRow& row(SafetensorsType type) {
  const TypeRow& found = kTypes[static_cast<std::size_t>(type)];
  HEARTH_CHECK(found.type == type);
  return found;
}

// The bytes of a tensor of this shape; absent where that does not fit 64 bits.
std::optional<uint64_t> tensor_bytes(std::span<const uint64_t> shape, uint32_t value_bytes) {
  uint64_t bytes = value_bytes;
  for (const uint64_t dimension : shape) {
    if (__builtin_mul_overflow(bytes, dimension, &bytes)) return std::nullopt;
  }
  return bytes;
}

}  // namespace

std::string_view safetensors_type_name(SafetensorsType type) { return row(type).name; }
uint32_t safetensors_type_bytes(SafetensorsType type) { return row(type).bytes; }

std::optional<DType> safetensors_dtype(SafetensorsType type) {
  switch (type) {
    case SafetensorsType::kF32:
      return DType::kF32;
    case SafetensorsType::kF16:
      return DType::kF16;
    case SafetensorsType::kBF16:
      return DType::kBF16;
    default:
      return std::nullopt;
  }
}

std::string SafetensorsTensor::shape_text() const {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += concat(i == 0 ? "" : ", ", shape[i]);
  return text + "]";
}

class SafetensorsFile::Parser {
 public:
  Parser(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes) {
    file_.name_ = printable(name, 300);
  }

  Result<SafetensorsFile> run();

 private:
  // Where a tensor's data is said to be, from the data's beginning.
  struct Extent {
    uint64_t begin;
    uint64_t end;
    std::size_t tensor;  // index in file_.tensors_ before they are sorted
  };

  template <typename... Pieces>
  Error error(ErrorCode code, const Pieces&... pieces) const {
    return Error(code, concat(file_.name_, ": ", pieces...));
  }

  Result<std::string_view> find_header();
  Result<void> read_header(JsonCursor& json);
  Result<void> read_metadata(JsonCursor& json);
  Result<void> read_tensor(JsonCursor& json, std::string name);
  Result<SafetensorsType> read_type(JsonCursor& json, std::string_view name);
  Result<void> read_shape(JsonCursor& json, SafetensorsTensor& tensor);
  Result<Extent> read_offsets(JsonCursor& json);
  Result<void> check_size(const SafetensorsTensor& tensor, const Extent& extent) const;
  Result<void> place_tensors();
  Result<void> sort_tensors();
  Result<void> refuse_repeated_metadata() const;

  std::span<const std::byte> bytes_;
  std::span<const std::byte> data_;  // behind the header
  bool has_metadata_ = false;
  std::vector<Extent> extents_;
  SafetensorsFile file_;
};

Result<SafetensorsFile> SafetensorsFile::Parser::run() {
  HEARTH_ASSIGN(const std::string_view header, find_header());
  JsonCursor json(header, file_.name_);
  HEARTH_TRY(read_header(json));
  HEARTH_TRY(place_tensors());
  HEARTH_TRY(sort_tensors());
  HEARTH_TRY(refuse_repeated_metadata());
  return std::move(file_);
}

Result<std::string_view> SafetensorsFile::Parser::find_header() {
  uint64_t length = 0;
  if (bytes_.size() < sizeof length) {
    return error(ErrorCode::kCorrupt, "the file ends inside the length of its header; ", kRefetch);
  }
  std::memcpy(&length, bytes_.data(), sizeof length);
  const uint64_t left = bytes_.size() - sizeof length;
  if (length > kSafetensorsHeaderBytesMax) {
    return error(ErrorCode::kCorrupt, "this is not a safetensors file: its first 8 bytes claim a ",
                 "header of ", length, " bytes, and at most ", kSafetensorsHeaderBytesMax,
                 " are allowed; name a .safetensors file");
  }
  if (length > left) {
    return error(ErrorCode::kCorrupt, "the file ends inside its header, which claims ", length,
                 " bytes where ", left, " are left; ", kRefetch);
  }
  const auto header = bytes_.subspan(sizeof length, length);
  if (header.empty() || header[0] != std::byte{'{'}) {
    return error(ErrorCode::kCorrupt, "this is not a safetensors file: its header does not begin ",
                 "with '{'; name a .safetensors file");
  }
  data_ = bytes_.subspan(sizeof length + length);
  return std::string_view(reinterpret_cast<const char*>(header.data()), header.size());
}

Result<void> SafetensorsFile::Parser::read_header(JsonCursor& json) {
  HEARTH_TRY(json.expect('{'));
  for (bool first = true;;) {
    HEARTH_ASSIGN(const bool more, json.next(first, '}'));
    if (!more) break;
    HEARTH_ASSIGN(std::string name, json.string(kSafetensorsNameBytesMax));
    HEARTH_TRY(json.expect(':'));
    if (name == kMetadataKey) {
      HEARTH_TRY(read_metadata(json));
    } else {
      HEARTH_TRY(read_tensor(json, std::move(name)));
    }
  }
  return json.finish();
}

Result<void> SafetensorsFile::Parser::read_metadata(JsonCursor& json) {
  if (has_metadata_) return json.error("__metadata__ occurs twice");
  has_metadata_ = true;
  HEARTH_TRY(json.expect('{'));
  for (bool first = true;;) {
    HEARTH_ASSIGN(const bool more, json.next(first, '}'));
    if (!more) return {};
    if (file_.metadata_.size() == kSafetensorsTensorCountMax) {
      return json.error("too many entries of __metadata__");
    }
    HEARTH_ASSIGN(std::string key, json.string(kSafetensorsNameBytesMax));
    HEARTH_TRY(json.expect(':'));
    HEARTH_ASSIGN(std::string value, json.string(kSafetensorsMetadataBytesMax));
    file_.metadata_.emplace_back(std::move(key), std::move(value));
  }
}

Result<void> SafetensorsFile::Parser::read_tensor(JsonCursor& json, std::string name) {
  if (file_.tensors_.size() == kSafetensorsTensorCountMax) {
    return error(ErrorCode::kUnsupported, "the file has more than ", kSafetensorsTensorCountMax,
                 " tensors, which is as many as hearth reads; fetch the file again");
  }
  SafetensorsTensor tensor{std::move(name), SafetensorsType::kF32, {}, {}};
  std::optional<SafetensorsType> type;
  std::optional<Extent> extent;
  bool has_shape = false;
  HEARTH_TRY(json.expect('{'));
  for (bool first = true;;) {
    HEARTH_ASSIGN(const bool more, json.next(first, '}'));
    if (!more) break;
    HEARTH_ASSIGN(const std::string key, json.string(kTypeNameBytesMax));
    HEARTH_TRY(json.expect(':'));
    const std::string twice = concat(key, " of tensor ", printable(tensor.name), " occurs twice");
    if (key == "dtype") {
      if (type) return json.error(twice);
      HEARTH_ASSIGN(type, read_type(json, tensor.name));
    } else if (key == "shape") {
      if (has_shape) return json.error(twice);
      has_shape = true;
      HEARTH_TRY(read_shape(json, tensor));
    } else if (key == "data_offsets") {
      if (extent) return json.error(twice);
      HEARTH_ASSIGN(extent, read_offsets(json));
    } else {
      return json.error(
          concat("tensor ", printable(tensor.name), " has the unknown member ", printable(key)));
    }
  }
  if (!type || !has_shape || !extent) {
    return json.error(concat("tensor ", printable(tensor.name), " lacks its ",
                             !type        ? "dtype"
                             : !has_shape ? "shape"
                                          : "data_offsets"));
  }
  tensor.type = *type;
  HEARTH_TRY(check_size(tensor, *extent));
  extents_.push_back({extent->begin, extent->end, file_.tensors_.size()});
  file_.tensors_.push_back(std::move(tensor));
  return {};
}

Result<SafetensorsType> SafetensorsFile::Parser::read_type(JsonCursor& json,
                                                           std::string_view name) {
  HEARTH_ASSIGN(const std::string text, json.string(kTypeNameBytesMax));
  std::string known;
  for (const TypeRow& type : kTypes) {
    if (type.name == text) return type.type;
    known += concat(known.empty() ? "" : " ", type.name);
  }
  return error(ErrorCode::kUnsupported, "tensor ", printable(name), " has dtype ", printable(text),
               ", and hearth reads ", known, "; use a file in one of these");
}

Result<void> SafetensorsFile::Parser::read_shape(JsonCursor& json, SafetensorsTensor& tensor) {
  HEARTH_TRY(json.expect('['));
  for (bool first = true;;) {
    HEARTH_ASSIGN(const bool more, json.next(first, ']'));
    if (!more) return {};
    if (tensor.shape.size() == kSafetensorsRankMax) {
      return error(ErrorCode::kUnsupported, "tensor ", printable(tensor.name), " has more than ",
                   kSafetensorsRankMax, " dimensions, which is as many as hearth reads; use a ",
                   "file with fewer");
    }
    HEARTH_ASSIGN(const uint64_t dimension, json.natural());
    tensor.shape.push_back(dimension);
  }
}

Result<SafetensorsFile::Parser::Extent> SafetensorsFile::Parser::read_offsets(JsonCursor& json) {
  Extent extent{};
  HEARTH_TRY(json.expect('['));
  HEARTH_ASSIGN(extent.begin, json.natural());
  HEARTH_TRY(json.expect(','));
  HEARTH_ASSIGN(extent.end, json.natural());
  HEARTH_TRY(json.expect(']'));
  return extent;
}

Result<void> SafetensorsFile::Parser::check_size(const SafetensorsTensor& tensor,
                                                 const Extent& extent) const {
  const auto corrupt = [&](const auto&... pieces) {
    return error(ErrorCode::kCorrupt, "tensor ", printable(tensor.name), " ", pieces..., "; ",
                 kRefetch);
  };
  if (extent.begin > extent.end) {
    return corrupt("ends at byte ", extent.end, " before it begins at ", extent.begin);
  }
  if (extent.end > data_.size()) {
    return corrupt("ends at byte ", extent.end, " of the ", data_.size(),
                   " bytes of data that the file has");
  }
  const auto wanted = tensor_bytes(tensor.shape, safetensors_type_bytes(tensor.type));
  const std::string what =
      concat("has shape ", tensor.shape_text(), " of ", safetensors_type_name(tensor.type));
  if (!wanted) return corrupt(what, ", whose size overflows 64 bits");
  if (*wanted != extent.end - extent.begin) {
    return corrupt(what, ", which is ", *wanted, " bytes, and its data_offsets hold ",
                   extent.end - extent.begin);
  }
  return {};
}

// Gives each tensor its bytes, and refuses overlaps and holes.
Result<void> SafetensorsFile::Parser::place_tensors() {
  std::sort(extents_.begin(), extents_.end(), [](const Extent& a, const Extent& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  uint64_t covered = 0;
  for (const Extent& extent : extents_) {
    SafetensorsTensor& tensor = file_.tensors_[extent.tensor];
    if (extent.begin != covered) {
      return error(ErrorCode::kCorrupt, "the data of tensor ", printable(tensor.name),
                   " begins at byte ", extent.begin, " where the one before it ends at ", covered,
                   ": ", extent.begin < covered ? "they overlap" : "there is a hole", "; ",
                   kRefetch);
    }
    tensor.data = data_.subspan(extent.begin, extent.end - extent.begin);
    covered = extent.end;
  }
  if (covered != data_.size()) {
    return error(ErrorCode::kCorrupt, "the tensors end at byte ", covered, " of ", data_.size(),
                 " bytes of data; ", kRefetch);
  }
  return {};
}

Result<void> SafetensorsFile::Parser::sort_tensors() {
  auto& tensors = file_.tensors_;
  std::sort(tensors.begin(), tensors.end(),
            [](const SafetensorsTensor& a, const SafetensorsTensor& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      tensors.begin(), tensors.end(),
      [](const SafetensorsTensor& a, const SafetensorsTensor& b) { return a.name == b.name; });
  if (twice == tensors.end()) return {};
  return error(ErrorCode::kCorrupt, "tensor ", printable(twice->name), " occurs twice; fetch the ",
               "file again, or ask its maker for a sound one");
}

Result<void> SafetensorsFile::Parser::refuse_repeated_metadata() const {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : file_.metadata_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return {};
  return error(ErrorCode::kCorrupt, "entry ", printable(*twice), " of __metadata__ occurs twice; ",
               "fetch the file again, or ask its maker for a sound one");
}

Result<SafetensorsFile> SafetensorsFile::parse(std::span<const std::byte> bytes,
                                               std::string_view name) {
  return Parser(bytes, name).run();
}

const SafetensorsTensor* SafetensorsFile::find(std::string_view name) const {
  const auto at = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const SafetensorsTensor& tensor, std::string_view key) { return tensor.name < key; });
  if (at == tensors_.end() || at->name != name) return nullptr;
  return &*at;
}

}  // namespace hearth
