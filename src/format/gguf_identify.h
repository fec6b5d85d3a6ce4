// SPDX-License-Identifier: Apache-2.0
// Words for what a file is when it is not a GGUF file that hearth reads, so that an error can say
// more than a number. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hearth {

// What people put in a GGUF file's place, told from its first bytes, with what to do about it;
// empty where nothing is recognised.
std::string_view identify_impostor(std::span<const std::byte> bytes);

// The name of a tensor type that GGUF files may hold and hearth does not know; empty for any other.
std::string_view unsupported_type_name(uint32_t gguf_type_id);

// The names of all that hearth knows, separated by spaces.
std::string supported_type_names();

}  // namespace hearth
