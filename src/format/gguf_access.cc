// SPDX-License-Identifier: Apache-2.0
// The accessors of gguf.h: look-up, typed values, arrays.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/strings.h"
#include "format/gguf.h"

namespace hearth {
namespace {

constexpr std::string_view kRemedy = "use another conversion of the model";

// Index of the item that `name_of` calls `name`, by binary search over `order`; nullptr if absent.
template <typename Item, typename NameOf>
const Item* find_by_name(const std::vector<Item>& items, const std::vector<uint32_t>& order,
                         std::string_view name, NameOf name_of) {
  const auto at = std::lower_bound(
      order.begin(), order.end(), name,
      [&](uint32_t index, std::string_view key) { return name_of(items[index]) < key; });
  if (at == order.end() || name_of(items[*at]) != name) return nullptr;
  return &items[*at];
}

Error wrong_elements(const GgufArray& array, std::string_view wanted) {
  return Error(ErrorCode::kCorrupt, concat("metadata key ", printable(array.key),
                                           " is an array of ", gguf_type_name(array.element_type),
                                           ", and an array of ", wanted, " is needed; ", kRemedy));
}

// The elements copied out; the caller has checked that they are `T`s.
template <typename T>
std::vector<T> copy_elements(const GgufArray& array) {
  HEARTH_CHECK(array.bytes.size() == array.count * sizeof(T));
  std::vector<T> values(array.count);
  if (!values.empty()) std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

}  // namespace

Result<std::vector<std::string_view>> GgufArray::strings() const {
  if (element_type != GgufType::kString) return wrong_elements(*this, "string");
  std::vector<std::string_view> values(count);
  const char* at = reinterpret_cast<const char*>(bytes.data());
  for (std::string_view& value : values) {
    uint64_t length = 0;  // parse() has checked that all lengths add up
    std::memcpy(&length, at, sizeof length);
    value = {at + sizeof length, length};
    at += sizeof length + length;
  }
  return values;
}

Result<std::vector<int32_t>> GgufArray::int32s() const {
  if (element_type != GgufType::kInt32 && element_type != GgufType::kUint32) {
    return wrong_elements(*this, "int32");
  }
  std::vector<int32_t> values = copy_elements<int32_t>(*this);
  if (element_type == GgufType::kUint32) {
    const auto negative =
        std::find_if(values.begin(), values.end(), [](int32_t v) { return v < 0; });
    if (negative != values.end()) {
      return Error(ErrorCode::kCorrupt, concat("metadata key ", printable(key), " holds ",
                                               static_cast<uint32_t>(*negative), ", more than ",
                                               INT32_MAX, "; ", kRemedy));
    }
  }
  return values;
}

Result<std::vector<float>> GgufArray::floats() const {
  if (element_type != GgufType::kFloat32) return wrong_elements(*this, "float32");
  return copy_elements<float>(*this);
}

const GgufEntry* GgufFile::find(std::string_view key) const {
  return find_by_name(metadata_, key_order_, key, [](const GgufEntry& entry) { return entry.key; });
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  return find_by_name(tensors_, tensor_order_, name,
                      [](const GgufTensor& tensor) { return tensor.name; });
}

Error GgufFile::wrong_type(const GgufEntry& entry, std::string_view wanted) const {
  return Error(ErrorCode::kCorrupt,
               concat(name_, ": metadata key ", printable(entry.key), " is of type ",
                      gguf_type_name(entry), ", and ", wanted, " is needed; ", kRemedy));
}

Result<std::optional<uint64_t>> GgufFile::get_uint(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::optional<uint64_t>();
  if (const auto* value = std::get_if<uint64_t>(&entry->value)) return std::optional(*value);
  const auto* value = std::get_if<int64_t>(&entry->value);
  if (value == nullptr) return wrong_type(*entry, "an integer");
  if (*value < 0) {
    return Error(ErrorCode::kCorrupt, concat(name_, ": metadata key ", printable(key), " is ",
                                             *value, ", and it may not be negative; ", kRemedy));
  }
  return std::optional(static_cast<uint64_t>(*value));
}

Result<std::optional<double>> GgufFile::get_float(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::optional<double>();
  const auto* value = std::get_if<double>(&entry->value);
  if (value == nullptr) return wrong_type(*entry, "a float");
  if (!std::isfinite(*value)) {
    return Error(ErrorCode::kCorrupt, concat(name_, ": metadata key ", printable(key), " is ",
                                             *value, ", and a finite number is needed; ", kRemedy));
  }
  return std::optional(*value);
}

Result<std::optional<bool>> GgufFile::get_bool(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::optional<bool>();
  const auto* value = std::get_if<bool>(&entry->value);
  if (value == nullptr) return wrong_type(*entry, "a bool");
  return std::optional(*value);
}

Result<std::optional<std::string_view>> GgufFile::get_string(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::optional<std::string_view>();
  const auto* value = std::get_if<std::string_view>(&entry->value);
  if (value == nullptr) return wrong_type(*entry, "a string");
  return std::optional(*value);
}

Result<std::optional<GgufArray>> GgufFile::get_array(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::optional<GgufArray>();
  const auto* value = std::get_if<GgufArray>(&entry->value);
  if (value == nullptr) return wrong_type(*entry, "an array");
  return std::optional(*value);
}

std::string_view gguf_type_name(GgufType type) {
  constexpr std::string_view kNames[] = {"uint8",  "int8",    "uint16", "int16",  "uint32",
                                         "int32",  "float32", "bool",   "string", "array",
                                         "uint64", "int64",   "float64"};
  const auto id = static_cast<uint32_t>(type);
  HEARTH_CHECK(id < std::size(kNames));
  return kNames[id];
}

std::string gguf_type_name(const GgufEntry& entry) {
  const auto* array = std::get_if<GgufArray>(&entry.value);
  if (array == nullptr) return std::string(gguf_type_name(entry.type));
  return concat("array of ", gguf_type_name(array->element_type));
}

uint32_t gguf_scalar_bytes(GgufType type) {
  switch (type) {
    case GgufType::kUint8:
    case GgufType::kInt8:
    case GgufType::kBool:
      return 1;
    case GgufType::kUint16:
    case GgufType::kInt16:
      return 2;
    case GgufType::kUint32:
    case GgufType::kInt32:
    case GgufType::kFloat32:
      return 4;
    case GgufType::kUint64:
    case GgufType::kInt64:
    case GgufType::kFloat64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      break;
  }
  return 0;
}

}  // namespace hearth
