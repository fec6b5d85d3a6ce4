// SPDX-License-Identifier: Apache-2.0
#include "template/json_value.h"

#include <utility>

namespace hearth {

using Json = nlohmann::ordered_json;

TemplateValue template_value(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return {value.get<bool>()};
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return {value.get<int64_t>()};
    case Json::value_t::number_float:
      return {value.get<double>()};
    case Json::value_t::string:
      return {value.get<std::string>()};
    case Json::value_t::array: {
      TemplateArray items;
      for (const Json& item : value) items.push_back(template_value(item));
      return {std::move(items)};
    }
    case Json::value_t::object: {
      TemplateObject members;
      for (const auto& [name, of] : value.items()) members.push_back({name, template_value(of)});
      return {std::move(members)};
    }
    default:
      return {};
  }
}

}  // namespace hearth
