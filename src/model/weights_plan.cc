// SPDX-License-Identifier: Apache-2.0
#include "model/weights_plan.h"

#include <algorithm>
#include <numeric>

#include "base/strings.h"
#include "base/xxh64.h"

namespace hearth {
namespace {

std::string shape_text(std::span<const uint64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += concat(i == 0 ? "" : ", ", shape[i]);
  return text + "]";
}

}  // namespace

Result<const GgufTensor*> WeightsPlan::find(const std::string& name,
                                            std::initializer_list<uint64_t> shape) {
  const GgufTensor* tensor = gguf_.find_tensor(name);
  if (tensor == nullptr) {
    return Error(ErrorCode::kCorrupt,
                 concat(name, ": the tensor is missing; fetch the model again"));
  }
  const std::span<const uint64_t> actual(tensor->shape.data(), tensor->rank);
  if (!std::equal(actual.begin(), actual.end(), shape.begin(), shape.end())) {
    return Error(ErrorCode::kCorrupt,
                 concat(name, ": has shape ", shape_text(actual), " where the metadata asks for ",
                        shape_text({shape.begin(), shape.size()}), "; fetch the model again"));
  }
  used_.insert(tensor->name);
  return tensor;
}

Result<void> WeightsPlan::add_matrix(const std::string& name, int32_t rows, int32_t columns,
                                     PanelMatrix& matrix) {
  return add_stacked(name, columns, {rows}, {&matrix});
}

Result<void> WeightsPlan::add_stacked(const std::string& name, int32_t columns,
                                      std::initializer_list<int32_t> rows,
                                      std::initializer_list<PanelMatrix*> matrices) {
  const auto row_count = std::accumulate(rows.begin(), rows.end(), uint64_t{0});
  HEARTH_ASSIGN(const GgufTensor* tensor, find(name, {static_cast<uint64_t>(columns), row_count}));
  const std::size_t row_bytes = tensor->data.size() / row_count;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PanelMatrix& matrix = *matrices.begin()[i];
    matrix.dtype = tensor->dtype;
    matrix.rows = rows.begin()[i];
    matrix.columns = columns;
    matrix.layout = panel_layout(tensor->dtype, columns);
    const std::size_t bytes = static_cast<std::size_t>(matrix.rows) * row_bytes;
    jobs_.push_back({tensor->dtype, tensor->data.subspan(begin, bytes), bytes_, &matrix, nullptr});
    begin += bytes;
    bytes_ += static_cast<std::size_t>(matrix.panels()) * matrix.layout.bytes;
  }
  return {};
}

Result<void> WeightsPlan::add_vector(const std::string& name, int32_t count,
                                     std::span<const float>& vector) {
  HEARTH_ASSIGN(const GgufTensor* tensor, find(name, {static_cast<uint64_t>(count)}));
  if (tensor->dtype != DType::kF32 && tensor->dtype != DType::kF16 &&
      tensor->dtype != DType::kBF16) {
    return Error(ErrorCode::kUnsupported,
                 concat(name, ": tensor type ", dtype_info(tensor->dtype).name,
                        " is not supported for a norm or bias; supported: F32, F16, BF16"));
  }
  jobs_.push_back({tensor->dtype, tensor->data, bytes_, nullptr, &vector});
  bytes_ += (static_cast<std::size_t>(count) * sizeof(float) + 63) / 64 * 64;
  return {};
}

Result<void> WeightsPlan::check_complete(std::string_view architecture) const {
  for (const GgufTensor& tensor : gguf_.tensors()) {
    if (used_.contains(tensor.name)) continue;
    return Error(ErrorCode::kUnsupported,
                 concat(printable(tensor.name), ": architecture ", architecture,
                        " has no place for this tensor; convert the model again"));
  }
  return {};
}

uint64_t WeightsPlan::hash() const {
  Xxh64 hash;
  for (const PackJob& job : jobs_) {
    const uint64_t columns = job.matrix != nullptr ? static_cast<uint64_t>(job.matrix->columns) : 0;
    const uint64_t fields[] = {static_cast<uint64_t>(job.dtype), job.data.size(), columns,
                               job.offset};
    hash.update(std::as_bytes(std::span(fields)));
  }
  return hash.digest();
}

}  // namespace hearth
