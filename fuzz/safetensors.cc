// SPDX-License-Identifier: Apache-2.0
// The safetensors reader on any bytes: it refuses them in one line, or everything that
// safetensors.h promises holds.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/utf8.h"
#include "check_error.h"
#include "format/safetensors.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

// Data inside the input, as many bytes as shape and type say; all bytes are read.
std::size_t check_tensor(const SafetensorsTensor& tensor, std::span<const std::byte> input) {
  HEARTH_CHECK(tensor.shape.size() <= kSafetensorsRankMax);
  HEARTH_CHECK(sanitize_utf8(tensor.name) == tensor.name);
  uint64_t values = 1;
  for (const uint64_t dimension : tensor.shape) values *= dimension;
  HEARTH_CHECK(values == tensor.value_count());
  HEARTH_CHECK(tensor.data.size() == values * safetensors_type_bytes(tensor.type));
  if (!tensor.data.empty()) {
    HEARTH_CHECK(tensor.data.data() >= input.data());
    HEARTH_CHECK(tensor.data.data() + tensor.data.size() <= input.data() + input.size());
  }
  unsigned sum = 0;
  for (const std::byte byte : tensor.data) sum += std::to_integer<unsigned>(byte);
  HEARTH_CHECK(sum <= 255 * tensor.data.size());
  return tensor.data.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  const auto file = SafetensorsFile::parse(input, "input");
  if (!file.ok()) {
    check_error(file.error());
    return 0;
  }
  std::size_t bytes = 0;
  const SafetensorsTensor* before = nullptr;
  for (const SafetensorsTensor& tensor : file->tensors()) {
    HEARTH_CHECK(file->find(tensor.name) == &tensor);
    HEARTH_CHECK(before == nullptr || before->name < tensor.name);
    bytes += check_tensor(tensor, input);
    before = &tensor;
  }
  HEARTH_CHECK(bytes < size);  // header and its length take the rest
  for (const auto& [key, value] : file->metadata()) {
    HEARTH_CHECK(sanitize_utf8(key) == key && sanitize_utf8(value) == value);
  }
  return 0;
}
