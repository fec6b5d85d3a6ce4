// SPDX-License-Identifier: Apache-2.0
// A table for people: columns as wide as their widest cell, two spaces between, a heading.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hearth {

class Table {
 public:
  explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }

  // As many cells as the heading has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hearth
