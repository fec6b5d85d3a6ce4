// SPDX-License-Identifier: Apache-2.0
#include "evaluate/edit_distance.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "evaluate/text_words.h"

namespace hearth {
namespace {

std::size_t distance(std::span<const char32_t> a, std::span<const char32_t> b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  return distance(code_points(a), code_points(b));
}

double edit_similarity(std::string_view a, std::string_view b) {
  const auto points_a = code_points(a);
  const auto points_b = code_points(b);
  const std::size_t longer = std::max(points_a.size(), points_b.size());
  if (longer == 0) return 1.0;
  return 1.0 - static_cast<double>(distance(points_a, points_b)) / static_cast<double>(longer);
}

}  // namespace hearth
