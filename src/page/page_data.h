// SPDX-License-Identifier: Apache-2.0
// What embed.cmake writes: the files by name.
#pragma once

#include <span>
#include <string_view>

namespace hearth {

struct EmbeddedFile {
  std::string_view name;  // "chat.js"
  std::string_view content;
  std::string_view etag;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace hearth
