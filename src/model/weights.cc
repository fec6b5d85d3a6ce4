// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/strings.h"
#include "tensor/dequantize.h"

namespace hearth {
namespace {

// One tensor on its way from the file into the buffer. Exactly one of `matrix` and `vector` is set.
struct Job {
  const GgufTensor* tensor;
  std::size_t offset;  // in the buffer
  PanelMatrix* matrix;
  std::span<const float>* vector;
};

std::string shape_text(std::span<const uint64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += concat(i == 0 ? "" : ", ", shape[i]);
  return text + "]";
}

// Collects the tensors that a model needs, checks them, and lays out the buffer.
class Plan {
 public:
  explicit Plan(const GgufFile& gguf) : gguf_(gguf) {}

  Result<void> add_matrix(const std::string& name, int32_t rows, int32_t columns,
                          PanelMatrix& matrix) {
    HEARTH_ASSIGN(const GgufTensor* tensor,
                  find(name, {static_cast<uint64_t>(columns), static_cast<uint64_t>(rows)}));
    matrix.dtype = tensor->dtype;
    matrix.rows = rows;
    matrix.columns = columns;
    matrix.layout = panel_layout(tensor->dtype, columns);
    jobs_.push_back({tensor, bytes_, &matrix, nullptr});
    bytes_ += static_cast<std::size_t>(matrix.panels()) * matrix.layout.bytes;
    return {};
  }

  Result<void> add_vector(const std::string& name, int32_t count, std::span<const float>& vector) {
    HEARTH_ASSIGN(const GgufTensor* tensor, find(name, {static_cast<uint64_t>(count)}));
    if (tensor->dtype != DType::kF32 && tensor->dtype != DType::kF16 &&
        tensor->dtype != DType::kBF16) {
      return Error(ErrorCode::kUnsupported,
                   concat(name, ": tensor type ", dtype_info(tensor->dtype).name,
                          " is not supported for a norm; supported: F32, F16, BF16"));
    }
    jobs_.push_back({tensor, bytes_, nullptr, &vector});
    bytes_ += (static_cast<std::size_t>(count) * sizeof(float) + 63) / 64 * 64;
    return {};
  }

  std::size_t bytes() const { return bytes_; }
  std::span<const Job> jobs() const { return jobs_; }

 private:
  Result<const GgufTensor*> find(const std::string& name,
                                 std::initializer_list<uint64_t> shape) const {
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
    return tensor;
  }

  const GgufFile& gguf_;
  std::vector<Job> jobs_;
  std::size_t bytes_ = 0;
};

Result<void> plan_layer(Plan& plan, const ModelConfig& config, int32_t index, LayerWeights& layer) {
  const std::string prefix = concat("blk.", index, ".");
  const int32_t query_rows = config.heads * config.head_size;
  const int32_t kv_rows = config.kv_heads * config.head_size;
  HEARTH_TRY(plan.add_vector(prefix + "attn_norm.weight", config.embedding, layer.attention_norm));
  HEARTH_TRY(plan.add_matrix(prefix + "attn_q.weight", query_rows, config.embedding, layer.query));
  HEARTH_TRY(plan.add_matrix(prefix + "attn_k.weight", kv_rows, config.embedding, layer.key));
  HEARTH_TRY(plan.add_matrix(prefix + "attn_v.weight", kv_rows, config.embedding, layer.value));
  HEARTH_TRY(plan.add_matrix(prefix + "attn_output.weight", config.embedding, query_rows,
                             layer.attention_out));
  HEARTH_TRY(plan.add_vector(prefix + "ffn_norm.weight", config.embedding, layer.mlp_norm));
  HEARTH_TRY(plan.add_matrix(prefix + "ffn_gate.weight", config.feed_forward, config.embedding,
                             layer.gate));
  HEARTH_TRY(
      plan.add_matrix(prefix + "ffn_up.weight", config.feed_forward, config.embedding, layer.up));
  HEARTH_TRY(plan.add_matrix(prefix + "ffn_down.weight", config.embedding, config.feed_forward,
                             layer.down));
  return {};
}

// This thread's share of one matrix, in steps after each of which the source pages are given back.
void pack_matrix(const Job& job, const MappedGguf& file, std::byte* memory, int thread,
                 int threads) {
  constexpr int32_t kStepPanels = 64;
  const PanelMatrix& matrix = *job.matrix;
  const std::size_t row_bytes = job.tensor->data.size() / static_cast<std::size_t>(matrix.rows);
  const auto [begin, end] = split_range(matrix.panels(), thread, threads);
  for (auto step = static_cast<int32_t>(begin); step < end; step += kStepPanels) {
    const int32_t step_end = std::min(step + kStepPanels, static_cast<int32_t>(end));
    for (int32_t panel = step; panel < step_end; ++panel) {
      const int32_t row = panel * kPanelRows;
      pack_panel(matrix.dtype, job.tensor->data.data() + static_cast<std::size_t>(row) * row_bytes,
                 row_bytes, std::min(kPanelRows, matrix.rows - row), matrix.columns,
                 memory + job.offset + static_cast<std::size_t>(panel) * matrix.layout.bytes);
    }
    const std::size_t first = static_cast<std::size_t>(step) * kPanelRows * row_bytes;
    const std::size_t last = std::min(static_cast<std::size_t>(step_end) * kPanelRows * row_bytes,
                                      job.tensor->data.size());
    file.drop(job.tensor->data.subspan(first, last - first));
  }
}

void convert_vector(const Job& job, std::byte* memory) {
  const std::span<float> out(reinterpret_cast<float*>(memory + job.offset),
                             job.tensor->row_values());
  dequantize(job.tensor->dtype, job.tensor->data, out);
  *job.vector = out;
}

}  // namespace

Result<Weights> Weights::pack(const ModelConfig& config, const MappedGguf& file, ThreadPool& pool) {
  Weights weights;
  Plan plan(file.gguf);
  HEARTH_TRY(
      plan.add_matrix("token_embd.weight", config.vocabulary, config.embedding, weights.embedding));
  const std::size_t embedding_bytes = plan.bytes();
  weights.layers.resize(static_cast<std::size_t>(config.layers));
  for (int32_t i = 0; i < config.layers; ++i) {
    HEARTH_TRY(plan_layer(plan, config, i, weights.layers[static_cast<std::size_t>(i)]));
  }
  HEARTH_TRY(plan.add_vector("output_norm.weight", config.embedding, weights.output_norm));
  if (!config.tied_head) {
    HEARTH_TRY(plan.add_matrix("output.weight", config.vocabulary, config.embedding, weights.head));
  }
  HEARTH_ASSIGN(weights.memory, Buffer::create(plan.bytes(), PageHint::kHuge));
  std::byte* memory = weights.memory.data();
  pool.run([&](int thread) {
    for (const Job& job : plan.jobs()) {
      if (job.matrix != nullptr) pack_matrix(job, file, memory, thread, pool.size());
    }
  });
  for (const Job& job : plan.jobs()) {
    if (job.matrix != nullptr) {
      job.matrix->data = memory + job.offset;
    } else {
      convert_vector(job, memory);
    }
  }
  if (config.tied_head) weights.head = weights.embedding;
  weights.bytes = plan.bytes() - (config.tied_head ? 0 : embedding_bytes);
  return weights;
}

}  // namespace hearth
