// SPDX-License-Identifier: Apache-2.0
// Joining the parts of a split model, on any bytes: each part is refused, or all together are, in
// one line, or the whole holds every part's tensors once. The input is a byte (parts - 1, modulo
// 4), then the parts, each but the last behind its length in 4 bytes.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "check_error.h"
#include "format/gguf.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

std::vector<std::span<const std::byte>> cut(std::span<const std::byte> input) {
  std::vector<std::span<const std::byte>> parts;
  if (input.empty()) return parts;
  const std::size_t count = std::to_integer<std::size_t>(input[0]) % 4 + 1;
  input = input.subspan(1);
  while (parts.size() + 1 < count && input.size() >= 4) {
    uint32_t length;
    std::memcpy(&length, input.data(), sizeof length);
    input = input.subspan(4);
    const std::size_t bytes = std::min<std::size_t>(length, input.size());
    parts.push_back(input.first(bytes));
    input = input.subspan(bytes);
  }
  parts.push_back(input);
  return parts;
}

// A name that the split itself gave is found again, and leads back to each other part's.
void check_names(const GgufSplit& split) {
  HEARTH_CHECK(split.count >= 2 && split.count <= kGgufPartsMax && split.index < split.count);
  HEARTH_CHECK(!gguf_part_name("model.gguf", split, 0).has_value());
  const GgufSplit first = {0, split.count, split.tensors};
  const std::string total = std::to_string(split.count);
  const std::string name = "m-00001-of-" + std::string(5 - total.size(), '0') + total + ".gguf";
  const auto own = gguf_part_name(name, first, split.index);
  HEARTH_CHECK(own.has_value() && gguf_part_name(*own, split, 0) == name);
}

void check_joined(const GgufFile& whole, const std::vector<std::span<const std::byte>>& parts,
                  std::size_t tensors) {
  HEARTH_CHECK(whole.tensors().size() == tensors);
  for (const GgufTensor& tensor : whole.tensors()) {
    HEARTH_CHECK(whole.find_tensor(tensor.name) == &tensor);
    HEARTH_CHECK(tensor.part < parts.size());
    const std::span<const std::byte> part = parts[tensor.part];
    HEARTH_CHECK(tensor.data.data() >= part.data());
    HEARTH_CHECK(tensor.data.data() + tensor.data.size() <= part.data() + part.size());
  }
  for (const GgufEntry& entry : whole.metadata()) HEARTH_CHECK(whole.find(entry.key) == &entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto parts = cut(std::as_bytes(std::span(data, size)));
  std::vector<GgufFile> files;
  std::size_t tensors = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto file = GgufFile::parse(parts[i], "part " + std::to_string(i));
    if (!file.ok()) {
      check_error(file.error());
      return 0;
    }
    tensors += file->tensors().size();
    files.push_back(std::move(file).value());
  }
  if (files.empty()) return 0;
  for (const GgufFile& file : files) {
    const auto split = file.split();
    if (!split.ok()) check_error(split.error());
    if (split.ok() && split->has_value()) check_names(**split);
  }
  const auto split = files[0].split();
  if (!split.ok() || !split->has_value() || (*split)->count != files.size()) return 0;
  const auto whole = GgufFile::join(std::move(files));
  if (!whole.ok()) {
    check_error(whole.error());
  } else {
    check_joined(*whole, parts, tensors);
  }
  return 0;
}
