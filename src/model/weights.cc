// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "base/strings.h"
#include "model/weights_plan.h"
#include "tensor/dequantize.h"

namespace hearth {
namespace {

// Reads one layer's tensors into `layer`, as the architecture's row of the table says.
class LayerPlan {
 public:
  LayerPlan(WeightsPlan& plan, const ModelConfig& config, int32_t index, LayerWeights& layer)
      : plan_(plan), config_(config), prefix_(concat("blk.", index, ".")), layer_(layer) {}

  Result<void> add() {
    HEARTH_TRY(add_norms());
    HEARTH_TRY(add_attention());
    return add_mlp();
  }

 private:
  Result<void> norm(std::string_view name, int32_t count, NormWeights& norm) {
    HEARTH_TRY(plan_.add_vector(concat(prefix_, name, ".weight"), count, norm.weight));
    if (config_.architecture.norm == Norm::kRms) return {};
    return plan_.add_vector(concat(prefix_, name, ".bias"), count, norm.bias);
  }

  // All of `presence` or, of kSometimes, those that the file has.
  bool wants(InFile presence, const std::string& name) const {
    return presence == InFile::kAlways || (presence == InFile::kSometimes && plan_.has(name));
  }
  Result<void> bias(InFile presence, std::string_view name, int32_t count,
                    std::span<const float>& bias) {
    const std::string full_name = concat(prefix_, name, ".bias");
    if (!wants(presence, full_name)) return {};
    return plan_.add_vector(full_name, count, bias);
  }

  Result<void> add_norms() {
    switch (config_.architecture.norm_place) {
      case NormPlace::kBefore:
        HEARTH_TRY(norm("attn_norm", config_.embedding, layer_.attention_norm));
        return norm("ffn_norm", config_.embedding, layer_.mlp_norm);
      case NormPlace::kBeforeAndAfter:
        HEARTH_TRY(norm("attn_norm", config_.embedding, layer_.attention_norm));
        HEARTH_TRY(norm("post_attention_norm", config_.embedding, layer_.attention_post_norm));
        HEARTH_TRY(norm("ffn_norm", config_.embedding, layer_.mlp_norm));
        return norm("post_ffw_norm", config_.embedding, layer_.mlp_post_norm);
      case NormPlace::kAfter:
        HEARTH_TRY(norm("attn_output_norm", config_.embedding, layer_.attention_post_norm));
        return norm("layer_output_norm", config_.embedding, layer_.mlp_post_norm);
    }
    return {};
  }

  Result<void> add_attention() {
    const Architecture& architecture = config_.architecture;
    const int32_t query_rows = config_.heads * config_.head_size;
    const int32_t kv_rows = config_.kv_heads * config_.head_size;
    const std::string stacked = prefix_ + "attn_qkv.weight";
    if (wants(architecture.stacked, stacked)) {
      HEARTH_TRY(plan_.add_stacked(stacked, config_.embedding, {query_rows, kv_rows, kv_rows},
                                   {&layer_.query, &layer_.key, &layer_.value}));
    } else {
      HEARTH_TRY(
          plan_.add_matrix(prefix_ + "attn_q.weight", query_rows, config_.embedding, layer_.query));
      HEARTH_TRY(
          plan_.add_matrix(prefix_ + "attn_k.weight", kv_rows, config_.embedding, layer_.key));
      HEARTH_TRY(
          plan_.add_matrix(prefix_ + "attn_v.weight", kv_rows, config_.embedding, layer_.value));
    }
    HEARTH_TRY(bias(architecture.input_biases, "attn_q", query_rows, layer_.query_bias));
    HEARTH_TRY(bias(architecture.input_biases, "attn_k", kv_rows, layer_.key_bias));
    HEARTH_TRY(bias(architecture.input_biases, "attn_v", kv_rows, layer_.value_bias));
    if (wants(architecture.head_norms, prefix_ + "attn_q_norm.weight")) {
      HEARTH_TRY(norm("attn_q_norm", config_.head_size, layer_.query_norm));
      HEARTH_TRY(norm("attn_k_norm", config_.head_size, layer_.key_norm));
    }
    HEARTH_TRY(plan_.add_matrix(prefix_ + "attn_output.weight", config_.embedding, query_rows,
                                layer_.attention_out));
    return bias(architecture.output_biases, "attn_output", config_.embedding,
                layer_.attention_out_bias);
  }

