// SPDX-License-Identifier: Apache-2.0
#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hearth {
namespace {

std::vector<double> plain_radians(const RopeConfig& rope, float base) {
  std::vector<double> radians(static_cast<std::size_t>(rope.values / 2));
  for (std::size_t i = 0; i < radians.size(); ++i)
    radians[i] = std::pow(static_cast<double>(base), -2.0 * static_cast<double>(i) / rope.values);
  return radians;
}

// The pair, as a fraction, that turns so many times within the original context.
double pair_of_turns(const RopeConfig& rope, double turns) {
  return rope.values * std::log(rope.original_context / (turns * 2.0 * std::numbers::pi)) /
         (2.0 * std::log(static_cast<double>(rope.base)));
}

// YaRN's "NTK by parts": from the pair `low` on down to `high`, the division sets in.
void scale_by_parts(const RopeConfig& rope, std::vector<double>& radians) {
  const double low = std::max(std::floor(pair_of_turns(rope, rope.yarn_fast)), 0.0);
  double high = std::min(std::ceil(pair_of_turns(rope, rope.yarn_slow)), rope.values - 1.0);
  if (high == low) high += 0.001;
  for (std::size_t i = 0; i < radians.size(); ++i) {
    const double share = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    radians[i] *= share / rope.factor + (1.0 - share);
  }
}

}  // namespace

RopeAngles rope_angles(const RopeConfig& rope, std::span<const float> factors) {
  RopeAngles angles = {plain_radians(rope, rope.base), rope.magnitude};
  if (rope.scaling == RopeScaling::kYarn) {
    scale_by_parts(rope, angles.radians);
  } else if (rope.factor != 1.0f) {
    for (double& radians : angles.radians) radians /= rope.factor;
  }
  for (std::size_t i = 0; i < factors.size(); ++i) angles.radians[i] /= factors[i];
  return angles;
}

RopeAngles window_rope_angles(const RopeConfig& rope) {
  return {plain_radians(rope, rope.window_base), 1.0f};
}

void rope_turns(const RopeAngles& angles, int32_t position, float* cosines, float* sines) {
  for (std::size_t i = 0; i < angles.radians.size(); ++i) {
    const double angle = position * angles.radians[i];
    cosines[i] = static_cast<float>(std::cos(angle)) * angles.magnitude;
    sines[i] = static_cast<float>(std::sin(angle)) * angles.magnitude;
  }
}

}  // namespace hearth
