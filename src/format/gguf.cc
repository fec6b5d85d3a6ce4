// SPDX-License-Identifier: Apache-2.0
// The parser: one pass over header, metadata and tensor descriptions, then the checks that need all
// of them. The accessors of gguf.h are in gguf_access.cc.
#include "format/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/strings.h"
#include "format/gguf_identify.h"

static_assert(std::endian::native == std::endian::little, "GGUF values are loaded as they are");

namespace hearth {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::string_view kRefetch = "the file is cut short or damaged: fetch it again";

// The fewest bytes that an entry and a tensor description can take: what bounds a believable count.
constexpr uint64_t kEntryBytesMin = 8 + 1 + 4 + 1;           // key, type, value
constexpr uint64_t kTensorBytesMin = 8 + 1 + 4 + 8 + 4 + 8;  // name, rank, shape, type, offset

std::optional<uint64_t> checked_multiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Indices of `items`, sorted by the name that `name_of` gives each.
template <typename Item, typename NameOf>
std::vector<uint32_t> sorted_by_name(const std::vector<Item>& items, NameOf name_of) {
  std::vector<uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return name_of(items[a]) < name_of(items[b]); });
  return order;
}

}  // namespace

class GgufFile::Parser {
 public:
  Parser(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes) {
    file_.name_ = printable(name, 300);
  }

  Result<GgufFile> run() {
    HEARTH_TRY(read_header());
    HEARTH_TRY(read_metadata());
    HEARTH_TRY(read_alignment());
    HEARTH_TRY(read_tensors());
    HEARTH_TRY(locate_tensor_data());
    HEARTH_TRY(refuse_overlaps());
    return std::move(file_);
  }

 private:
  // The thing being read, for messages: "metadata entry 3 of 33 (general.name)".
  struct Place {
    std::string_view kind;
    uint64_t index;
    uint64_t count;
    std::string_view name;
  };
  // Where a tensor's data is said to be, from the data section's beginning.
  struct Extent {
    uint64_t offset;
    uint64_t bytes;
  };

  uint64_t left() const { return bytes_.size() - position_; }
  std::string place() const;
  template <typename... Pieces>
  Error error(ErrorCode code, const Pieces&... pieces) const {
    return Error(code, concat(file_.name_, ": ", pieces...));
  }
  Error ends_inside(std::string_view field) const {
    return error(ErrorCode::kCorrupt, "the file ends inside the ", field, " of ", place(), "; ",
                 kRefetch);
  }

  template <typename T>
  Result<T> read(std::string_view field);
  template <typename T, typename Wide>
  Result<GgufValue> read_scalar();
  Result<std::string_view> read_string(std::string_view field, uint64_t bytes_max);
  Result<GgufValue> read_value(GgufType type);
  Result<GgufValue> read_array();
  Result<void> skip_strings(uint64_t count);

  Result<void> read_header();
  Error not_gguf() const;
  Result<void> check_version(uint32_t version) const;
  Result<void> check_count(std::string_view what, uint64_t count, uint64_t count_max,
                           uint64_t bytes_min) const;
  Result<void> read_metadata();
  Result<GgufEntry> read_entry();
  Result<void> read_alignment();
  Result<void> read_tensors();
  Result<void> read_tensor();
  Result<uint64_t> tensor_bytes(const GgufTensor& tensor) const;
  Result<void> locate_tensor_data();
  Result<void> refuse_overlaps() const;

  std::span<const std::byte> bytes_;
  uint64_t position_ = 0;
  Place place_{};
  uint64_t metadata_count_ = 0;
  uint64_t tensor_count_ = 0;
  std::vector<Extent> extents_;  // one a tensor
  GgufFile file_;
};

std::string GgufFile::Parser::place() const {
  if (place_.kind.empty()) return "the header";
  std::string text = concat(place_.kind, " ", place_.index + 1, " of ", place_.count);
  if (!place_.name.empty()) text += concat(" (", printable(place_.name), ")");
  return text;
}

