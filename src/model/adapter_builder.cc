// SPDX-License-Identifier: Apache-2.0
#include "model/adapter_builder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/strings.h"
#include "model/adapter_factor.h"

namespace hearth {
namespace {

uint64_t next_version() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

// Which row of a checkpoint becomes row `row`: rows (0, 1), (2, 3), ... of a head are pairs in
// GGUF's files of such models; in the checkpoint a pair stands half a head apart.
int32_t paired_row(int32_t row, int32_t head_size) {
  const int32_t place = row % head_size;
  return row - place + place % 2 * (head_size / 2) + place / 2;
}

constexpr std::size_t kAlignment = 64;
std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Calls visit(matrix) for each in the order in which a pass reads them.
template <typename Visit>
void visit_matrices(AdapterLayer& layer, Visit visit) {
  visit(layer.attention_in);
  for (AdapterTarget* target : {&layer.query, &layer.key, &layer.value}) visit(target->expand);
  visit(layer.attention_out_in);
  visit(layer.attention_out.expand);
  visit(layer.mlp_in);
  for (AdapterTarget* target : {&layer.gate, &layer.up}) visit(target->expand);
  visit(layer.down_in);
  visit(layer.down.expand);
}

}  // namespace

// Memory for all matrices, and each one's place in it.
Result<void> AdapterBuilder::lay_out() {
  std::size_t bytes = 0;
  for (AdapterLayer& layer : layers_)
    visit_matrices(layer, [&](const auto& matrix) { bytes += aligned(matrix.bytes()); });
  HEARTH_ASSIGN(adapter_->memory_, Buffer::create(bytes, PageHint::kHuge));
  const std::byte* next = adapter_->memory_.data();
  for (AdapterLayer& layer : layers_) {
    visit_matrices(layer, [&](auto& matrix) {
      matrix.data = next;
      next += aligned(matrix.bytes());
    });
    for (const auto shrink : {&AdapterLayer::attention_in, &AdapterLayer::attention_out_in,
                              &AdapterLayer::mlp_in, &AdapterLayer::down_in}) {
      adapter_->shrink_rows_max_ =
          std::max(adapter_->shrink_rows_max_, (layer.*shrink).blocks() * kShrinkRows);
    }
    adapter_->adapts_down_ |= layer.down.expand.rows > 0;
  }
  return {};
}

// Where `data`, which lies in the adapter's memory, can be written.
std::byte* AdapterBuilder::writable(const std::byte* data) const {
  return adapter_->memory_.data() + (data - adapter_->memory_.data());
}

Result<void> AdapterBuilder::add(const LoraPair& pair, float factor) {
  HEARTH_ASSIGN(AdaptedModule module, find_module(file_, pair, model_));
  AdapterLayer& layer = layers_[static_cast<std::size_t>(module.layer)];
  ShrinkMatrix& shrink = layer.*module.shrink;
  for (const AdaptedMatrix& matrix : module.matrices) {
    AdapterTarget& target = layer.*matrix.target;
    if (target.expand.rows > 0) {
      return Error(ErrorCode::kCorrupt,
                   concat(file_.name, ": ", printable(pair.module, 200),
                          ": is adapted under another name, too; fetch the adapter again"));
    }
    const auto& weights = model_.weights().layers[static_cast<std::size_t>(module.layer)];
    target.first = shrink.rows;
    target.expand = {type(), (weights.*matrix.weights).rows, pair.rank()};
  }
  parts_.push_back({&pair, std::move(module), factor, shrink.rows});
  shrink = {type(), shrink.rows + pair.rank(), pair.a.columns};
  return {};
}

// Rows [first_row, ...) of `b`, those of one matrix, in GGUF's order and times the factor.
void AdapterBuilder::pack_rows(const Part& part, const AdaptedMatrix& matrix,
                               std::span<const float> b, int32_t first_row) {
  const ModelConfig& config = model_.config();
  const AdapterLayer& layer = layers_[static_cast<std::size_t>(part.module.layer)];
  const ExpandMatrix& expand = (layer.*matrix.target).expand;
  const bool is_paired = matrix.paired == PairedRows::kOfHeads &&
                         file_.names == LoraNames::kCheckpoint &&
                         config.architecture.rope_pairs == RopePairs::kAdjacent;
  const auto rank = static_cast<std::size_t>(expand.rank);
  std::vector<float> values(static_cast<std::size_t>(expand.rows) * rank);
  for (int32_t row = 0; row < expand.rows; ++row) {
    const int32_t from = first_row + (is_paired ? paired_row(row, config.head_size) : row);
    for (std::size_t i = 0; i < rank; ++i) {
      values[static_cast<std::size_t>(row) * rank + i] =
          part.factor * b[static_cast<std::size_t>(from) * rank + i];
    }
  }
  pack_expand(expand, values, writable(expand.data));
}

Result<void> AdapterBuilder::pack(const Part& part) {
  const AdapterLayer& layer = layers_[static_cast<std::size_t>(part.module.layer)];
  const auto with_context = [&](const Error& error) {
    return Error(error).with_context(file_.name);
  };
  const auto a = part.pair->a.values();
  if (!a.ok()) return with_context(a.error());
  const auto b = part.pair->b.values();
  if (!b.ok()) return with_context(b.error());
  const auto peak = std::max_element(b->begin(), b->end(),
                                     [](float x, float y) { return std::fabs(x) < std::fabs(y); });
  if (!std::isfinite(part.factor * *peak)) {
    return Error(ErrorCode::kCorrupt,
                 concat(file_.name, ": ", printable(part.pair->module, 200), ": times ",
                        part.factor, " its values are no numbers; fetch the adapter again"));
  }
  const ShrinkMatrix& shrink = layer.*part.module.shrink;
  pack_shrink_rows(shrink, part.first, *a, writable(shrink.data));
  int32_t first_row = 0;
  for (const AdaptedMatrix& matrix : part.module.matrices) {
    pack_rows(part, matrix, *b, first_row);
    first_row += (layer.*matrix.target).expand.rows;
  }
  return {};
}

Result<std::shared_ptr<const Adapter>> AdapterBuilder::build(const PeftConfig* config) {
  layers_.resize(model_.weights().layers.size());
  for (const LoraPair& pair : file_.pairs) {
    double factor = file_.alpha ? *file_.alpha / pair.rank() : 1.0;
    if (config != nullptr) {
      HEARTH_ASSIGN(factor, lora_factor(*config, file_, pair));
    }
    HEARTH_TRY(add(pair, static_cast<float>(factor)));
  }
  adapter_ = std::shared_ptr<Adapter>(new Adapter());
  HEARTH_TRY(lay_out());
  for (const Part& part : parts_) {
    HEARTH_TRY(pack(part));
    adapter_->rank_ = std::max(adapter_->rank_, part.pair->rank());
  }
  adapter_->layers_ = std::move(layers_);
  adapter_->modules_ = static_cast<int32_t>(parts_.size());
  adapter_->model_version_ = model_.version();
  adapter_->version_ = next_version();
  return std::shared_ptr<const Adapter>(std::move(adapter_));
}

}  // namespace hearth
