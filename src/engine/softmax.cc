// SPDX-License-Identifier: Apache-2.0
#include "engine/softmax.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numbers>

namespace hearth {
namespace {

// Compiler vectors of one 128-bit register: SSE2 and NEON have them without asking.
typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4 __attribute__((vector_size(16)));

constexpr std::size_t kLanes = 4;
constexpr std::size_t kUnroll = 4;               // vectors in flight, to hide the latency of exp
constexpr std::size_t kStep = kLanes * kUnroll;  // values of one round
constexpr std::size_t kRun = 32 * kStep;  // values that are summed in float before going to double
constexpr float kLog2E = std::numbers::log2e_v<float>;
constexpr float kNegativeInfinity = -std::numeric_limits<float>::infinity();

Float4 load(const float* from) {
  Float4 to;
  std::memcpy(&to, from, sizeof to);
  return to;
}

void store(Float4 from, float* to) { std::memcpy(to, &from, sizeof from); }

Float4 broadcast(float value) { return Float4{value, value, value, value}; }

// 2^y for y <= 0; 0 below -127. NaN stays NaN. y = n + f with |f| <= 1/2; 2^f by the polynomial of
// degree 5 with p(0) = 1 whose largest relative error there is least, 9.1e-8 (found by Lawson's
// iteration).
inline Float4 exp2_nonpositive(Float4 y) {
  constexpr float kRound =
      0x1.8p23f;  // adding it leaves the nearest integer in the mantissa's low bits
  y = -127.0f > y ? broadcast(-127.0f) : y;
  const Float4 shifted = y + kRound;
  const Float4 f = y - (shifted - kRound);
  Float4 sum = f * 0x1.5bba14p-10f + 0x1.3cea88p-7f;
  sum = sum * f + 0x1.c6b752p-5f;
  sum = sum * f + 0x1.ebf9bcp-3f;
  sum = sum * f + 0x1.62e42ap-1f;
  sum = sum * f + 1.0f;
  const Int4 power = (std::bit_cast<Int4>(shifted) + 127) << 23;  // 2^n; n = -127 gives 0
  return sum * std::bit_cast<Float4>(power);
}

double sum_lanes(Float4 lanes) {
  return (static_cast<double>(lanes[0]) + lanes[1]) + (static_cast<double>(lanes[2]) + lanes[3]);
}

// The sum of the lanes of term(i) over i = 0, 4, 8, ... below `count`, which is a multiple of four.
template <typename Term>
double sum_terms(std::size_t count, Term term) {
  double sum = 0.0;
  for (std::size_t begin = 0; begin < count; begin += kRun) {
    const std::size_t end = std::min(begin + kRun, count);
    Float4 part0 = {};  // four names and no array: GCC 12 keeps these in registers at -O2
    Float4 part1 = {};
    Float4 part2 = {};
    Float4 part3 = {};
    std::size_t i = begin;
    for (; i + kStep <= end; i += kStep) {
      part0 += term(i);
      part1 += term(i + kLanes);
      part2 += term(i + 2 * kLanes);
      part3 += term(i + 3 * kLanes);
    }
    for (; i < end; i += kLanes) part0 += term(i);
    sum += sum_lanes((part0 + part1) + (part2 + part3));
  }
  return sum;
}

// How many values of a row fill whole vectors.
std::size_t whole_vectors(std::span<const float> row) { return row.size() / kLanes * kLanes; }

// The values behind those, filled up with -infinity, whose exp is 0.
Float4 load_tail(std::span<const float> row) {
  const std::size_t begin = whole_vectors(row);
  Float4 lanes = broadcast(kNegativeInfinity);
  if (begin < row.size()) {
    std::memcpy(&lanes, row.data() + begin, (row.size() - begin) * sizeof(float));
  }
  return lanes;
}

}  // namespace

float max_logit(std::span<const float> logits) {
  Float4 best0 = broadcast(kNegativeInfinity);
  Float4 best1 = best0;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= logits.size(); i += 2 * kLanes) {
    const Float4 x0 = load(logits.data() + i);
    const Float4 x1 = load(logits.data() + i + kLanes);
    best0 = x0 > best0 ? x0 : best0;
    best1 = x1 > best1 ? x1 : best1;
  }
  best0 = best1 > best0 ? best1 : best0;
  float largest = std::max(std::max(best0[0], best0[1]), std::max(best0[2], best0[3]));
  for (; i < logits.size(); ++i) largest = logits[i] > largest ? logits[i] : largest;
  return largest;
}

std::size_t argmax_logit(std::span<const float> logits) {
  const auto found = std::find(logits.begin(), logits.end(), max_logit(logits));
  return found == logits.end() ? 0 : static_cast<std::size_t>(found - logits.begin());
}

std::size_t find_at_least(std::span<const float> values, std::size_t from, float bound) {
  std::size_t i = from;
  if (i < values.size() && values[i] >= bound) return i;  // quick where most values are
  for (; i + kStep <= values.size(); i += kStep) {
    const float* x = values.data() + i;
    const Int4 reached = (load(x) >= bound) | (load(x + kLanes) >= bound) |
                         (load(x + 2 * kLanes) >= bound) | (load(x + 3 * kLanes) >= bound);
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(reached);
    if ((halves[0] | halves[1]) != 0) break;
  }
  while (i < values.size() && !(values[i] >= bound)) ++i;
  return i;
}

double sum_exp(std::span<const float> logits, float max) {
  const double sum = sum_terms(whole_vectors(logits), [&](std::size_t i) {
    return exp2_nonpositive((load(logits.data() + i) - max) * kLog2E);
  });
  return sum + sum_lanes(exp2_nonpositive((load_tail(logits) - max) * kLog2E));
}

double log_sum_exp(std::span<const float> logits, float max) {
  return max + std::log(sum_exp(logits, max));
}

double exp_weights(std::span<const float> logits, float max, float scale,
                   std::span<float> weights) {
  scale *= kLog2E;
  const std::size_t whole = whole_vectors(logits);
  const double sum = sum_terms(whole, [&](std::size_t i) {
    const Float4 weight = exp2_nonpositive((load(logits.data() + i) - max) * scale);
    store(weight, weights.data() + i);
    return weight;
  });
  const Float4 tail = exp2_nonpositive((load_tail(logits) - max) * scale);
  for (std::size_t i = whole; i < logits.size(); ++i) weights[i] = tail[i - whole];
  return sum + sum_lanes(tail);
}

double kl_divergence(std::span<const float> reference, std::span<const float> model) {
  const float max = max_logit(reference);
  const double reference_log_sum = log_sum_exp(reference, max);
  const double log_sum_difference = reference_log_sum - log_sum_exp(model, max_logit(model));
  // A term is exp(reference - max) times the difference of the two log-probabilities, which is
  // small where the rows are alike: nothing large cancels. A token that the reference excludes adds
  // 0, as the limit of p log p does.
  const auto term = [&](Float4 reference_logits, Float4 model_logits) {
    const Float4 weight = exp2_nonpositive((reference_logits - max) * kLog2E);
    const Float4 difference =
        (reference_logits - model_logits) - static_cast<float>(log_sum_difference);
    return weight > 0.0f ? weight * difference : broadcast(0.0f);
  };
  const double sum = sum_terms(whole_vectors(reference), [&](std::size_t i) {
    return term(load(reference.data() + i), load(model.data() + i));
  });
  const double all = sum + sum_lanes(term(load_tail(reference), load_tail(model)));
  return all / std::exp(reference_log_sum - max);
}

}  // namespace hearth
