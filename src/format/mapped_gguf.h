// SPDX-License-Identifier: Apache-2.0
// A model on disk: its one GGUF file, or all parts of a split one, mapped and validated.
//
// Ownership: move-only; `gguf` borrows the mappings, which move with it. Threading: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "format/gguf.h"

namespace hearth {

struct MappedGguf {
  struct Part {
    std::string name;  // what errors call it
    MappedFile file;
  };

  std::vector<Part> parts;  // one, or in the order of split.no
  GgufFile gguf;

  // `path` is a whole file, or the first part of a split model, beside which the others lie as
  // NAME-00002-of-00003.gguf and so on. `name` is what errors call it. Errors: those of
  // MappedFile::open, GgufFile::parse and GgufFile::join for each part; kNotFound (a part is
  // missing: names it); kUsage (`path` is a later part: names the first; or a first part under
  // another name).
  static Result<MappedGguf> open(const std::filesystem::path& path, std::string_view name);

  // Of all parts.
  std::size_t bytes() const;
  // XXH64 of what tells the files of all parts from others, and from later states of themselves.
  uint64_t identity() const;
  // Gives the pages of a range back, as far as it is of the parts; see MappedFile::drop.
  void drop(std::span<const std::byte> range) const;
};

}  // namespace hearth
