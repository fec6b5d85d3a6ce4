// SPDX-License-Identifier: Apache-2.0
#include "route/isotonic.h"

#include <algorithm>

namespace hearth {
namespace {

struct Pool {
  double count;
  double sum_x;
  double sum_y;

  double y() const { return sum_y / count; }
};

}  // namespace

double IsotonicLine::at(double value) const {
  const auto above = std::lower_bound(x.begin(), x.end(), value);
  if (above == x.begin()) return y.front();
  if (above == x.end()) return y.back();
  const auto i = static_cast<std::size_t>(above - x.begin());
  const double share = (value - x[i - 1]) / (x[i] - x[i - 1]);
  return y[i - 1] + share * (y[i] - y[i - 1]);
}

IsotonicLine fit_isotonic(std::vector<IsotonicPoint> points) {
  std::sort(points.begin(), points.end(),
            [](const IsotonicPoint& a, const IsotonicPoint& b) { return a.x < b.x; });
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < points.size();) {
    Pool pool{0.0, 0.0, 0.0};
    for (const double x = points[i].x; i < points.size() && points[i].x == x; ++i) {
      pool = {pool.count + 1.0, pool.sum_x + x, pool.sum_y + points[i].y};
    }
    while (!pools.empty() && pools.back().y() >= pool.y()) {
      pool = {pool.count + pools.back().count, pool.sum_x + pools.back().sum_x,
              pool.sum_y + pools.back().sum_y};
      pools.pop_back();
    }
    pools.push_back(pool);
  }
  IsotonicLine line;
  for (const Pool& pool : pools) {
    line.x.push_back(pool.sum_x / pool.count);
    line.y.push_back(pool.y());
  }
  return line;
}

}  // namespace hearth
