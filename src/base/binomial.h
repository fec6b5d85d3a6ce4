// SPDX-License-Identifier: Apache-2.0
// How large a share can be of which a sample has shown some cases: the bounds of Clopper and
// Pearson (1934), which hold for every true share and every size of sample.
//
// Threading: pure functions.
#pragma once

#include <cstdint>

namespace hearth {

// Regularised incomplete beta function I_x(a, b), a and b positive, x in 0..1: the continued
// fraction of Lentz (Numerical Recipes 6.4), to about 1e-14.
double incomplete_beta(double a, double b, double x);

// Probability of at most `cases` among `count` where each happens with probability `share`.
double binomial_cdf(int64_t cases, int64_t count, double share);

// One-sided bounds of the true share, each of which holds with probability `confidence` (0..1, ends
// excluded). With no sample (count 0) they are 1 and 0.
double share_upper_bound(int64_t cases, int64_t count, double confidence);
double share_lower_bound(int64_t cases, int64_t count, double confidence);

// Both ends: what lies between holds with probability `level` at least.
struct ShareInterval {
  double low = 0.0;
  double high = 1.0;
};
ShareInterval share_interval(int64_t cases, int64_t count, double level);

}  // namespace hearth
