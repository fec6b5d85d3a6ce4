// SPDX-License-Identifier: Apache-2.0
// The values that a chat template computes with: JSON's, with objects that keep their order.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hearth {

struct TemplateValue;
using TemplateArray = std::vector<TemplateValue>;
using TemplateObject = std::vector<std::pair<std::string, TemplateValue>>;

struct TemplateValue {
  std::variant<std::monostate, bool, int64_t, double, std::string, TemplateArray, TemplateObject>
      value;
};

}  // namespace hearth
