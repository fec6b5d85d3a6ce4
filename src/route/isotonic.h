// SPDX-License-Identifier: Apache-2.0
// A rising line through points, the closest there is in squares: pool adjacent violators (Ayer et
// al. 1955). It makes a score with the right order into a probability.
//
// Threading: values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hearth {

struct IsotonicLine {
  // Knots, both rising. Between them the line is straight, beyond them flat. Not empty.
  std::vector<double> x;
  std::vector<double> y;

  double at(double value) const;
};

struct IsotonicPoint {
  double x;
  double y;
};

// Points in any order, not empty. Each pool of points is a knot at its mean.
IsotonicLine fit_isotonic(std::vector<IsotonicPoint> points);

}  // namespace hearth
