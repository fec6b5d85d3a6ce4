// SPDX-License-Identifier: Apache-2.0
#include "format/mapped_gguf.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/strings.h"
#include "base/xxh64.h"

namespace hearth {
namespace {

Error misplaced(std::string_view name, const GgufSplit& split,
                const std::optional<std::string>& first) {
  const std::string what = concat(printable(name, 300), ": this is part ", split.index + 1, " of ",
                                  split.count, " of a split model; ");
  if (first.has_value() && split.index > 0) {
    return Error(ErrorCode::kUsage, concat(what, "name the first, ", printable(*first, 300)));
  }
  return Error(ErrorCode::kUsage,
               concat(what,
                      "its parts are found by their names: name the one that ends in "
                      "-00001-of-",
                      std::string(5 - std::min<std::size_t>(5, concat(split.count).size()), '0'),
                      split.count, ".gguf, beside the others (the store keeps whole files only)"));
}

Result<MappedGguf::Part> open_part(const std::filesystem::path& path, uint64_t index,
                                   uint64_t count) {
  auto file = MappedFile::open(path);
  const std::string name = path.string();
  if (file.ok()) return MappedGguf::Part{name, std::move(file).value()};
  if (file.error().code() != ErrorCode::kNotFound) return file.error();
  return Error(ErrorCode::kNotFound,
               concat(printable(name, 300), ": part ", index + 1, " of ", count,
                      " of the model is missing; fetch it into the same folder"));
}

}  // namespace

Result<MappedGguf> MappedGguf::open(const std::filesystem::path& path, std::string_view name) {
  MappedGguf opened;
  HEARTH_ASSIGN(MappedFile first, MappedFile::open(path));
  opened.parts.push_back({std::string(name), std::move(first)});
  HEARTH_ASSIGN(opened.gguf, GgufFile::parse(opened.parts[0].file.bytes(), name));
  HEARTH_ASSIGN(const auto split, opened.gguf.split());
  if (!split.has_value()) return opened;

  const std::string file_name = path.filename().string();
  const auto first_name = gguf_part_name(file_name, *split, 0);
  if (split->index != 0 || !first_name.has_value()) return misplaced(name, *split, first_name);
  std::vector<GgufFile> files;
  files.push_back(std::move(opened.gguf));
  for (uint64_t index = 1; index < split->count; ++index) {
    const std::string part_name = gguf_part_name(file_name, *split, index).value();
    HEARTH_ASSIGN(Part part, open_part(path.parent_path() / part_name, index, split->count));
    HEARTH_ASSIGN(GgufFile file, GgufFile::parse(part.file.bytes(), part.name));
    files.push_back(std::move(file));
    opened.parts.push_back(std::move(part));
  }
  HEARTH_ASSIGN(opened.gguf, GgufFile::join(std::move(files)));
  return opened;
}

std::size_t MappedGguf::bytes() const {
  std::size_t total = 0;
  for (const Part& part : parts) total += part.file.bytes().size();
  return total;
}

uint64_t MappedGguf::identity() const {
  Xxh64 hash;
  for (const Part& part : parts) hash.update(std::as_bytes(std::span(&part.file.identity(), 1)));
  return hash.digest();
}

void MappedGguf::drop(std::span<const std::byte> range) const {
  const std::less<const std::byte*> before;
  for (const Part& part : parts) {
    const std::span<const std::byte> all = part.file.bytes();
    const std::byte* begin = std::max(range.data(), all.data(), before);
    const std::byte* end = std::min(range.data() + range.size(), all.data() + all.size(), before);
    if (before(begin, end)) part.file.drop({begin, end});
  }
}

}  // namespace hearth
