// SPDX-License-Identifier: Apache-2.0
// Gives back the memory of code and constants that only starting needed.
#pragma once

namespace hearth {

// Read-only pages of the program and its libraries leave this process's memory; those that are used
// again come back from the page cache, about a microsecond each. To be called once a model is
// loaded: megabytes of reading, parsing and building are done for good then.
void release_startup_code();

}  // namespace hearth
