// SPDX-License-Identifier: Apache-2.0
// The one place that says what each ErrorCode means outside: process exit status and
// machine-readable name.
#pragma once

#include <string_view>

#include "base/result.h"

namespace hearth {

// Exit status of a process that ends with this error (the table of docs/guide/commands.md).
int exit_status(ErrorCode code);

// HTTP status of a response that carries this error.
int http_status(ErrorCode code);

// Stable lower-case name, as printed in {"error":{"code": ...}}.
std::string_view code_name(ErrorCode code);

}  // namespace hearth
