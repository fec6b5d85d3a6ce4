// SPDX-License-Identifier: Apache-2.0
#include "convert/tensors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/strings.h"
#include "tensor/dequantize.h"
#include "tensor/half.h"
#include "tensor/quantize.h"

namespace hearth {
namespace {

constexpr std::size_t kChunkValues = std::size_t{1} << 18;

// One tensor on its way into the file; what its source copies.
struct Job {
  const Checkpoint* checkpoint;
  const SafetensorsTensor* tensor;
  DType from;
  DType to;
  uint64_t rows;
  uint64_t columns;
  uint64_t heads;  // whose rows change places; 0: none do
};

// The largest magnitude that `dtype` holds: beyond it there is infinity.
float largest(DType dtype) {
  constexpr float kHalfMax = 65504.0f;
  switch (dtype) {
    case DType::kF16:
      return kHalfMax;
    case DType::kQ8_0:
      return kHalfMax * 127.0f;
    case DType::kBF16:
      return bfloat_to_float(0x7f7f);  // a little below the largest float
    default:
      return std::numeric_limits<float>::max();
  }
}

// Which row of the checkpoint becomes row `row`. Rows (0, 1), (2, 3), ... of a head are pairs in
// GGUF's llama; in the checkpoint a pair stands half a head apart.
uint64_t source_row(const Job& job, uint64_t row) {
  if (job.heads == 0) return row;
  const uint64_t head_size = job.rows / job.heads;
  const uint64_t head = row / head_size, place = row % head_size;
  return head * head_size + place % 2 * (head_size / 2) + place / 2;
}

Result<void> check_values(const Job& job, std::span<const float> values) {
  const float limit = largest(job.to);
  for (const float value : values) {
    if (std::fabs(value) <= limit) continue;
    const std::string name = printable(job.tensor->name, 200);
    if (!std::isfinite(value)) {
      return Error(ErrorCode::kCorrupt,
                   concat(name, ": holds a value that is no finite number; fetch the model again"));
    }
    return Error(ErrorCode::kUsage,
                 concat(name, ": holds ", value, ", and ", dtype_info(job.to).name, " ends at ",
                        limit, "; choose --type F32 or BF16"));
  }
  return {};
}

Result<void> write_tensor(const Job& job, ByteSink sink) {
  const DTypeInfo& from = dtype_info(job.from);
  const DTypeInfo& to = dtype_info(job.to);
  const uint64_t rows_at_once =
      std::max<uint64_t>(1, kChunkValues / std::max<uint64_t>(1, job.columns));
  const std::size_t row_bytes = job.columns * from.block_bytes;
  std::vector<float> values;
  std::vector<std::byte> out;
  for (uint64_t row = 0; row < job.rows; row += rows_at_once) {
    const uint64_t count = std::min(rows_at_once, job.rows - row);
    values.resize(count * job.columns);
    for (uint64_t i = 0; i < count; ++i) {
      dequantize(job.from,
                 job.tensor->data.subspan(source_row(job, row + i) * row_bytes, row_bytes),
                 std::span(values).subspan(i * job.columns, job.columns));
    }
    HEARTH_TRY(check_values(job, values));
    out.resize(values.size() / to.block_values * to.block_bytes);
    quantize(job.to, values, out);
    HEARTH_TRY(sink(out));
  }
  job.checkpoint->drop(*job.tensor);
  return {};
}

// `pattern` with a number for '#'.
std::string numbered(std::string_view pattern, uint32_t layer) {
  const std::size_t at = pattern.find('#');
  if (at == std::string_view::npos) return std::string(pattern);
  return concat(pattern.substr(0, at), layer, pattern.substr(at + 1));
}

class TensorPlan {
 public:
  TensorPlan(const Checkpoint& checkpoint, const ModelMapping& mapping,
             std::optional<DType> matrix_type, GgufWriter& writer)
      : checkpoint_(checkpoint), mapping_(mapping), matrix_type_(matrix_type), writer_(writer) {}

  Result<void> run() {
    const JsonFile& config = checkpoint_.config();
    HEARTH_ASSIGN(const uint32_t layers, config.natural("num_hidden_layers", 1, 1024));
    HEARTH_ASSIGN(heads_, config.natural("num_attention_heads", 1, 1024));
    HEARTH_ASSIGN(const auto kv_heads, config.integer("num_key_value_heads"));
    kv_heads_ = kv_heads ? static_cast<uint64_t>(*kv_heads) : heads_;
    HEARTH_ASSIGN(const auto tied, config.boolean("tie_word_embeddings"));
    tied_head_ = tied.value_or(false);
    HEARTH_TRY(add_all(Scope::kModel, 0));
    for (uint32_t layer = 0; layer < layers; ++layer) HEARTH_TRY(add_all(Scope::kLayer, layer));
    return refuse_unknown();
  }

 private:
  enum class Scope { kModel, kLayer };

  Result<void> add_all(Scope scope, uint32_t layer) {
    for (const auto rules : {mapping_.rules, mapping_.own_rules}) {
      for (const TensorRule& rule : rules) {
        const bool of_layer = rule.from.find('#') != std::string_view::npos;
        if (of_layer == (scope == Scope::kLayer)) HEARTH_TRY(add(rule, layer));
      }
    }
    return {};
  }