template <typename T>
Result<T> GgufFile::Parser::read(std::string_view field) {
  if (left() < sizeof(T)) return ends_inside(field);
  const T value = load<T>(bytes_.data() + position_);
  position_ += sizeof(T);
  return value;
}

Result<std::string_view> GgufFile::Parser::read_string(std::string_view field, uint64_t bytes_max) {
  HEARTH_ASSIGN(const auto length, read<uint64_t>(field));
  if (length > bytes_max) {
    return error(ErrorCode::kCorrupt, "the ", field, " of ", place(), " claims ", length,
                 " bytes, and at most ", bytes_max, " are allowed; ", kRefetch);
  }
  if (length > left()) {
    return error(ErrorCode::kCorrupt, "the file ends inside the ", field, " of ", place(),
                 ", which claims ", length, " bytes where ", left(), " are left; ", kRefetch);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data() + position_), length);
  position_ += length;
  return text;
}

template <typename T, typename Wide>
Result<GgufValue> GgufFile::Parser::read_scalar() {
  HEARTH_ASSIGN(const T value, read<T>("value"));
  return GgufValue(std::in_place_type<Wide>, static_cast<Wide>(value));
}

Result<GgufValue> GgufFile::Parser::read_value(GgufType type) {
  switch (type) {
    case GgufType::kUint8:
      return read_scalar<uint8_t, uint64_t>();
    case GgufType::kUint16:
      return read_scalar<uint16_t, uint64_t>();
    case GgufType::kUint32:
      return read_scalar<uint32_t, uint64_t>();
    case GgufType::kUint64:
      return read_scalar<uint64_t, uint64_t>();
    case GgufType::kInt8:
      return read_scalar<int8_t, int64_t>();
    case GgufType::kInt16:
      return read_scalar<int16_t, int64_t>();
    case GgufType::kInt32:
      return read_scalar<int32_t, int64_t>();
    case GgufType::kInt64:
      return read_scalar<int64_t, int64_t>();
    case GgufType::kFloat32:
      return read_scalar<float, double>();
    case GgufType::kFloat64:
      return read_scalar<double, double>();
    case GgufType::kBool: {
      HEARTH_ASSIGN(const auto value, read<uint8_t>("value"));
      if (value > 1) {
        return error(ErrorCode::kCorrupt, place(), " is a bool with the value ", value,
                     " where 0 or 1 is allowed; ", kRefetch);
      }
      return GgufValue(std::in_place_type<bool>, value == 1);
    }
    case GgufType::kString: {
      HEARTH_ASSIGN(const auto text, read_string("value", UINT64_MAX));
      return GgufValue(text);
    }
    case GgufType::kArray:
      return read_array();
  }
  return error(ErrorCode::kCorrupt, place(), " has value type ", static_cast<uint32_t>(type),
               ", and GGUF knows 0 to 12; ", kRefetch);
}

Result<GgufValue> GgufFile::Parser::read_array() {
  HEARTH_ASSIGN(const auto type_id, read<uint32_t>("element type"));
  HEARTH_ASSIGN(const auto count, read<uint64_t>("element count"));
  const auto type = static_cast<GgufType>(type_id);
  if (type == GgufType::kArray) {
    return error(ErrorCode::kUnsupported, place(),
                 " is an array of arrays, and hearth reads arrays of numbers, bools and strings; "
                 "use a model without it");
  }
  const uint32_t element_bytes = gguf_scalar_bytes(type);
  if (element_bytes == 0 && type != GgufType::kString) {
    return error(ErrorCode::kCorrupt, place(), " is an array of value type ", type_id,
                 ", and GGUF knows 0 to 12; ", kRefetch);
  }
  // Division, not multiplication: the count is the file's word.
  const uint64_t bytes_min = type == GgufType::kString ? sizeof(uint64_t) : element_bytes;
  if (count > left() / bytes_min) {
    return error(ErrorCode::kCorrupt, "the file ends inside the array of ", place(),
                 ", which claims ", count, " elements of at least ", bytes_min, " bytes where ",
                 left(), " are left; ", kRefetch);
  }
  const uint64_t begin = position_;
  if (type == GgufType::kString) {
    HEARTH_TRY(skip_strings(count));
  } else {
    position_ += count * element_bytes;
  }
  const auto elements = bytes_.subspan(begin, position_ - begin);
  if (type == GgufType::kBool &&
      std::any_of(elements.begin(), elements.end(), [](std::byte b) { return b > std::byte{1}; })) {
    return error(ErrorCode::kCorrupt, place(), " is an array of bools that holds more than 0 or 1",
                 "; ", kRefetch);
  }
  return GgufValue(GgufArray{type, count, elements, place_.name});
}

