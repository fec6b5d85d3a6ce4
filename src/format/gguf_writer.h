// SPDX-License-Identifier: Apache-2.0
// Builds GGUF files: metadata, then tensors, then bytes that GgufFile::parse() accepts. For tests
// and for what writes models. Tensor data is placed in the order of add_tensor(), each at the next
// multiple of the alignment, the last one without padding behind it.
//
// Ownership: metadata and names are copied; tensor data is borrowed until bytes(), write() or
// stream() has returned, or is made when it is asked for. Threading: none; one thread at a time.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/byte_sink.h"
#include "base/result.h"
#include "format/gguf.h"

namespace hearth {

// The C++ types that are stored as they are, each as the GGUF type of its own name.
template <typename T>
concept GgufScalar =
    std::same_as<T, uint8_t> || std::same_as<T, int8_t> || std::same_as<T, uint16_t> ||
    std::same_as<T, int16_t> || std::same_as<T, uint32_t> || std::same_as<T, int32_t> ||
    std::same_as<T, uint64_t> || std::same_as<T, int64_t> || std::same_as<T, float> ||
    std::same_as<T, double> || std::same_as<T, bool>;

template <GgufScalar T>
constexpr GgufType gguf_type_of() {
  if constexpr (std::same_as<T, uint8_t>) return GgufType::kUint8;
  if constexpr (std::same_as<T, int8_t>) return GgufType::kInt8;
  if constexpr (std::same_as<T, uint16_t>) return GgufType::kUint16;
  if constexpr (std::same_as<T, int16_t>) return GgufType::kInt16;
  if constexpr (std::same_as<T, uint32_t>) return GgufType::kUint32;
  if constexpr (std::same_as<T, int32_t>) return GgufType::kInt32;
  if constexpr (std::same_as<T, uint64_t>) return GgufType::kUint64;
  if constexpr (std::same_as<T, int64_t>) return GgufType::kInt64;
  if constexpr (std::same_as<T, float>) return GgufType::kFloat32;
  if constexpr (std::same_as<T, double>) return GgufType::kFloat64;
  if constexpr (std::same_as<T, bool>) return GgufType::kBool;
}

class GgufWriter {
 public:
  struct Options {
    uint32_t version = 3;                        // 2 or 3
    uint64_t alignment = kGgufAlignmentDefault;  // written as general.alignment if not the default
  };

  GgufWriter() : GgufWriter(Options{}) {}
  explicit GgufWriter(Options options);

  template <GgufScalar T>
  void add(std::string_view key, T value) {
    begin_entry(key, gguf_type_of<T>());
    append_value(value);
  }
  void add(std::string_view key, std::string_view value) {
    begin_entry(key, GgufType::kString);
    append_value(value);
  }
  // A container of scalars or of strings, its length known by size(). (A std::vector<bool> too.)
  template <typename Container>
  void add_array(std::string_view key, const Container& values) {
    using Value = typename Container::value_type;
    begin_entry(key, GgufType::kArray);
    if constexpr (GgufScalar<Value>) {
      begin_array(gguf_type_of<Value>(), std::size(values));
      for (const Value value : values) append_value(value);
    } else {
      begin_array(GgufType::kString, std::size(values));
      for (const Value& value : values) append_value(std::string_view(value));
    }
  }
  // An entry of another file, as it is. general.alignment is left out: it is this writer's to say.
  void add(const GgufEntry& entry);

  // `shape` in GGUF order: the row's length first. `data` is of the size that shape and type ask
  // for, which bytes() checks.
  void add_tensor(std::string_view name, DType dtype, std::span<const uint64_t> shape,
                  std::span<const std::byte> data);
  // The same with data that `source` makes, each time that the file is made.
  void add_tensor(std::string_view name, DType dtype, std::span<const uint64_t> shape,
                  ByteSource source);

  // Hands out the file piece by piece, holding none of the data; for files that memory cannot hold.
  // What GgufFile::parse() says of the result is the caller's to ask. Errors: the sink's, those of
  // the tensors' sources, kUsage (a tensor's data is not of the right size).
  Result<void> stream(ByteSink sink) const;
  // How many bytes stream() hands out.
  uint64_t byte_count() const;

  // The parts of a split model, as llama.cpp's gguf-split makes them: the first has the metadata,
  // each at most `tensors_max` (> 0) tensors in the order of add_tensor().
  std::vector<GgufWriter> split(std::size_t tensors_max) const;

  // The file. Errors: kUsage (what was added makes no valid file: a key or tensor twice, data of
  // the wrong size, a shape or an alignment that the reader refuses; says which).
  Result<std::string> bytes() const;
  // bytes() written as write_file() does it. Errors: of both.
  Result<void> write(const std::filesystem::path& path) const;

 private:
  struct Tensor {
    std::string name;
    DType dtype;
    std::vector<uint64_t> shape;
    ByteSource source;

    uint64_t bytes() const;  // that shape and type ask for; may have wrapped around
  };

  void begin_entry(std::string_view key, GgufType type);
  void begin_array(GgufType element_type, uint64_t count);
  void append_value(std::string_view value);
  template <GgufScalar T>
  void append_value(T value) {
    metadata_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::string header() const;
  uint64_t alignment() const;

  Options options_;
  std::string metadata_;  // the entries as the file holds them
  uint64_t metadata_count_ = 0;
  std::vector<Tensor> tensors_;
};

}  // namespace hearth