  Result<void> add_mlp() {
    const Architecture& architecture = config_.architecture;
    const int32_t width = config_.feed_forward;
    const std::string gate = prefix_ + "ffn_gate.weight";
    const std::string up = prefix_ + "ffn_up.weight";
    if (architecture.mlp == Mlp::kGelu) {
      HEARTH_TRY(plan_.add_matrix(up, width, config_.embedding, layer_.up));
    } else if (architecture.stacked != InFile::kNever && !plan_.has(gate)) {
      HEARTH_TRY(
          plan_.add_stacked(up, config_.embedding, {width, width}, {&layer_.gate, &layer_.up}));
    } else {
      HEARTH_TRY(plan_.add_matrix(gate, width, config_.embedding, layer_.gate));
      HEARTH_TRY(plan_.add_matrix(up, width, config_.embedding, layer_.up));
      HEARTH_TRY(bias(architecture.output_biases, "ffn_gate", width, layer_.gate_bias));
    }
    HEARTH_TRY(bias(architecture.output_biases, "ffn_up", width, layer_.up_bias));
    HEARTH_TRY(
        plan_.add_matrix(prefix_ + "ffn_down.weight", config_.embedding, width, layer_.down));
    return bias(architecture.output_biases, "ffn_down", config_.embedding, layer_.down_bias);
  }

  WeightsPlan& plan_;
  const ModelConfig& config_;
  std::string prefix_;
  LayerWeights& layer_;
};

// Gives the file's pages back behind a thread, some MiB at a time: each time, all other threads
// have to forget their translations, too.
class PagesBehind {
 public:
  explicit PagesBehind(const MappedGguf& file) : file_(file) {}
  PagesBehind(const PagesBehind&) = delete;
  PagesBehind& operator=(const PagesBehind&) = delete;
  ~PagesBehind() { file_.drop(packed_); }

  // `range` was packed, and lies behind those before. In between lie other threads' rows of the
  // same tensors; those that are still being read are mapped once more.
  void add(std::span<const std::byte> range) {
    constexpr std::ptrdiff_t kDropBytes = 4 << 20;
    if (!packed_.empty() && range.data() - packed_.data() < kDropBytes) {
      packed_ = {packed_.data(), range.data() + range.size()};
    } else {
      file_.drop(packed_);
      packed_ = range;
    }
  }