// Moves past `count` strings. The loop that dominates parsing: vocabularies have 10^4 to 10^5.
Result<void> GgufFile::Parser::skip_strings(uint64_t count) {
  const std::byte* const data = bytes_.data();
  const uint64_t size = bytes_.size();
  uint64_t at = position_;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t length = 0;
    if (size - at >= sizeof length) {
      length = load<uint64_t>(data + at);
      at += sizeof length;
      if (length <= size - at) {
        at += length;
        continue;
      }
    }
    return error(ErrorCode::kCorrupt, "the file ends inside string ", i + 1, " of ", count, " in ",
                 place(), "; ", kRefetch);
  }
  position_ = at;
  return {};
}

Result<void> GgufFile::Parser::read_header() {
  const std::string_view start(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  if (start.empty()) {
    return error(ErrorCode::kCorrupt, "the file is empty; fetch it again");
  }
  if (start.substr(0, kMagic.size()) != kMagic.substr(0, start.size())) return not_gguf();
  if (start.size() < kMagic.size()) return ends_inside("magic");
  position_ = kMagic.size();
  HEARTH_ASSIGN(file_.version_, read<uint32_t>("version"));
  HEARTH_TRY(check_version(file_.version_));
  HEARTH_ASSIGN(tensor_count_, read<uint64_t>("tensor count"));
  HEARTH_ASSIGN(metadata_count_, read<uint64_t>("metadata count"));
  HEARTH_TRY(
      check_count("metadata entries", metadata_count_, kGgufMetadataCountMax, kEntryBytesMin));
  return check_count("tensors", tensor_count_, kGgufTensorCountMax, kTensorBytesMin);
}

Error GgufFile::Parser::not_gguf() const {
  const std::string_view impostor = identify_impostor(bytes_);
  if (!impostor.empty()) return error(ErrorCode::kUnsupported, "this is ", impostor);
  const std::string_view start(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  return error(ErrorCode::kCorrupt, "this is not a GGUF file: it begins with '",
               printable(start.substr(0, kMagic.size())), "' instead of 'GGUF'; name a .gguf file");
}

Result<void> GgufFile::Parser::check_version(uint32_t version) const {
  if (version == 2 || version == 3) return {};
  if (version != 0 && (version & 0xffff) == 0) {
    return error(ErrorCode::kUnsupported,
                 "this is a big-endian GGUF file, and hearth reads little-endian ones; convert it");
  }
  return error(ErrorCode::kUnsupported, "this is GGUF version ", version,
               ", and hearth reads versions 2 and 3; ",
               version < 2 ? "convert the model again" : "update hearth, or fetch the file again");
}

Result<void> GgufFile::Parser::check_count(std::string_view what, uint64_t count,
                                           uint64_t count_max, uint64_t bytes_min) const {
  if (count > count_max) {
    return error(ErrorCode::kUnsupported, "the header claims ", count, " ", what,
                 ", and hearth reads at most ", count_max, "; fetch the file again");
  }
  if (count > left() / bytes_min) {
    return error(ErrorCode::kCorrupt, "the file ends inside its ", what, ": the header claims ",
                 count, ", and the ", left(), " bytes left hold at most ", left() / bytes_min, "; ",
                 kRefetch);
  }
  return {};
}

Result<void> GgufFile::Parser::read_metadata() {
  file_.metadata_.reserve(metadata_count_);
  for (uint64_t i = 0; i < metadata_count_; ++i) {
    place_ = {"metadata entry", i, metadata_count_, {}};
    HEARTH_ASSIGN(GgufEntry entry, read_entry());
    file_.metadata_.push_back(std::move(entry));
  }
  const auto key_of = [](const GgufEntry& entry) { return entry.key; };
  file_.key_order_ = sorted_by_name(file_.metadata_, key_of);
  const auto& order = file_.key_order_;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::string_view key = file_.metadata_[order[i]].key;
    if (key != file_.metadata_[order[i - 1]].key) continue;
    return error(ErrorCode::kCorrupt, "metadata key ", printable(key),
                 " occurs twice; fetch the file again, or ask its maker for a sound one");
  }
  return {};
}

Result<GgufEntry> GgufFile::Parser::read_entry() {
  HEARTH_ASSIGN(const auto key, read_string("key", kGgufKeyBytesMax));
  if (key.empty()) return error(ErrorCode::kCorrupt, place(), " has an empty key; ", kRefetch);
  place_.name = key;
  HEARTH_ASSIGN(const auto type_id, read<uint32_t>("value type"));
  const auto type = static_cast<GgufType>(type_id);
  HEARTH_ASSIGN(GgufValue value, read_value(type));
  return GgufEntry{key, type, std::move(value)};
}

Result<void> GgufFile::Parser::read_alignment() {
  HEARTH_ASSIGN(const auto alignment, file_.get_uint("general.alignment"));
  if (!alignment.has_value()) return {};
  if (!std::has_single_bit(*alignment) || *alignment < kGgufAlignmentMin ||
      *alignment > kGgufAlignmentMax) {
    return error(ErrorCode::kCorrupt, "general.alignment is ", *alignment,
                 ", and a power of two from ", kGgufAlignmentMin, " to ", kGgufAlignmentMax,
                 " is needed; fetch the file again, or ask its maker for a sound one");
  }
  file_.alignment_ = *alignment;
  return {};
}

Result<void> GgufFile::Parser::read_tensors() {
  // The metadata may have used up what the header's check counted on.
  HEARTH_TRY(check_count("tensors", tensor_count_, kGgufTensorCountMax, kTensorBytesMin));
  file_.tensors_.reserve(tensor_count_);
  extents_.reserve(tensor_count_);
  for (uint64_t i = 0; i < tensor_count_; ++i) {
    place_ = {"tensor", i, tensor_count_, {}};
    HEARTH_TRY(read_tensor());
  }
  const auto name_of = [](const GgufTensor& tensor) { return tensor.name; };
  file_.tensor_order_ = sorted_by_name(file_.tensors_, name_of);
  const auto& order = file_.tensor_order_;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::string_view name = file_.tensors_[order[i]].name;
    if (name != file_.tensors_[order[i - 1]].name) continue;
    return error(ErrorCode::kCorrupt, "tensor ", printable(name),
                 " occurs twice; fetch the file again, or ask its maker for a sound one");
  }
  return {};
}

