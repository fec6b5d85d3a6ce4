// SPDX-License-Identifier: Apache-2.0
// GGUF (versions 2 and 3, little-endian): untrusted bytes to a validated description of metadata and tensors.
// Nothing is trusted: arithmetic is checked, counts, lengths, ranks and alignment are capped, every tensor's data lies
// inside the file and overlaps no other. Source: the GGUF specification in ggml's docs/gguf.md.
//
// Ownership: a GgufFile borrows the bytes that it was parsed from; strings and tensor data point into them.
// Threading: immutable after parse().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tensor/dtype.h"

namespace hearth {

enum class GgufType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

// An array of scalars or strings, left in the file: validated once by parse(), read by the methods below.
struct GgufArray {
  GgufType element_type;
  uint64_t count;
  std::span<const std::byte> bytes;  // the elements as the file stores them

  // Errors of both: kCorrupt (the elements are of another type).
  Result<std::vector<std::string_view>> strings() const;
  Result<std::vector<int32_t>> int32s() const;   // from kInt32 or kUint32
  Result<std::vector<float>> floats() const;     // from kFloat32
};

// Scalars are widened: unsigned to uint64_t, signed to int64_t, floats to double.
using GgufValue = std::variant<uint64_t, int64_t, double, bool, std::string_view, GgufArray>;

struct GgufEntry {
  std::string_view key;
  GgufType type;
  GgufValue value;
};

struct GgufTensor {
  std::string_view name;
  DType dtype;
  uint32_t rank;                  // 1..4
  std::array<uint64_t, 4> shape;  // GGUF order: shape[0] is the fastest, the row's length; 1 beyond `rank`
  std::span<const std::byte> data;

  uint64_t row_values() const { return shape[0]; }
  uint64_t row_count() const { return shape[1] * shape[2] * shape[3]; }
};

class GgufFile {
 public:
  // `name` is what errors call the file. Errors: kCorrupt (malformed: says which field and why), kUnsupported
  // (version, big-endian file, tensor type unknown: says what is supported).
  static Result<GgufFile> parse(std::span<const std::byte> bytes, std::string_view name);

  uint32_t version() const { return version_; }
  uint64_t alignment() const { return alignment_; }
  std::span<const GgufEntry> metadata() const { return metadata_; }
  std::span<const GgufTensor> tensors() const { return tensors_; }

  // nullptr where there is none.
  const GgufEntry* find(std::string_view key) const;
  const GgufTensor* find_tensor(std::string_view name) const;

  // Typed access. Absent is nullopt; present with another type, or out of range, is kCorrupt naming key and types.
  Result<std::optional<uint64_t>> get_uint(std::string_view key) const;  // any non-negative integer type
  Result<std::optional<double>> get_float(std::string_view key) const;
  Result<std::optional<bool>> get_bool(std::string_view key) const;
  Result<std::optional<std::string_view>> get_string(std::string_view key) const;
  Result<std::optional<GgufArray>> get_array(std::string_view key) const;

 private:
  uint32_t version_ = 0;
  uint64_t alignment_ = 32;
  std::vector<GgufEntry> metadata_;      // in the file's order
  std::vector<GgufTensor> tensors_;      // in the file's order
  std::vector<uint32_t> key_order_;      // indices of metadata_, sorted by key
  std::vector<uint32_t> tensor_order_;   // indices of tensors_, sorted by name
};

// "F32", "string", "array of int32", ... for messages and inspect.
std::string_view gguf_type_name(GgufType type);

}  // namespace hearth
