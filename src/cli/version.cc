// SPDX-License-Identifier: Apache-2.0
#include "cli/version.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "kernels/isa.h"

namespace hearth {

void print_version(Output& out, bool json) {
  const std::string isa(isa_name(best_isa()));
  if (json) {
    out.write_json({{"version", HEARTH_VERSION}, {"isa", isa}});
  } else {
    out.write(concat("hearth ", HEARTH_VERSION, " (", isa, ")\n"));
  }
}

}  // namespace hearth
