// SPDX-License-Identifier: Apache-2.0
// Whether two branches of oneOf exclude each other, for what a grammar writes of them.
#pragma once

#include "grammar/schema_reader.h"

namespace hearth {

// Whether no value that is written for `written` is valid by `other`. False where it is not plain:
// what tells two schemas apart is their types, the values of enum and const, and the properties
// that one requires and the other excludes or has with other values.
bool written_never_fits(const Schema& written, const Schema& other);

}  // namespace hearth