Result<void> GgufFile::Parser::read_tensor() {
  GgufTensor tensor{};
  HEARTH_ASSIGN(tensor.name, read_string("name", kGgufTensorNameBytesMax));
  if (tensor.name.empty()) {
    return error(ErrorCode::kCorrupt, place(), " has an empty name; ", kRefetch);
  }
  place_.name = tensor.name;
  HEARTH_ASSIGN(tensor.rank, read<uint32_t>("rank"));
  if (tensor.rank < 1 || tensor.rank > kGgufRankMax) {
    return error(ErrorCode::kCorrupt, place(), " has rank ", tensor.rank, ", and 1 to ",
                 kGgufRankMax, " is allowed; ", kRefetch);
  }
  tensor.shape.fill(1);
  for (uint32_t d = 0; d < tensor.rank; ++d) {
    HEARTH_ASSIGN(tensor.shape[d], read<uint64_t>("shape"));
  }
  HEARTH_ASSIGN(const auto type_id, read<uint32_t>("type"));
  const DTypeInfo* info = find_dtype(type_id);
  if (info == nullptr) {
    const std::string_view known_name = unsupported_type_name(type_id);
    return error(ErrorCode::kUnsupported, place(), " has type ", type_id,
                 known_name.empty() ? "" : concat(" (", known_name, ")"), ", and hearth reads ",
                 supported_type_names(), "; use a model in one of these");
  }
  tensor.dtype = info->dtype;
  HEARTH_ASSIGN(const auto offset, read<uint64_t>("offset"));
  HEARTH_ASSIGN(const auto bytes, tensor_bytes(tensor));
  file_.tensors_.push_back(tensor);
  extents_.push_back({offset, bytes});
  return {};
}