 private:
  const MappedGguf& file_;
  std::span<const std::byte> packed_;  // from the first range to the last
};

// This thread's share of one matrix, in steps after each of which source pages may be given back.
void pack_matrix(const PackJob& job, std::byte* memory, int thread, int threads,
                 PagesBehind& behind) {
  constexpr int32_t kStepPanels = 64;
  const PanelMatrix& matrix = *job.matrix;
  const std::size_t row_bytes = job.data.size() / static_cast<std::size_t>(matrix.rows);
  const auto [begin, end] = split_range(matrix.panels(), thread, threads);
  for (auto step = static_cast<int32_t>(begin); step < end; step += kStepPanels) {
    const int32_t step_end = std::min(step + kStepPanels, static_cast<int32_t>(end));
    for (int32_t panel = step; panel < step_end; ++panel) {
      const int32_t row = panel * kPanelRows;
      pack_panel(matrix.dtype, job.data.data() + static_cast<std::size_t>(row) * row_bytes,
                 row_bytes, std::min(kPanelRows, matrix.rows - row), matrix.columns,
                 memory + job.offset + static_cast<std::size_t>(panel) * matrix.layout.bytes);
    }
    const std::size_t first = static_cast<std::size_t>(step) * kPanelRows * row_bytes;
    const std::size_t last =
        std::min(static_cast<std::size_t>(step_end) * kPanelRows * row_bytes, job.data.size());
    behind.add(job.data.subspan(first, last - first));
  }
}

std::size_t vector_count(const PackJob& job) {
  return job.data.size() / dtype_info(job.dtype).block_bytes;
}

// All threads pack the matrices, in the order of the file; vectors are few.
void pack(std::vector<PackJob> jobs, const MappedGguf& file, std::byte* memory, ThreadPool& pool) {
  std::sort(jobs.begin(), jobs.end(), [](const PackJob& a, const PackJob& b) {
    return std::less<>()(a.data.data(), b.data.data());
  });
  pool.run([&](int thread) {
    PagesBehind behind(file);
    for (const PackJob& job : jobs) {
      if (job.matrix != nullptr) pack_matrix(job, memory, thread, pool.size(), behind);
    }
  });
  for (const PackJob& job : jobs) {
    if (job.matrix != nullptr) continue;
    dequantize(job.dtype, job.data,
               {reinterpret_cast<float*>(memory + job.offset), vector_count(job)});
  }
}

// Tells matrices and vectors where they lie.
void place(std::span<const PackJob> jobs, const std::byte* memory) {
  for (const PackJob& job : jobs) {
    if (job.matrix != nullptr) {
      job.matrix->data = memory + job.offset;
    } else {
      *job.vector = {reinterpret_cast<const float*>(memory + job.offset), vector_count(job)};
    }
  }
}

// What a token enters by: tables and, of BERT, a norm.
Result<void> plan_input(WeightsPlan& plan, const ModelConfig& config, Weights& weights) {
  HEARTH_TRY(
      plan.add_matrix("token_embd.weight", config.vocabulary, config.embedding, weights.embedding));
  if (config.architecture.positions == Positions::kRotary) return {};
  HEARTH_TRY(plan.add_matrix("position_embd.weight", config.context_max, config.embedding,
                             weights.positions));
  HEARTH_TRY(plan.add_matrix("token_types.weight", config.token_types, config.embedding,
                             weights.token_types));
  HEARTH_TRY(
      plan.add_vector("token_embd_norm.weight", config.embedding, weights.embedding_norm.weight));
  return plan.add_vector("token_embd_norm.bias", config.embedding, weights.embedding_norm.bias);
}

Result<void> plan_rope(WeightsPlan& plan, const ModelConfig& config, Weights& weights) {
  if (config.rope.scaling != RopeScaling::kFactors) return {};
  const int32_t pairs = config.rope.values / 2;
  if (plan.has("rope_freqs.weight"))
    return plan.add_vector("rope_freqs.weight", pairs, weights.rope_factors);
  HEARTH_TRY(plan.add_vector("rope_factors_short.weight", pairs, weights.rope_factors));
  return plan.add_vector("rope_factors_long.weight", pairs, weights.rope_long_factors);
}

Result<void> plan_output(WeightsPlan& plan, const ModelConfig& config, Weights& weights) {
  if (config.architecture.norm_place != NormPlace::kAfter) {
    HEARTH_TRY(plan.add_vector("output_norm.weight", config.embedding, weights.output_norm.weight));
  }
  if (config.head != Head::kOwn) return {};
  return plan.add_matrix("output.weight", config.vocabulary, config.embedding, weights.head);
}

Result<void> check_rope_factors(std::span<const float> factors) {
  for (const float factor : factors) {
    if (factor >= 1e-3f && factor <= 1e6f) continue;
    return Error(ErrorCode::kCorrupt, concat("RoPE factors: ", factor,
                                             " is outside 0.001 to 1e6; fetch the model again"));
  }
  return {};
}

Result<void> plan_all(WeightsPlan& plan, const ModelConfig& config, Weights& weights) {
  HEARTH_TRY(plan_input(plan, config, weights));
  const std::size_t input_bytes = plan.bytes();
  weights.layers.resize(static_cast<std::size_t>(config.layers));
  for (int32_t i = 0; i < config.layers; ++i)
    HEARTH_TRY(LayerPlan(plan, config, i, weights.layers[static_cast<std::size_t>(i)]).add());
  HEARTH_TRY(plan_rope(plan, config, weights));
  HEARTH_TRY(plan_output(plan, config, weights));
  HEARTH_TRY(plan.check_complete(config.architecture.name));
  weights.bytes = plan.bytes() - (config.head == Head::kTied ? 0 : input_bytes);
  return {};
}

// What is wrong with a kept file does not matter: the model's own has everything.
std::optional<PackedFile> find_kept(const std::filesystem::path& folder,
                                    const PackedIdentity& identity, ThreadPool& pool) {
  if (folder.empty()) return std::nullopt;
  auto kept = PackedFile::open(folder, identity, pool);
  if (!kept.ok()) return std::nullopt;
  return std::move(kept).value();
}

}  // namespace

Result<Weights> Weights::load(const ModelConfig& config, const MappedGguf& file, ThreadPool& pool,
                              const std::filesystem::path& folder) {
  Weights weights;
  WeightsPlan plan(file.gguf);
  HEARTH_TRY(plan_all(plan, config, weights));
  weights.identity = {file.identity(), plan.hash(), plan.bytes()};
  std::optional<PackedFile> kept = find_kept(folder, weights.identity, pool);
  if (kept && kept->on_huge_pages()) {
    weights.content = kept->weights();
    weights.mapped = std::move(kept);
  } else {
    HEARTH_ASSIGN(weights.memory, Buffer::create(plan.bytes(), PageHint::kHuge));
    weights.content = weights.memory.as<const std::byte>();
    if (kept) {
      kept->move_to(weights.memory.data(), pool);
    } else {
      pack({plan.jobs().begin(), plan.jobs().end()}, file, weights.memory.data(), pool);
    }
  }
  place(plan.jobs(), weights.content.data());
  HEARTH_TRY(check_rope_factors(weights.rope_factors));
  HEARTH_TRY(check_rope_factors(weights.rope_long_factors));
  if (config.head == Head::kTied) weights.head = weights.embedding;
  return weights;
}

}  // namespace hearth
