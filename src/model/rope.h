// SPDX-License-Identifier: Apache-2.0
// Rotary position embedding: the angles that a step of one position turns each pair of a head's
// values by, and how scaling changes them. Sources: Su et al. 2021; linear, Chen et al. 2023;
// YaRN, Peng et al. 2023 (arXiv 2309.00071), section 3.2; LongRoPE, Ding et al. 2024.
#pragma once

#include <span>
#include <vector>

#include "model/config.h"

namespace hearth {

struct RopeAngles {
  std::vector<double> radians;  // [values / 2]: a position
  float magnitude = 1.0f;       // factor of cosines and sines
};

// `factors` [values / 2], positive, divides the angles; empty: it does not.
RopeAngles rope_angles(const RopeConfig& rope, std::span<const float> factors);

// Of layers with a window whose base is their own: nothing is scaled.
RopeAngles window_rope_angles(const RopeConfig& rope);

// Writes cosines and sines [values / 2] of `position`.
void rope_turns(const RopeAngles& angles, int32_t position, float* cosines, float* sines);

}  // namespace hearth