  const SafetensorsTensor* find(const std::string& name) const {
    const SafetensorsTensor* tensor = checkpoint_.find(name);
    return tensor != nullptr ? tensor : checkpoint_.find(concat(mapping_.prefix, name));
  }

  Result<void> add(const TensorRule& rule, uint32_t layer);
  Result<DType> stored_type(const TensorRule& rule, const SafetensorsTensor& tensor,
                            DType own) const;
  Result<uint64_t> paired_heads(const TensorRule& rule, const SafetensorsTensor& tensor) const;
  Result<void> refuse_unknown() const;

  const Checkpoint& checkpoint_;
  const ModelMapping& mapping_;
  std::optional<DType> matrix_type_;
  GgufWriter& writer_;
  uint64_t heads_ = 0, kv_heads_ = 0;
  bool tied_head_ = false;
  std::set<const SafetensorsTensor*> placed_;
};

Result<void> TensorPlan::add(const TensorRule& rule, uint32_t layer) {
  const std::string name = numbered(rule.from, layer);
  const SafetensorsTensor* tensor = find(name);
  if (tensor == nullptr) {
    if (rule.presence == TensorPresence::kOptional) return {};
    return Error(ErrorCode::kCorrupt,
                 concat(name, ": the tensor is missing; fetch the whole folder again"));
  }
  placed_.insert(tensor);
  // Some save the head although it is the embedding table.
  if (tied_head_ && rule.to == "output.weight") return {};
  const auto own = safetensors_dtype(tensor->type);
  const std::size_t rank = tensor->shape.size();
  if (!own || rank < 1 || rank > 2 || tensor->data.empty()) {
    return Error(ErrorCode::kUnsupported,
                 concat(name, ": is ", safetensors_type_name(tensor->type), " of shape ",
                        tensor->shape_text(),
                        ", which has no place in a GGUF file; supported: vectors and matrices of "
                        "F32, F16 and BF16"));
  }
  const uint64_t rows = rank == 2 ? tensor->shape[0] : 1;
  const uint64_t columns = tensor->shape[rank - 1];
  HEARTH_ASSIGN(const DType type, stored_type(rule, *tensor, *own));
  HEARTH_ASSIGN(const uint64_t heads, paired_heads(rule, *tensor));
  const Job job{&checkpoint_, tensor, *own, type, rows, columns, heads};
  std::vector<uint64_t> shape = {columns};
  if (rank == 2) shape.push_back(rows);
  writer_.add_tensor(numbered(rule.to, layer), type, shape,
                     [job](ByteSink sink) { return write_tensor(job, sink); });
  return {};
}

Result<DType> TensorPlan::stored_type(const TensorRule& rule, const SafetensorsTensor& tensor,
                                      DType own) const {
  if (tensor.shape.size() == 1 || rule.precision == Precision2d::kF32) return DType::kF32;
  const DTypeInfo& type = dtype_info(matrix_type_.value_or(own));
  if (tensor.shape[1] % type.block_values != 0) {
    return Error(ErrorCode::kUsage,
                 concat(printable(tensor.name, 200), ": has rows of ", tensor.shape[1],
                        " values, and those of ", type.name, " are multiples of ",
                        type.block_values, "; choose --type F16"));
  }
  return type.dtype;
}

Result<uint64_t> TensorPlan::paired_heads(const TensorRule& rule,
                                          const SafetensorsTensor& tensor) const {
  if (rule.order == RowOrder::kKept) return uint64_t{0};
  const uint64_t heads = rule.order == RowOrder::kQueryPairs ? heads_ : kv_heads_;
  if (heads == 0 || tensor.shape[0] % (2 * heads) != 0) {
    return Error(ErrorCode::kCorrupt,
                 concat(printable(tensor.name, 200), ": has ", tensor.shape[0], " rows for ", heads,
                        " heads; fetch the folder again"));
  }
  return heads;
}

// A tensor without a place may well matter: leaving it out would change the numbers silently.
Result<void> TensorPlan::refuse_unknown() const {
  for (const SafetensorsTensor* tensor : checkpoint_.tensors()) {
    if (placed_.contains(tensor)) continue;
    std::string_view name = tensor->name;
    if (name.starts_with(mapping_.prefix)) name.remove_prefix(mapping_.prefix.size());
    const bool left_out =
        std::any_of(mapping_.left_out.begin(), mapping_.left_out.end(),
                    [&](std::string_view beginning) { return name.starts_with(beginning); });
    if (left_out) continue;
    return Error(ErrorCode::kUnsupported,
                 concat(printable(tensor->name, 200), ": hearth knows no place for this tensor in ",
                        mapping_.name, "; convert the model with its maker's tools"));
  }
  return {};
}

}  // namespace

Result<void> add_tensors(const Checkpoint& checkpoint, const ModelMapping& mapping,
                         std::optional<DType> matrix_type, GgufWriter& writer) {
  return TensorPlan(checkpoint, mapping, matrix_type, writer).run();
}

}  // namespace hearth
