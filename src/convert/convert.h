// SPDX-License-Identifier: Apache-2.0
// A Hugging Face checkpoint to a GGUF file: the tensors renamed, rearranged and rounded, the
// settings and the vocabulary as metadata, with the keys that llama.cpp's converter gives them.
// What hearth could not compute as the checkpoint means it is refused by name, never approximated
// (docs/decisions/0014-import-converts-checkpoints.md).
//
// Ownership: a Conversion owns the mapped checkpoint. Threading: one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/byte_sink.h"
#include "base/result.h"
#include "tensor/dtype.h"

namespace hearth {

struct ConvertOptions {
  std::string name;  // general.name
  // What matrices are stored as: F32, F16, BF16 or Q8_0; the checkpoint's own types where absent.
  std::optional<DType> matrix_type = {};
};

// Whether `path` is something to convert: a folder, or a file that ends in .safetensors.
bool is_checkpoint(const std::filesystem::path& path);

// F32, F16, BF16 or Q8_0 by its name. Errors: kUsage (another name: lists them).
Result<DType> parse_matrix_type(const std::string& name);

class Conversion {
 public:
  // Reads everything but the weights, and checks that every tensor has its place. Errors: those of
  // the checkpoint's files (kNotFound, kCorrupt); kUnsupported (architecture, tensor, setting,
  // tokenizer or pooling: named, with what is supported); kUsage (rows that do not fit the type).
  static Result<Conversion> open(const std::filesystem::path& path, const ConvertOptions& options);
  Conversion(Conversion&&) noexcept;
  Conversion& operator=(Conversion&&) noexcept;
  ~Conversion();

  // Of the GGUF file.
  uint64_t byte_count() const;
  // Makes the GGUF file, reading the weights as it goes. Errors: the sink's; kCorrupt (a weight is
  // not finite: the tensor), kUsage (a weight is beyond what the type holds: says which).
  Result<void> write(ByteSink sink) const;

 private:
  struct Impl;
  explicit Conversion(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace hearth
