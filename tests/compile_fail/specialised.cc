// SPDX-License-Identifier: Apache-2.0
// CASE 1 gives Declassified<std::string> another body, which must not compile.
#include <string>

#include "guard/declassified.h"

#if CASE == 1
template <>
class hearth::Declassified<std::string> {
 public:
  Declassified(std::string) {}
};
#elif CASE != 0
#error "no such case"
#endif
