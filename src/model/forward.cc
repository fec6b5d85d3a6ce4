// SPDX-License-Identifier: Apache-2.0
#include "model/forward.h"

#include <algorithm>
#include <limits>

#include "base/strings.h"
#include "model/pass.h"

namespace hearth {
namespace {

constexpr Precisions kFloatPrecisions = {{Precision::kFloat},
                                         {Precision::kFloat},
                                         {Precision::kFloat},
                                         {Precision::kFloat},
                                         {Precision::kFloat}};

}  // namespace

Pass::Pass(const Model& model, ThreadPool& pool, Workspace::Memory& memory, PassOutput output,
           const Interruption& interruption)
    : model_(model),
      config_(model.config()),
      kernels_(model.kernels()),
      pool_(pool),
      memory_(memory),
      batch_(memory.batch),
      token_count_(memory.batch.count()),
      output_(output),
      interruption_(interruption),
      precisions_(model.numerics() == Numerics::kFloat ? kFloatPrecisions : Precisions{}),
      tiles_from_(model.has_tiles() ? kTilesFrom : std::numeric_limits<int32_t>::max()),
      joins_(config_.joins_by_norm_or_scale()),
      adapts_(!batch_.adapters().empty()) {}

void Pass::run(int thread) const {
  if (memory_.measured) own(thread).lap_start = Clock::now();
  embed(thread);
  meet_after(Operation::kEmbed, thread);
  const NormWeights* waiting = nullptr;  // the norm of the result that join() finds in `branch`
  for (int32_t index = 0; index < config_.layers; ++index) {
    const LayerWeights& layer = model_.weights().layers[static_cast<std::size_t>(index)];
    const Rows rows = rows_after(index);
    project_qkv(layer, index, rows, waiting, thread);
    if (rows.count == 0) return lap(Operation::kQkv, thread);
    meet_after(Operation::kQkv, thread);
    attend(index, rows, thread);
    meet_after(Operation::kAttention, thread);
    project_attention(layer, index, rows, thread);
    meet_after(Operation::kAttentionOut, thread);
    gate_and_up(layer, index, rows, thread);
    meet_after(Operation::kGateUp, thread);
    project_down(layer, index, rows, thread);
    look_for_interruption(thread);
    meet_after(Operation::kDown, thread);
    if (memory_.interrupted) return;
    waiting = &layer.mlp_post_norm;
  }
  if (!output_.hidden.empty()) {
    write_hidden(waiting, thread);
  } else {
    project_head(waiting, thread);
  }
  lap(Operation::kHead, thread);
}

void Pass::lap(Operation operation, int thread) const {
  if (!memory_.measured) return;
  ThreadMemory& mine = own(thread);
  const Clock::time_point now = Clock::now();
  mine.operation_ms[static_cast<std::size_t>(operation)] +=
      std::chrono::duration<double, std::milli>(now - mine.lap_start).count();
  mine.lap_start = now;
}

void Pass::meet_after(Operation operation, int thread) const {
  lap(operation, thread);
  pool_.barrier();
  lap(Operation::kBarrier, thread);
}

void Pass::look_for_interruption(int thread) const {
  if (thread == 0) memory_.interrupted = interruption_.reason();
}

// What is read of a layer's result: all of it, but of the last layer only what the output needs.
// The last layer's keys and values are those of all tokens all the same.
Rows Pass::rows_after(int32_t layer) const {
  return layer + 1 < config_.layers ? all() : batch_.read();
}

// residual [tokens][embedding]; cosines and sines of the tokens' positions.
void Pass::embed(int thread) const {
  const auto [begin, end] = split_range(token_count_, thread, pool_.size());
  for (auto t = static_cast<int32_t>(begin); t < end; ++t) {
    enter(token(t), memory_.residual.data() + offset(t, config_.embedding), thread);
    for (RopeMemory& rope : memory_.rope) {
      const std::size_t at = offset(t, config_.rope.values / 2);
      rope_turns(rope.angles, token(t).position, rope.cosines.data() + at, rope.sines.data() + at);
    }
  }
}

// A token's row out of the embedding table and, of BERT, out of its other tables.
void Pass::enter(const BatchToken& token, float* row, int thread) const {
  const Weights& weights = model_.weights();
  const auto width = static_cast<std::size_t>(config_.embedding);
  unpack_row(weights.embedding, token.id, {row, width});
  if (config_.embedding_scale != 1.0f) {
    for (std::size_t i = 0; i < width; ++i) row[i] *= config_.embedding_scale;
  }
  if (config_.architecture.positions == Positions::kRotary) return;
  const std::span<float> other(own(thread).sum);
  unpack_row(weights.token_types, 0, other);
  for (std::size_t i = 0; i < width; ++i) row[i] += other[i];
  unpack_row(weights.positions, token.position, other);
  for (std::size_t i = 0; i < width; ++i) row[i] += other[i];
  normalise(row, weights.embedding_norm, row);
}

// Prepares inputs: calls row(i) for each of `count` rows. Few: every thread does all of them for
// itself, into memory of its own. Many: the threads share the work and meet.
template <typename Row>
void Pass::each_row(int32_t count, int thread, Row row) const {
  const bool by_itself = count <= kSelfPreparedTokens;
  const auto [begin, end] =
      by_itself ? std::pair<int64_t, int64_t>(0, count) : split_range(count, thread, pool_.size());
  for (auto i = static_cast<int32_t>(begin); i < end; ++i) row(i);
  if (by_itself) {
    lap(Operation::kInputs, thread);
  } else {
    meet_after(Operation::kInputs, thread);
  }
}

// An empty norm changes nothing. `out` may be `in`.
void Pass::normalise(const float* in, const NormWeights& norm, float* out) const {
  if (norm.weight.empty()) {
    if (out != in) std::copy_n(in, config_.embedding, out);
  } else if (norm.bias.empty()) {
    kernels_.rms_norm(in, norm.weight.data(), static_cast<int32_t>(norm.weight.size()),
                      config_.norm_epsilon, out);
  } else {
    kernels_.layer_norm(in, norm.weight.data(), norm.bias.data(),
                        static_cast<int32_t>(norm.weight.size()), config_.norm_epsilon, out);
  }
}

// The residual stream of `token`, [embedding]. Where a norm or a factor stands between a sublayer
// and the stream, the sublayer has left its result in `branch`, and who reads the stream next
// joins the two, so that it costs no barrier. `waiting` is the norm of that result; nullptr: there
// is none yet. A thread that prepares all rows by itself keeps its own copy of them, so that none
// reads what another is writing; `was_by_itself`: so it did when it read the stream last.
const float* Pass::join(int32_t token, bool by_itself, bool was_by_itself,
                        const NormWeights* waiting, int thread) const {
  const auto width = static_cast<std::size_t>(config_.embedding);
  float* shared = memory_.residual.data() + offset(token, config_.embedding);
  if (!joins_) return shared;
  float* mine =
      own(thread).residual.data() + offset(token % kSelfPreparedTokens, config_.embedding);
  float* after = by_itself ? mine : shared;
  if (waiting == nullptr) {
    if (by_itself) std::copy_n(shared, width, mine);
    return after;
  }
  const float* before = was_by_itself ? mine : shared;
  const float* result = memory_.branch.data() + offset(token, config_.embedding);
  float* sum = own(thread).sum.data();
  if (config_.architecture.norm_place == NormPlace::kAfter) {
    for (std::size_t i = 0; i < width; ++i) sum[i] = before[i] + result[i];
    normalise(sum, *waiting, after);
  } else {
    normalise(result, *waiting, sum);
    for (std::size_t i = 0; i < width; ++i) after[i] = before[i] + config_.residual_scale * sum[i];
  }
  return after;
}

// Inputs of a matmul from rows of the residual stream, normalised; `before`: the rows that were
// read of it last.
Activations Pass::prepare_residual(Rows rows, Rows before, const NormWeights* waiting,
                                   const NormWeights& norm, Rounding rounding, int thread) const {
  const bool by_itself = rows.count <= kSelfPreparedTokens;
  const bool was_by_itself = before.count <= kSelfPreparedTokens;
  float* values = by_itself ? own(thread).values.data() : memory_.inputs.data();
  const auto fill = [&](int32_t row) {
    const float* residual = join(rows.first + row, by_itself, was_by_itself, waiting, thread);
    normalise(residual, norm, values + offset(row, config_.embedding));
  };
  return prepare(values, rows.count, config_.embedding, rounding, thread, fill);
}

// How `count` rows are rounded for which `rounding` is meant.
Rounding Pass::rounding_for(Rounding rounding, int32_t count) const {
  return count >= tiles_from_ && !rounding.never_tiles ? Rounding{Precision::kBfloat} : rounding;
}

// Inputs of a matmul from `values` [count][columns], of which fill(i) completes row i.
template <typename Fill>
Activations Pass::prepare(const float* values, int32_t count, int32_t columns, Rounding rounding,
                          int thread, Fill fill) const {
  const bool by_itself = count <= kSelfPreparedTokens;
  ActivationMemory& rounded = by_itself ? own(thread).activations : memory_.activations;
  const Activations out = rounded.view(rounding_for(rounding, count), values, columns);
  each_row(count, thread, [&](int32_t row) {
    fill(row);
    kernels_.quantize(out, row);
  });
  return out;
}

void Pass::multiply(const PanelMatrix& weights, int32_t panel_begin, int32_t panel_end,
                    const Activations& inputs, int32_t count, float* out, int32_t out_stride,
                    Epilogue epilogue) const {
  if (panel_begin >= panel_end) return;
  kernels_.matmul({&weights, panel_begin, panel_end, &inputs, count, out,
                   static_cast<std::size_t>(out_stride), epilogue});
}

// Adds bias[first, first + width) to `out` [count] of `stride` floats.
void Pass::add_bias(std::span<const float> bias, int32_t first, int32_t width, int32_t count,
                    float* out, int32_t stride) const {
  if (bias.empty()) return;
  const float* from = bias.data() + first;
  for (int32_t t = 0; t < count; ++t) {
    float* row = out + offset(t, stride);
    for (int32_t i = 0; i < width; ++i) row[i] += from[i];
  }
}

// Attention's or the MLP's last product: onto the residual stream, or into `branch` for join().
void Pass::finish_sublayer(const PanelMatrix& weights, std::span<const float> bias,
                           const Activations& inputs, Rows rows, int thread) const {
  const auto [begin, end] = split_range(weights.panels(), thread, pool_.size());
  const auto first = static_cast<int32_t>(begin) * kPanelRows;
  const auto width = static_cast<int32_t>(end - begin) * kPanelRows;
  float* out = (joins_ ? memory_.branch : memory_.residual).data() +
               offset(rows.first, config_.embedding) + first;
  multiply(weights, static_cast<int32_t>(begin), static_cast<int32_t>(end), inputs, rows.count, out,
           config_.embedding, joins_ ? Epilogue::kStore : Epilogue::kAdd);
  add_bias(bias, first, width, rows.count, out, config_.embedding);
}

void Pass::project_attention(const LayerWeights& layer, int32_t index, Rows rows,
                             int thread) const {
  const int32_t width = config_.heads * config_.head_size;
  const bool by_itself = rows.count <= kSelfPreparedTokens;
  float* attention =
      by_itself ? own(thread).values.data() : memory_.inputs.data() + offset(rows.first, width);
  const auto fill = [&](int32_t row) {
    take_attention(index, rows.first + row, attention + offset(row, width), thread);
  };
  const Activations inputs =
      prepare(attention, rows.count, width, precisions_.attention_out, thread, fill);
  shrink(&AdapterLayer::attention_out_in, index, attention, rows, thread);
  finish_sublayer(layer.attention_out, layer.attention_out_bias, inputs, rows, thread);
  if (adapts_) expand_sublayer(&AdapterLayer::attention_out, index, rows, thread);
}

void Pass::gate_and_up(const LayerWeights& layer, int32_t index, Rows rows, int thread) const {
  const Activations inputs = prepare_residual(rows, all(), &layer.attention_post_norm,
                                              layer.mlp_norm, precisions_.mlp_in, thread);
  shrink(&AdapterLayer::mlp_in, index, inputs.values, rows, thread);
  // As many rows between two activations as there is memory for: few tokens read the weights in
  // long runs, many stay in the cache.
  const auto room = static_cast<int32_t>(own(thread).gate.size());
  const int32_t groups_at_once = room / rows.count / kGroupColumns;
  const auto [begin, end] = split_range(config_.feed_forward / kGroupColumns, thread, pool_.size());
  for (auto group = static_cast<int32_t>(begin); group < end; group += groups_at_once) {
    const int32_t groups = std::min(groups_at_once, static_cast<int32_t>(end) - group);
    const GateBlock block = {.first = group * kGroupColumns,
                             .width = groups * kGroupColumns,
                             .count = rows.count,
                             .gate = own(thread).gate.data(),
                             .up = own(thread).up.data()};
    const int32_t panel = block.first / kPanelRows;
    const int32_t panel_end = panel + block.width / kPanelRows;
    if (config_.architecture.mlp != Mlp::kGelu) {
      multiply(layer.gate, panel, panel_end, inputs, rows.count, block.gate, block.width,
               Epilogue::kStore);
    }
    multiply(layer.up, panel, panel_end, inputs, rows.count, block.up, block.width,
             Epilogue::kStore);
    if (adapts_) expand_gate_and_up(index, block, rows);
    activate(layer, block);
    keep_hidden(layer, block);
    if (adapts_) keep_hidden_floats(block);
  }
}

// The inputs of the MLP's last product: floats, or already rounded.
Activations Pass::hidden_inputs(const LayerWeights& layer, int32_t count) const {
  const bool rounded =
      precisions_.down.precision != Precision::kFloat && layer.down.is_block_type();
  return memory_.rounded_hidden.view(
      rounded ? rounding_for(precisions_.down, count) : Rounding{Precision::kFloat},
      memory_.hidden.data(), config_.feed_forward);
}

// What is in `up` becomes the input of the last product.
void Pass::keep_hidden(const LayerWeights& layer, const GateBlock& block) const {
  const Activations hidden = hidden_inputs(layer, block.count);
  for (int32_t t = 0; t < block.count; ++t) {
    const float* row = block.up + offset(t, block.width);
    const std::size_t at = offset(t, config_.feed_forward) + static_cast<std::size_t>(block.first);
    if (hidden.precision == Precision::kFloat) {
      std::copy_n(row, block.width, memory_.hidden.data() + at);
    } else {
      kernels_.quantize_groups(row, hidden, at / kGroupColumns, block.width / kGroupColumns);
    }
  }
}

void Pass::activate(const LayerWeights& layer, const GateBlock& block) const {
  const int32_t width = block.width;
  add_bias(layer.gate_bias, block.first, width, block.count, block.gate, width);
  add_bias(layer.up_bias, block.first, width, block.count, block.up, width);
  const int32_t values = width * block.count;
  switch (config_.architecture.mlp) {
    case Mlp::kSwiGlu:
      kernels_.silu_multiply(block.gate, block.up, values, block.up);
      break;
    case Mlp::kGeGlu:
      kernels_.gelu_multiply(block.gate, block.up, values, block.up);
      break;
    case Mlp::kGelu:
      kernels_.gelu(block.up, values, block.up);
      break;
  }
}

void Pass::project_down(const LayerWeights& layer, int32_t index, Rows rows, int thread) const {
  const Activations inputs = hidden_inputs(layer, rows.count);
  shrink(&AdapterLayer::down_in, index, inputs.values, rows, thread);
  finish_sublayer(layer.down, layer.down_bias, inputs, rows, thread);
  if (adapts_) expand_sublayer(&AdapterLayer::down, index, rows, thread);
}

// Each thread multiplies whole blocks of rows, and says at once what drawing a token needs to know
// of them, while they are in its cache.
void Pass::project_head(const NormWeights* waiting, int thread) const {
  const Rows rows_read = rows_after(config_.layers - 1);
  const Activations inputs = prepare_residual(
      rows_read, rows_read, waiting, model_.weights().output_norm, precisions_.head, thread);
  const PanelMatrix& head = model_.weights().head;
  constexpr int32_t kBlockPanels = kLogitBlock / kPanelRows;
  const auto [begin, end] =
      split_range((head.panels() + kBlockPanels - 1) / kBlockPanels, thread, pool_.size());
  const auto first = static_cast<int32_t>(begin) * kBlockPanels;
  const int32_t last = std::min(static_cast<int32_t>(end) * kBlockPanels, head.panels());
  const int32_t rows = std::min(last * kPanelRows, head.rows) - first * kPanelRows;
  if (rows <= 0) return;
  float* logits = output_.logits.logits.data() + first * kPanelRows;
  multiply(head, first, last, inputs, rows_read.count, logits, config_.vocabulary,
           Epilogue::kStore);
  for (int32_t i = 0; i < rows_read.count; ++i) {
    float* of_token = logits + offset(i, config_.vocabulary);
    if (config_.logit_scale != 1.0f) {
      for (int32_t id = 0; id < rows; ++id) of_token[id] *= config_.logit_scale;
    }
    if (config_.logit_cap != 0.0f) kernels_.soft_cap(of_token, rows, config_.logit_cap);
    if (output_.logits.blocks.empty()) continue;
    LogitBlock* blocks =
        output_.logits.blocks.data() + offset(i, config_.vocabulary / kLogitBlock) + begin;
    for (int32_t block = 0; block < rows / kLogitBlock; ++block)
      blocks[block] = kernels_.summarise_logits(of_token + offset(block, kLogitBlock));
  }
}

// Each thread writes some tokens' rows.
void Pass::write_hidden(const NormWeights* waiting, int thread) const {
  const bool by_itself = token_count_ <= kSelfPreparedTokens;
  const auto [begin, end] = split_range(token_count_, thread, pool_.size());
  for (auto t = static_cast<int32_t>(begin); t < end; ++t) {
    normalise(join(t, by_itself, by_itself, waiting, thread), model_.weights().output_norm,
              output_.hidden.data() + offset(t, config_.embedding));
  }
}

namespace {

void check_tokens(const Model& model, std::span<const int32_t> tokens) {
  HEARTH_CHECK(!tokens.empty());
  for (const int32_t token : tokens) HEARTH_CHECK(token >= 0 && token < model.config().vocabulary);
}

// The room that was reserved for parts that are not computed.
void give_back(std::span<const BatchPart> parts) {
  for (const BatchPart& part : parts) part.sequence.truncate(part.sequence.length());
}

// Room for every part, or nothing changes.
Result<void> reserve(std::span<const BatchPart> parts) {
  for (const BatchPart& part : parts) {
    const Result<void> reserved = part.sequence.reserve(part.count());
    if (reserved.ok()) continue;
    give_back(parts);
    return reserved;
  }
  return {};
}

Result<void> run_pass(const Model& model, ThreadPool& pool, Workspace& workspace,
                      std::span<const BatchPart> parts, PassOutput output,
                      const Interruption& interruption = {}) {
  if (const auto reason = interruption.reason()) return Interruption::error(*reason);
  HEARTH_TRY(reserve(parts));
  Workspace::Memory& memory = workspace.memory();
  memory.batch.lay_out(parts);
  if (!memory.batch.adapters().empty()) {
    const auto made = memory.make_room_for_adapters(model.config());
    if (!made.ok()) {
      give_back(parts);
      return made;
    }
  }
  memory.interrupted.reset();
  const Pass pass(model, pool, memory, output, interruption);
  pool.run([&](int thread) { pass.run(thread); });
  if (memory.interrupted) {
    give_back(parts);
    return Interruption::error(*memory.interrupted);
  }
  for (const BatchPart& part : parts) part.sequence.commit(part.count());
  return {};
}

}  // namespace

Result<void> forward(const Model& model, ThreadPool& pool, Workspace& workspace,
                     std::span<const BatchPart> parts, LogitsOut out,
                     const Interruption& interruption) {
  HEARTH_CHECK(!parts.empty());
  std::size_t tokens = 0;
  std::size_t rows = 0;
  for (const BatchPart& part : parts) {
    check_tokens(model, part.tokens);
    HEARTH_CHECK(part.adapters.empty() || check_adapters(model, part.adapters).ok());
    for (const BatchPart& other : parts)
      HEARTH_CHECK(&other == &part || &other.sequence != &part.sequence);
    tokens += part.tokens.size();
    rows += static_cast<std::size_t>(part.logit_rows());
  }
  if (tokens > static_cast<std::size_t>(workspace.tokens_max())) {
    return Error(ErrorCode::kUsage,
                 concat("batch: ", tokens, " tokens are more than the ", workspace.tokens_max(),
                        " of one pass; feed them in several"));
  }
  const auto vocabulary = static_cast<std::size_t>(model.config().vocabulary);
  HEARTH_CHECK(out.logits.size() == rows * vocabulary);
  HEARTH_CHECK(out.blocks.empty() || out.blocks.size() == rows * (vocabulary / kLogitBlock));
  if (model.config().head == Head::kNone) {
    return Error(ErrorCode::kUnsupported,
                 concat("architecture ", model.config().architecture.name,
                        ": has no output head, it predicts no tokens; use it for embeddings"));
  }
  return run_pass(model, pool, workspace, parts, {.logits = out}, interruption);
}

Result<void> forward(const Model& model, ThreadPool& pool, Workspace& workspace,
                     KvSequence& sequence, std::span<const int32_t> tokens, LogitRows rows,
                     std::span<float> logits) {
  const BatchPart part = {sequence, tokens, rows};
  return forward(model, pool, workspace, {&part, 1}, LogitsOut{logits});
}

Result<void> encode(const Model& model, ThreadPool& pool, Workspace& workspace,
                    KvSequence& sequence, std::span<const int32_t> tokens, std::span<float> hidden,
                    std::span<const AdapterUse> adapters) {
  check_tokens(model, tokens);
  HEARTH_CHECK(check_adapters(model, adapters).ok());
  const auto width = static_cast<std::size_t>(model.config().embedding);
  const auto tokens_max = static_cast<std::size_t>(workspace.tokens_max());
  HEARTH_CHECK(sequence.length() == 0);
  HEARTH_CHECK(hidden.size() == tokens.size() * width);
  const bool whole_text = model.config().architecture.visibility == Visibility::kBidirectional;
  if (whole_text && tokens.size() > tokens_max) {
    return Error(ErrorCode::kUsage, concat("text: ", tokens.size(), " tokens are more than the ",
                                           tokens_max, " that fit; shorten it"));
  }
  for (std::size_t begin = 0; begin < tokens.size(); begin += tokens_max) {
    const std::size_t count = std::min(tokens_max, tokens.size() - begin);
    const BatchPart part = {sequence, tokens.subspan(begin, count), LogitRows::kAll, adapters};
    HEARTH_TRY(run_pass(model, pool, workspace, {&part, 1},
                        {.hidden = hidden.subspan(begin * width, count * width)}));
  }
  return {};
}

}  // namespace hearth
