// SPDX-License-Identifier: Apache-2.0
// The values that a chat template computes with: JSON's, with objects that keep their order.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace hearth {

struct TemplateMember;
struct TemplateValue;
using TemplateArray = std::vector<TemplateValue>;
using TemplateObject = std::vector<TemplateMember>;  // no name twice

struct TemplateValue {
  std::variant<std::monostate, bool, int64_t, double, std::string, TemplateArray, TemplateObject>
      value;
};

struct TemplateMember {
  std::string name;
  TemplateValue value;
};

}  // namespace hearth
