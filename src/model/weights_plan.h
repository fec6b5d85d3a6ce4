// SPDX-License-Identifier: Apache-2.0
// Which tensors of a file become which weights: checks their shapes and types, and lays out the
// buffer that they are packed into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/gguf.h"
#include "model/weights.h"

namespace hearth {

// One tensor, or some rows of it, on the way from the file into the buffer. Exactly one of `matrix`
// and `vector` is set.
struct PackJob {
  DType dtype;
  std::span<const std::byte> data;
  std::size_t offset;  // in the buffer
  PanelMatrix* matrix;
  std::span<const float>* vector;
};

// Borrows the file, and what the jobs write to.
class WeightsPlan {
 public:
  explicit WeightsPlan(const GgufFile& gguf) : gguf_(gguf) {}

  bool has(const std::string& name) const { return gguf_.find_tensor(name) != nullptr; }

  // Errors of all: kCorrupt (missing; another shape: both); of vectors kUnsupported (the type:
  // named).
  Result<void> add_matrix(const std::string& name, int32_t rows, int32_t columns,
                          PanelMatrix& matrix);
  // The matrices lie below each other in one tensor; `rows` of each, multiples of 16.
  Result<void> add_stacked(const std::string& name, int32_t columns,
                           std::initializer_list<int32_t> rows,
                           std::initializer_list<PanelMatrix*> matrices);
  Result<void> add_vector(const std::string& name, int32_t count, std::span<const float>& vector);

  // Errors: kUnsupported (a tensor of the file that nobody added: named).
  Result<void> check_complete(std::string_view architecture) const;

  std::size_t bytes() const { return bytes_; }
  // XXH64 of which tensor lies where, in which type and shape.
  uint64_t hash() const;
  std::span<const PackJob> jobs() const { return jobs_; }

 private:
  Result<const GgufTensor*> find(const std::string& name, std::initializer_list<uint64_t> shape);

  const GgufFile& gguf_;
  std::vector<PackJob> jobs_;
  std::set<std::string_view> used_;
  std::size_t bytes_ = 0;
};

}  // namespace hearth
