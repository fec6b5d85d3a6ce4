// SPDX-License-Identifier: Apache-2.0
// Remakes: a model's file with all matrices in another type, dequantized and quantized again. For
// tests of the formats at full size; what a remake costs in quality is no measure of its type, as
// its source was quantized already.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/strings.h"
#include "base/thread_pool.h"
#include "format/gguf_writer.h"
#include "format/mapped_gguf.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace hearth {

// `wanted`, or where rows of `columns` values are no whole number of its blocks, what llama.cpp's
// quantizer takes instead.
inline DType remake_type(DType wanted, uint64_t columns) {
  if (columns % dtype_info(wanted).block_values == 0) return wanted;
  switch (wanted) {
    case DType::kQ4_K:
      return DType::kQ5_0;
    case DType::kQ5_K:
      return DType::kQ5_1;
    case DType::kQ6_K:
      return DType::kQ8_0;
    default:
      return DType::kIQ4_NL;
  }
}

// One tensor's data in `type`, rows shared among the threads of `pool`.
inline std::vector<std::byte> requantize(const GgufTensor& tensor, DType type, ThreadPool& pool) {
  const uint64_t columns = tensor.row_values();
  const DTypeInfo& to = dtype_info(type);
  const std::size_t from_bytes = tensor.data.size() / tensor.row_count();
  const std::size_t to_bytes = columns / to.block_values * to.block_bytes;
  std::vector<std::byte> out(to_bytes * tensor.row_count());
  pool.run([&](int thread) {
    std::vector<float> values(columns);
    const auto [begin, end] =
        split_range(static_cast<int64_t>(tensor.row_count()), thread, pool.size());
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
      dequantize(tensor.dtype, tensor.data.subspan(row * from_bytes, from_bytes), values);
      quantize(type, values, std::span(out).subspan(row * to_bytes, to_bytes));
    }
  });
  return out;
}

// Writes `to`: the file `from` with every matrix in `wanted`. `note` gets a line for each tensor
// that took another type. Errors: those of MappedGguf::open and GgufWriter::write.
inline Result<void> remake(const std::filesystem::path& from, const std::filesystem::path& to,
                           DType wanted, ThreadPool& pool,
                           FunctionRef<void(std::string_view)> note) {
  HEARTH_ASSIGN(const MappedGguf model, MappedGguf::open(from, from.string()));
  GgufWriter writer({.version = model.gguf.version(), .alignment = model.gguf.alignment()});
  for (const GgufEntry& entry : model.gguf.metadata()) {
    if (entry.key != "general.file_type") writer.add(entry);  // it names the source's type
  }
  std::vector<std::vector<std::byte>> data;  // what the writer borrows
  data.reserve(model.gguf.tensors().size());
  for (const GgufTensor& tensor : model.gguf.tensors()) {
    const std::span shape = std::span(tensor.shape).first(tensor.rank);
    if (tensor.rank < 2) {
      writer.add_tensor(tensor.name, tensor.dtype, shape, tensor.data);
      continue;
    }
    const DType type = remake_type(wanted, tensor.row_values());
    if (type != wanted) {
      note(concat(tensor.name, ": rows of ", tensor.row_values(), " values are no multiple of ",
                  dtype_info(wanted).block_values, "; ", dtype_info(type).name, " instead of ",
                  dtype_info(wanted).name));
    }
    data.push_back(requantize(tensor, type, pool));
    writer.add_tensor(tensor.name, type, shape, data.back());
  }
  return writer.write(to);
}

}  // namespace hearth
