// SPDX-License-Identifier: Apache-2.0
// The web page: its files, which lie in files/ and are bytes of the binary.
//
// Ownership: everything lives as long as the program. Threading: any thread.
#pragma once

#include <optional>
#include <string_view>

namespace hearth {

struct PageFile {
  std::string_view content_type;
  std::string_view content;
  std::string_view etag;  // in its quotes; another one where the content is another
};

// By the path of a request: "/" is the document, "/chat.js" is files/chat.js.
std::optional<PageFile> find_page_file(std::string_view path);

}  // namespace hearth
