// SPDX-License-Identifier: Apache-2.0
// Safetensors: untrusted bytes to a validated list of named tensors. A file is the length of its
// header (8 bytes, little-endian), the header (JSON: name -> dtype, shape, data_offsets), and the
// data. Nothing is trusted: the header's length is capped, arithmetic is checked, names are unique,
// each tensor's bytes are as many as its shape and type ask for, and the tensors cover the data
// without overlap or hole, as the format demands. Source: the format's description in the README of
// huggingface/safetensors.
//
// Ownership: a SafetensorsFile borrows the bytes that it was parsed from: tensor data points into
// them; names are its own. Threading: immutable after parse().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tensor/dtype.h"

namespace hearth {

// What the reader accepts at most.
inline constexpr uint64_t kSafetensorsHeaderBytesMax = 100'000'000;  // the format's own limit
inline constexpr std::size_t kSafetensorsTensorCountMax = 65536;
inline constexpr std::size_t kSafetensorsNameBytesMax = 1024;
inline constexpr std::size_t kSafetensorsMetadataBytesMax = std::size_t{1} << 20;  // of one value
inline constexpr std::size_t kSafetensorsRankMax = 8;

enum class SafetensorsType : uint8_t {
  kF64,
  kF32,
  kF16,
  kBF16,
  kI64,
  kI32,
  kI16,
  kI8,
  kU64,
  kU32,
  kU16,
  kU8,
  kBool,
};

// "F32", "BF16", "I64", ...
std::string_view safetensors_type_name(SafetensorsType type);
// Bytes of one value.
uint32_t safetensors_type_bytes(SafetensorsType type);
// The same element type in GGUF's terms: of F32, F16 and BF16.
std::optional<DType> safetensors_dtype(SafetensorsType type);

struct SafetensorsTensor {
  std::string name;
  SafetensorsType type;
  std::vector<uint64_t> shape;      // outermost first, as PyTorch says it; empty for a scalar
  std::span<const std::byte> data;  // row-major, at any alignment; empty where a dimension is 0

  uint64_t value_count() const { return data.size() / safetensors_type_bytes(type); }
  // "[30522, 384]", for messages.
  std::string shape_text() const;
};

class SafetensorsFile {
 public:
  // `name` is what errors call the file; it is copied. Errors: kCorrupt (malformed: says where and
  // why; a file that was cut short "ends inside" something), kUnsupported (a dtype that is not
  // listed above, or more than the limits above allow: named).
  static Result<SafetensorsFile> parse(std::span<const std::byte> bytes, std::string_view name);

  const std::string& name() const { return name_; }  // printable
  // By name, ascending.
  std::span<const SafetensorsTensor> tensors() const { return tensors_; }
  // nullptr where there is none.
  const SafetensorsTensor* find(std::string_view name) const;
  // "__metadata__", in the file's order: for people, and for adapters.
  std::span<const std::pair<std::string, std::string>> metadata() const { return metadata_; }

 private:
  class Parser;  // safetensors.cc

  std::string name_;
  std::vector<SafetensorsTensor> tensors_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

}  // namespace hearth
