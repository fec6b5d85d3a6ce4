// SPDX-License-Identifier: Apache-2.0
// JSON as what chat templates read. Threading: pure.
#pragma once

#include <nlohmann/json.hpp>

#include "template/value.h"

namespace hearth {

TemplateValue template_value(const nlohmann::ordered_json& value);

}  // namespace hearth
