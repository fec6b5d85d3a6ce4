// SPDX-License-Identifier: Apache-2.0
// What a PEFT adapter's products are multiplied by, module by module. Internal to the folder.
//
// Threading: pure functions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "format/lora_file.h"
#include "format/peft_config.h"

namespace hearth {

// alpha / rank, or by the square root of it, of the module of `pair`. Errors: kCorrupt (the
// matrices have another rank than the settings say: both), kUnsupported (a pattern that hearth
// cannot read: named).
Result<double> lora_factor(const PeftConfig& config, const LoraFile& file, const LoraPair& pair);

}  // namespace hearth
