// SPDX-License-Identifier: Apache-2.0
// Two steps: each group of 16 or 32 gets the scale (and min) that serve it best, by weighted least
// squares over several ways to round; then those are rounded to multiples of the superblock's, and
// the codes to what is left.
#include "tensor/quantize_k.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tensor/half.h"
#include "tensor/k_block.h"

namespace hearth {
namespace {

// x ~ scale * code - min
struct Fit {
  float scale = 0.0f;
  float min = 0.0f;
};

int round_to(float x, int least, int most) {
  return std::clamp(static_cast<int>(std::lrint(x)), least, most);
}

// Types without mins: codes from -zero up. Large values weigh more (x^2), as they do in the
// products that the weights go into. The peak is tried at 19 places around -zero.
Fit fit_scale(const float* x, const KFormat& format) {
  constexpr int kTries = 9;
  const float peak = *std::max_element(x, x + format.group_values,
                                       [](float a, float b) { return std::abs(a) < std::abs(b); });
  if (std::abs(peak) < 1e-15f) return {};
  Fit best;
  float best_gain = 0.0f;
  for (int i = -kTries; i <= kTries; ++i) {
    const float inverse = -(static_cast<float>(format.zero) + 0.1f * static_cast<float>(i)) / peak;
    float value_by_level = 0.0f;
    float level_squared = 0.0f;
    for (int j = 0; j < format.group_values; ++j) {
      const auto level =
          static_cast<float>(round_to(x[j] * inverse, -format.zero, format.code_max - format.zero));
      const float weight = x[j] * x[j];
      value_by_level += weight * x[j] * level;
      level_squared += weight * level * level;
    }
    // With the best scale for these levels the squared error falls by this much.
    if (level_squared <= 0.0f) continue;
    const float gain = value_by_level * value_by_level / level_squared;
    if (gain <= best_gain) continue;
    best_gain = gain;
    best.scale = value_by_level / level_squared;
  }
  return best;
}

// Sums that the best line through (code, x) follows from.
struct LineSums {
  float weight = 0, code = 0, code_squared = 0, x = 0, x_by_code = 0;

  // min is not negative: the formats only subtract.
  Fit fit() const {
    const float determinant = weight * code_squared - code * code;
    if (determinant <= 0.0f) return {};
    const float offset = (code_squared * x - code * x_by_code) / determinant;
    if (offset > 0.0f) return {x_by_code / code_squared, 0.0f};
    return {(weight * x_by_code - x * code) / determinant, -offset};
  }
};

// Types with mins. The range is tried at 21 widths around that of the values.
Fit fit_line(const float* x, const KFormat& format) {
  constexpr int kTries = 20;
  const int count = format.group_values;
  float squares = 0.0f;
  for (int j = 0; j < count; ++j) squares += x[j] * x[j];
  const float typical = std::sqrt(squares / static_cast<float>(count));
  const auto weight_of = [&](float value) { return typical + std::abs(value); };
  const float least = std::min(0.0f, *std::min_element(x, x + count));
  const float most = *std::max_element(x, x + count);
  if (most - least < 1e-15f) return {0.0f, -least};
  const auto code_max = static_cast<float>(format.code_max);
  Fit best;
  float best_error = INFINITY;
  for (int i = 0; i <= kTries; ++i) {
    const float codes = code_max - 1.0f + 0.1f * static_cast<float>(i);
    const float inverse = std::max(codes, 0.5f) / (most - least);
    float levels[32];
    LineSums sums;
    for (int j = 0; j < count; ++j) {
      levels[j] = static_cast<float>(round_to((x[j] - least) * inverse, 0, format.code_max));
      const float weight = weight_of(x[j]);
      sums.weight += weight;
      sums.code += weight * levels[j];
      sums.code_squared += weight * levels[j] * levels[j];
      sums.x += weight * x[j];
      sums.x_by_code += weight * x[j] * levels[j];
    }
    const Fit fit = sums.fit();
    float error = 0.0f;
    for (int j = 0; j < count; ++j) {
      const float off = fit.scale * levels[j] - fit.min - x[j];
      error += weight_of(x[j]) * off * off;
    }
    if (error >= best_error) continue;
    best_error = error;
    best = fit;
  }
  return best;
}

// The superblock's scale, such that the group's scales are whole multiples of it within the type's
// range: the largest in magnitude becomes scale_max, or scale_min where the type has signed ones.
float scale_of_scales(const Fit* fits, int groups, const KFormat& format) {
  const Fit* largest = std::max_element(fits, fits + groups, [](const Fit& a, const Fit& b) {
    return std::abs(a.scale) < std::abs(b.scale);
  });
  const int limit = format.scale_min < 0 ? format.scale_min : format.scale_max;
  return largest->scale / static_cast<float>(limit);
}

float rounded_half(float x, uint16_t& bits) {
  bits = float_to_half(x);
  return half_to_float(bits);
}

}  // namespace

void quantize_k_block(DType dtype, const float* x, std::byte* out) {
  const KFormat& format = k_format(dtype);
  const int groups = kSuperblock / format.group_values;
  const bool has_min = format.min_max > 0;
  Fit fits[16];
  float min_most = 0.0f;
  for (int g = 0; g < groups; ++g) {
    const float* values = x + g * format.group_values;
    fits[g] = has_min ? fit_line(values, format) : fit_scale(values, format);
    min_most = std::max(min_most, fits[g].min);
  }
  KBlock parts{};
  const float scale = rounded_half(scale_of_scales(fits, groups, format), parts.scale);
  float min = 0.0f;
  if (has_min) min = rounded_half(min_most / static_cast<float>(format.min_max), parts.min);
  for (int g = 0; g < groups; ++g) {
    const int multiple =
        scale != 0.0f ? round_to(fits[g].scale / scale, format.scale_min, format.scale_max) : 0;
    const int min_multiple = min != 0.0f ? round_to(fits[g].min / min, 0, format.min_max) : 0;
    parts.scales[g] = static_cast<int8_t>(multiple);
    parts.mins[g] = static_cast<uint8_t>(min_multiple);
    const float step = scale * static_cast<float>(multiple);
    const float offset = min * static_cast<float>(min_multiple);
    for (int j = g * format.group_values; j < (g + 1) * format.group_values; ++j) {
      const float level = step != 0.0f ? (x[j] + offset) / step : 0.0f;
      parts.codes[j] = static_cast<uint8_t>(
          format.zero + round_to(level, -format.zero, format.code_max - format.zero));
    }
  }
  write_k_block(dtype, parts, out);
}

}  // namespace hearth
