// SPDX-License-Identifier: Apache-2.0
// The GGUF reader on any bytes: it refuses them in one line, or everything that gguf.h promises
// holds, and writing what was read gives a file with the same content.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "check_error.h"
#include "format/gguf.h"
#include "format/gguf_writer.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

template <typename T>
void check_result(const Result<T>& result) {
  if (!result.ok()) check_error(result.error());
}

void check_array(const GgufArray& array, std::span<const std::byte> input) {
  HEARTH_CHECK(array.bytes.empty() ||
               (array.bytes.data() >= input.data() &&
                array.bytes.data() + array.bytes.size() <= input.data() + input.size()));
  const auto strings = array.strings();
  check_result(strings);
  HEARTH_CHECK(strings.ok() == (array.element_type == GgufType::kString));
  if (strings.ok()) {
    HEARTH_CHECK(strings->size() == array.count);
    std::size_t bytes = 0;
    for (const std::string_view text : *strings) bytes += sizeof(uint64_t) + text.size();
    HEARTH_CHECK(bytes == array.bytes.size());
  }
  check_result(array.int32s());
  const auto floats = array.floats();
  check_result(floats);
  HEARTH_CHECK(!floats.ok() || floats->size() == array.count);
}

void check_entries(const GgufFile& file, std::span<const std::byte> input) {
  for (const GgufEntry& entry : file.metadata()) {
    HEARTH_CHECK(file.find(entry.key) == &entry);
    HEARTH_CHECK(!gguf_type_name(entry).empty());
    check_result(file.get_uint(entry.key));
    check_result(file.get_float(entry.key));
    check_result(file.get_bool(entry.key));
    check_result(file.get_string(entry.key));
    const auto array = file.get_array(entry.key);
    check_result(array);
    HEARTH_CHECK(array.ok() == (entry.type == GgufType::kArray));
    if (array.ok()) check_array(array->value(), input);
  }
}

void check_tensors(const GgufFile& file, std::span<const std::byte> input) {
  std::vector<std::span<const std::byte>> places;
  for (const GgufTensor& tensor : file.tensors()) {
    HEARTH_CHECK(file.find_tensor(tensor.name) == &tensor);
    const DTypeInfo& info = dtype_info(tensor.dtype);
    HEARTH_CHECK(tensor.row_values() % info.block_values == 0);
    HEARTH_CHECK(tensor.data.size() ==
                 tensor.row_count() * (tensor.row_values() / info.block_values) * info.block_bytes);
    HEARTH_CHECK(tensor.data.data() >= input.data() && !tensor.data.empty());
    HEARTH_CHECK(tensor.data.data() + tensor.data.size() <= input.data() + input.size());
    HEARTH_CHECK(static_cast<uint64_t>(tensor.data.data() - input.data()) % file.alignment() == 0);
    places.push_back(tensor.data);
  }
  std::sort(places.begin(), places.end(),
            [](const auto& a, const auto& b) { return a.data() < b.data(); });
  for (std::size_t i = 1; i < places.size(); ++i) {
    HEARTH_CHECK(places[i - 1].data() + places[i - 1].size() <= places[i].data());
  }
}

bool same_value(const GgufEntry& a, const GgufEntry& b) {
  if (a.type != b.type || a.value.index() != b.value.index()) return false;
  if (const auto* array = std::get_if<GgufArray>(&a.value)) {
    const auto& other = std::get<GgufArray>(b.value);
    return array->element_type == other.element_type && array->count == other.count &&
           std::ranges::equal(array->bytes, other.bytes);
  }
  if (const auto* real = std::get_if<double>(&a.value)) {
    const double other = std::get<double>(b.value);
    return std::isnan(*real) ? std::isnan(other) : *real == other;
  }
  if (const auto* natural = std::get_if<uint64_t>(&a.value)) {
    return *natural == std::get<uint64_t>(b.value);
  }
  if (const auto* integer = std::get_if<int64_t>(&a.value)) {
    return *integer == std::get<int64_t>(b.value);
  }
  if (const auto* flag = std::get_if<bool>(&a.value)) return *flag == std::get<bool>(b.value);
  return std::get<std::string_view>(a.value) == std::get<std::string_view>(b.value);
}

void check_round_trip(const GgufFile& file) {
  constexpr uint64_t kPaddingMax = 1 << 20;  // keeps a large alignment from slowing everything
  if (file.alignment() * (file.tensors().size() + 1) > kPaddingMax) return;
  GgufWriter writer({.version = file.version(), .alignment = file.alignment()});
  for (const GgufEntry& entry : file.metadata()) writer.add(entry);
  for (const GgufTensor& tensor : file.tensors()) {
    writer.add_tensor(tensor.name, tensor.dtype, std::span(tensor.shape).first(tensor.rank),
                      tensor.data);
  }
  const std::string written = writer.bytes().value();
  const GgufFile again = GgufFile::parse(std::as_bytes(std::span(written)), "again").value();
  HEARTH_CHECK(again.version() == file.version() && again.alignment() == file.alignment());
  for (const GgufEntry& entry : file.metadata()) {
    if (entry.key == "general.alignment") continue;  // the writer's own
    const GgufEntry* copy = again.find(entry.key);
    HEARTH_CHECK(copy != nullptr && same_value(entry, *copy));
  }
  HEARTH_CHECK(again.tensors().size() == file.tensors().size());
  for (const GgufTensor& tensor : file.tensors()) {
    const GgufTensor* copy = again.find_tensor(tensor.name);
    HEARTH_CHECK(copy != nullptr && copy->shape == tensor.shape && copy->rank == tensor.rank);
    HEARTH_CHECK(copy->dtype == tensor.dtype && std::ranges::equal(copy->data, tensor.data));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  const auto file = GgufFile::parse(input, "input");
  if (!file.ok()) {
    check_error(file.error());
    return 0;
  }
  check_entries(*file, input);
  check_tensors(*file, input);
  check_round_trip(*file);
  return 0;
}
