// SPDX-License-Identifier: Apache-2.0
// The scratch memory of forward.cc: what all threads share, and what each has for itself.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kernels/kernels.h"
#include "model/batch.h"
#include "model/forward.h"
#include "model/operations.h"
#include "model/rope.h"

namespace hearth {

// How an input is rounded: see Activations.
struct Rounding {
  Precision precision;
  float fine_from = 0.0f;
  bool never_tiles = false;  // not kBfloat for many rows either
};

// Memory for the rounded form of up to `tokens` rows of up to `columns` values.
class ActivationMemory {
 public:
  struct Kinds {
    bool fine = true;      // also that of kInt16
    bool bfloats = false;  // and of kBfloat
  };
  ActivationMemory(int32_t tokens, int32_t columns, Kinds kinds);

  // A view for rows of `columns` (<= those reserved), over `values` [tokens][columns], to be filled
  // by quantize().
  Activations view(Rounding rounding, const float* values, int32_t columns);

 private:
  std::vector<int8_t> codes_;
  std::vector<int8_t> fine_codes_;
  std::vector<ActivationGroup> groups_;
  std::vector<uint16_t> bfloats_;
};

// The rows of `x` from row `first` on.
Activations from_row(Activations x, int32_t first);

// What one thread has for itself.
struct ThreadMemory {
  ThreadMemory(const ModelConfig& config, int32_t tokens_max, int32_t widest, int32_t gate_rows);

  std::vector<float> values;          // [kSelfPreparedTokens][widest]: normalised inputs
  ActivationMemory activations;       // of those
  std::vector<float> residual;        // [kSelfPreparedTokens][embedding]: see Pass::join()
  std::vector<float> sum;             // [embedding]: between residual and norm; a row of a table
  std::vector<float> head;            // [tokens][heads][head_size], tokens * heads <= tokens_max:
                                      // keys or values before the cache
  std::vector<float> gate;            // see GateBlock: tokens_max * gate_rows values
  std::vector<float> up;              // the same
  std::vector<float> scores;          // [attention rows][kAttentionSplit]
  std::vector<int16_t> query_words;   // [attention rows][head_size]
  std::vector<float> partials;        // [attention rows][partial_stride]: of one split
  std::vector<float> folded;          // [attention rows][partial_stride]: of all splits so far
  std::vector<const float*> queries;  // [attention rows]
  std::vector<int32_t> first;         // [attention rows]
  std::vector<int32_t> visible;       // [attention rows]
  OperationTimes operation_ms = {};   // what its operations took, where that is measured
  Clock::time_point lap_start;        // when the operation began that is being measured
};

// The angles of some layers' rotary embedding, and what they come to at the tokens of a pass.
struct RopeMemory {
  RopeMemory(RopeAngles the_angles, int32_t tokens_max);

  RopeAngles angles;
  std::vector<float> cosines;  // [tokens_max][rope.values / 2]
  std::vector<float> sines;    // [tokens_max][rope.values / 2]
};

inline constexpr int32_t kSelfPreparedTokens =
    2;  // up to here each thread rounds all inputs itself: no barrier
inline constexpr int32_t kTilesFrom =
    64;                                   // rows from which on tiles pay: their weights are decoded
inline constexpr int32_t kGateRows = 64;  // rows of gate and up between two activations
inline constexpr int32_t kGateRowsOfTiles =
    256;  // whose first panels nothing hides the decoding of

// What passes with adapters need beside; no memory before the first of them.
struct AdapterMemory {
  std::vector<float> shrunk;  // [places][tokens_max][stride]: products with A
  int32_t stride = 0;
  bool keeps_hidden = false;  // whether Workspace::Memory::hidden is filled in any case
};

struct Workspace::Memory {
  Memory(const Model& model, int32_t thread_count, int32_t context, int32_t tokens);
  // For the batch that was laid out. Errors: kUnavailable (memory).
  Result<void> make_room_for_adapters(const ModelConfig& config);

  int32_t tokens_max;
  bool measured = false;                 // whether passes add to ThreadMemory::operation_ms
  std::optional<ErrorCode> interrupted;  // why the pass ends early: thread 0 writes it, see
                                         // Pass::look_for_interruption()
  int32_t partial_stride;                // floats of one partial attention result
  Batch batch;                           // what the pass computes
  std::vector<float> residual;           // [tokens_max][embedding]
  std::vector<float> branch;   // [tokens_max][embedding]: a sublayer's result; see Pass::join()
  std::vector<float> queries;  // [tokens_max][heads * head_size]
  std::vector<float> inputs;   // [tokens_max][widest input]: of the next product, as floats:
                               // the normalised stream, or what attention yields
  std::vector<float> hidden;   // [tokens_max][feed_forward]: inputs of the down projections that
                               // take floats, or that adapters take part in; else empty
  ActivationMemory rounded_hidden;  // of those that do not
  std::vector<float> partials;      // [shared splits][heads][partial_stride]
  std::vector<RopeMemory> rope;     // the angles of most layers; then those of layers with a window
                                    // where they have their own; none where nothing rotates
  ActivationMemory activations;     // of tokens_max rows
  AdapterMemory adapters;
  std::vector<ThreadMemory> threads;
};

}  // namespace hearth
