// SPDX-License-Identifier: Apache-2.0
#include "page/page.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "page/page_data.h"

namespace hearth {
namespace {

constexpr std::string_view kDocument = "index.html";

std::string_view content_type(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {
      {{".html", "text/html; charset=utf-8"},
       {".css", "text/css; charset=utf-8"},
       {".js", "text/javascript; charset=utf-8"},
       {".svg", "image/svg+xml"},
       {".yaml", "application/yaml"}}};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  HEARTH_CHECK(false);
  return {};
}

}  // namespace

std::optional<PageFile> find_page_file(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const std::string_view name = path.empty() ? kDocument : path;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name == name) return PageFile{content_type(name), file.content, file.etag};
  }
  return std::nullopt;
}

}  // namespace hearth
