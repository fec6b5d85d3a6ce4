// SPDX-License-Identifier: Apache-2.0
// GGUF (versions 2 and 3, little-endian): untrusted bytes to a validated description of metadata
// and tensors. Nothing is trusted: arithmetic is checked, counts, lengths, ranks and alignment are
// capped, every tensor's data lies inside the file and overlaps no other. Arrays stay in the file:
// parsing allocates in proportion to the number of keys and tensors only. Source: the GGUF
// specification in ggml's docs/gguf.md.
//
// Ownership: a GgufFile borrows the bytes that it was parsed from; strings, arrays and tensor data
// point into them. Threading: immutable after parse().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tensor/dtype.h"

namespace hearth {

// What the reader accepts at most. Real files stay far below: a few dozen keys, some hundred
// tensors, alignment 32.
inline constexpr uint64_t kGgufMetadataCountMax = 65536;
inline constexpr uint64_t kGgufTensorCountMax = 65536;
inline constexpr uint64_t kGgufKeyBytesMax = 65535;  // the specification's limit
inline constexpr uint64_t kGgufTensorNameBytesMax =
    256;  // the specification says 64, some write more
inline constexpr uint32_t kGgufRankMax = 4;
inline constexpr uint64_t kGgufAlignmentMin = 8;
inline constexpr uint64_t kGgufAlignmentMax = 65536;
inline constexpr uint64_t kGgufAlignmentDefault = 32;
inline constexpr uint64_t kGgufPartsMax = 999;  // of a split model; real ones have some dozen

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

// An array of scalars or strings, left in the file: validated once by parse(), read by the methods
// below. Arrays of arrays are refused by parse().
struct GgufArray {
  GgufType element_type;
  uint64_t count;
  std::span<const std::byte> bytes;  // the elements as the file stores them, at any alignment
  std::string_view key;              // whose value this is, for messages

  // Errors of all: kCorrupt, naming the key (the elements are of another type, or, of int32s(),
  // do not fit). Strings are whatever bytes the file holds, not necessarily UTF-8.
  Result<std::vector<std::string_view>> strings() const;
  Result<std::vector<int32_t>> int32s() const;  // from kInt32 or kUint32
  Result<std::vector<float>> floats() const;    // from kFloat32
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
  uint32_t rank;                    // 1..4
  std::array<uint64_t, 4> shape;    // shape[0] is the fastest, the row's length; 1 beyond `rank`
  std::span<const std::byte> data;  // row_count() rows of whole blocks; aligned within the file
  uint32_t part;                    // of a split model, from 0 on

  uint64_t row_values() const { return shape[0]; }
  uint64_t row_count() const { return shape[1] * shape[2] * shape[3]; }  // parse() checked it
};

// What a part of a split model says of the whole.
struct GgufSplit {
  uint64_t index;    // split.no, from 0 on
  uint64_t count;    // split.count: parts, 2..kGgufPartsMax
  uint64_t tensors;  // split.tensors.count: in all parts
};

// The file name of part `index`, from the `name` of the part that `split` was read from:
// "m-00002-of-00003.gguf". nullopt where `name` does not end so.
std::optional<std::string> gguf_part_name(std::string_view name, const GgufSplit& split,
                                          uint64_t index);

class GgufFile {
 public:
  // `name` is what errors call the file; it is copied. A file without tensors (a vocabulary only)
  // is fine. Errors: kCorrupt (malformed: says which field and why; a file that was cut short "ends
  // inside" something), kUnsupported (another version, big-endian, another format that is
  // recognised, nested array, unknown tensor type, too many keys or tensors: says what is
  // supported).
  static Result<GgufFile> parse(std::span<const std::byte> bytes, std::string_view name);

  // The parts of a split model, in order, as one file: the first part's metadata and all tensors.
  // parts[0].split() is there and names as many parts as are given (checked); the mapped files of
  // all must outlive the result. MappedGguf::open() finds the parts. Errors: kCorrupt (a part is no
  // part, or another's; a tensor occurs twice; tensors are missing).
  static Result<GgufFile> join(std::vector<GgufFile> parts);

  // nullopt where this is a whole file. Errors: kCorrupt (the split's keys make no sense).
  Result<std::optional<GgufSplit>> split() const;

  const std::string& name() const { return name_; }  // printable
  uint32_t version() const { return version_; }
  uint64_t alignment() const { return alignment_; }
  std::span<const GgufEntry> metadata() const { return metadata_; }
  std::span<const GgufTensor> tensors() const { return tensors_; }

  // nullptr where there is none.
  const GgufEntry* find(std::string_view key) const;
  const GgufTensor* find_tensor(std::string_view name) const;

  // Typed access. Absent is nullopt; present with another type, or out of range, is kCorrupt naming
  // file, key and types.
  Result<std::optional<uint64_t>> get_uint(std::string_view key) const;  // non-negative integer
  Result<std::optional<double>> get_float(std::string_view key) const;   // finite
  Result<std::optional<bool>> get_bool(std::string_view key) const;
  Result<std::optional<std::string_view>> get_string(std::string_view key) const;
  Result<std::optional<GgufArray>> get_array(std::string_view key) const;

 private:
  class Parser;  // gguf.cc

  Result<void> check_part(std::size_t index, const GgufSplit& whole) const;
  Error wrong_type(const GgufEntry& entry, std::string_view wanted) const;

  std::string name_;
  uint32_t version_ = 0;
  uint64_t alignment_ = kGgufAlignmentDefault;
  std::vector<GgufEntry> metadata_;     // in the file's order
  std::vector<GgufTensor> tensors_;     // in the file's order
  std::vector<uint32_t> key_order_;     // indices of metadata_, sorted by key
  std::vector<uint32_t> tensor_order_;  // indices of tensors_, sorted by name
};

// "uint32", "string", "array", ...
std::string_view gguf_type_name(GgufType type);
// As above, and of an array what it holds: "array of int32".
std::string gguf_type_name(const GgufEntry& entry);

// Bytes of a scalar of this type; 0 for strings and arrays, whose size varies.
uint32_t gguf_scalar_bytes(GgufType type);

}  // namespace hearth