// The bytes that the shape and type ask for.
Result<uint64_t> GgufFile::Parser::tensor_bytes(const GgufTensor& tensor) const {
  const DTypeInfo& info = dtype_info(tensor.dtype);
  std::optional<uint64_t> values = 1;
  bool has_zero = false;
  for (uint32_t d = 0; d < tensor.rank; ++d) {
    has_zero = has_zero || tensor.shape[d] == 0;
    if (values.has_value()) values = checked_multiply(*values, tensor.shape[d]);
  }
  const auto describe = [&] {
    std::string text = concat(place(), " has shape [", tensor.shape[0]);
    for (uint32_t d = 1; d < tensor.rank; ++d) text += concat(", ", tensor.shape[d]);
    return text + "]";
  };
  if (has_zero) {
    return error(ErrorCode::kCorrupt, describe(), ", and no dimension may be 0; ", kRefetch);
  }
  std::optional<uint64_t> bytes;
  if (values.has_value()) bytes = checked_multiply(*values / info.block_values, info.block_bytes);
  if (!bytes.has_value()) {
    return error(ErrorCode::kCorrupt, describe(), ", whose size overflows 64 bits; ", kRefetch);
  }
  if (tensor.shape[0] % info.block_values != 0) {
    return error(ErrorCode::kCorrupt, describe(), ", and a row of ", info.name,
                 " is a multiple of ", info.block_values, " values; ", kRefetch);
  }
  return *bytes;
}

Result<void> GgufFile::Parser::locate_tensor_data() {
  if (file_.tensors_.empty()) return {};
  const uint64_t alignment = file_.alignment_;
  // Cannot wrap: a position is at most the size of a span.
  const uint64_t data_begin = (position_ + alignment - 1) / alignment * alignment;
  for (std::size_t i = 0; i < extents_.size(); ++i) {
    const Extent& extent = extents_[i];
    place_ = {"tensor", i, tensor_count_, file_.tensors_[i].name};
    if (extent.offset % alignment != 0) {
      return error(ErrorCode::kCorrupt, "the data of ", place(), " begins at offset ",
                   extent.offset, ", which is not a multiple of the alignment ", alignment, "; ",
                   kRefetch);
    }
    const auto begin = checked_add(data_begin, extent.offset);
    const auto end = begin.has_value() ? checked_add(*begin, extent.bytes) : std::nullopt;
    if (!end.has_value()) {
      return error(ErrorCode::kCorrupt, "the data of ", place(), " (offset ", extent.offset, ", ",
                   extent.bytes, " bytes) ends beyond 64 bits; ", kRefetch);
    }
    if (*end > bytes_.size()) {
      return error(ErrorCode::kCorrupt, "the file ends inside the data of ", place(), ": it has ",
                   bytes_.size(), " bytes, and ", *end, " are needed; ", kRefetch);
    }
    file_.tensors_[i].data = bytes_.subspan(*begin, extent.bytes);
  }
  return {};
}

Result<void> GgufFile::Parser::refuse_overlaps() const {
  std::vector<uint32_t> order(extents_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return extents_[a].offset < extents_[b].offset; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Extent& before = extents_[order[i - 1]];
    if (before.offset + before.bytes <= extents_[order[i]].offset) continue;
    return error(ErrorCode::kCorrupt, "the data of tensors ",
                 printable(file_.tensors_[order[i - 1]].name), " and ",
                 printable(file_.tensors_[order[i]].name), " overlap; ", kRefetch);
  }
  return {};
}

Result<GgufFile> GgufFile::parse(std::span<const std::byte> bytes, std::string_view name) {
  return Parser(bytes, name).run();
}

}  // namespace hearth
