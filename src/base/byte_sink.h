// SPDX-License-Identifier: Apache-2.0
// Where bytes go that are made piece by piece, in order: a file, a hash, a buffer.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "base/function_ref.h"
#include "base/result.h"

namespace hearth {

// Takes the next piece, which is valid during the call. An error stops whoever makes the bytes, and
// is what he returns.
using ByteSink = FunctionRef<Result<void>(std::span<const std::byte>)>;

// Makes bytes: hands all of them to the sink. Errors: the sink's and its own.
using ByteSource = std::function<Result<void>(ByteSink)>;

}  // namespace hearth
