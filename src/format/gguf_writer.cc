// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_writer.h"

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::string_view kAlignmentKey = "general.alignment";

template <GgufScalar T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append(std::string& out, std::string_view text) {
  append(out, static_cast<uint64_t>(text.size()));
  out += text;
}

uint64_t aligned(uint64_t position, uint64_t alignment) {
  return (position + alignment - 1) / alignment * alignment;
}

// A scalar of `type`, narrowed back from the widened `value`.
template <typename Wide>
void append_narrowed(std::string& out, GgufType type, Wide value) {
  switch (type) {
    case GgufType::kUint8:
    case GgufType::kInt8:
      return append(out, static_cast<uint8_t>(value));
    case GgufType::kUint16:
    case GgufType::kInt16:
      return append(out, static_cast<uint16_t>(value));
    case GgufType::kUint32:
    case GgufType::kInt32:
      return append(out, static_cast<uint32_t>(value));
    default:
      return append(out, static_cast<uint64_t>(value));
  }
}

}  // namespace

GgufWriter::GgufWriter(Options options) : options_(options) {
  if (options.alignment != kGgufAlignmentDefault) {
    add(kAlignmentKey, static_cast<uint32_t>(options.alignment));
  }
}

void GgufWriter::begin_entry(std::string_view key, GgufType type) {
  append(metadata_, key);
  append(metadata_, static_cast<uint32_t>(type));
  ++metadata_count_;
}

void GgufWriter::begin_array(GgufType element_type, uint64_t count) {
  append(metadata_, static_cast<uint32_t>(element_type));
  append(metadata_, count);
}

void GgufWriter::append_value(std::string_view value) { append(metadata_, value); }

void GgufWriter::add(const GgufEntry& entry) {
  if (entry.key == kAlignmentKey) return;
  begin_entry(entry.key, entry.type);
  if (const auto* natural = std::get_if<uint64_t>(&entry.value)) {
    append_narrowed(metadata_, entry.type, *natural);
  } else if (const auto* integer = std::get_if<int64_t>(&entry.value)) {
    append_narrowed(metadata_, entry.type, *integer);
  } else if (const auto* flag = std::get_if<bool>(&entry.value)) {
    append_value(*flag);
  } else if (const auto* text = std::get_if<std::string_view>(&entry.value)) {
    append_value(*text);
  } else if (const auto* real = std::get_if<double>(&entry.value)) {
    entry.type == GgufType::kFloat32 ? append_value(static_cast<float>(*real))
                                     : append_value(*real);
  } else if (const auto* array = std::get_if<GgufArray>(&entry.value)) {
    begin_array(array->element_type, array->count);
    metadata_.append(reinterpret_cast<const char*>(array->bytes.data()), array->bytes.size());
  }
}

void GgufWriter::add_tensor(std::string_view name, DType dtype, std::span<const uint64_t> shape,
                            std::span<const std::byte> data) {
  add_tensor(name, dtype, shape, [data](ByteSink sink) { return sink(data); });
}

void GgufWriter::add_tensor(std::string_view name, DType dtype, std::span<const uint64_t> shape,
                            ByteSource source) {
  tensors_.push_back({std::string(name), dtype, {shape.begin(), shape.end()}, std::move(source)});
}

std::vector<GgufWriter> GgufWriter::split(std::size_t tensors_max) const {
  const std::size_t count =
      std::max<std::size_t>(1, (tensors_.size() + tensors_max - 1) / tensors_max);
  std::vector<GgufWriter> parts;
  for (std::size_t i = 0; i < count; ++i) {
    GgufWriter part(options_);
    if (i == 0) {
      part.metadata_ = metadata_;
      part.metadata_count_ = metadata_count_;
    }
    part.add("split.no", static_cast<uint16_t>(i));
    part.add("split.count", static_cast<uint16_t>(count));
    part.add("split.tensors.count", static_cast<int32_t>(tensors_.size()));
    const std::size_t begin = i * tensors_max;
    const std::size_t end = std::min(tensors_.size(), begin + tensors_max);
    part.tensors_.assign(tensors_.begin() + static_cast<std::ptrdiff_t>(begin),
                         tensors_.begin() + static_cast<std::ptrdiff_t>(end));
    parts.push_back(std::move(part));
  }
  return parts;
}

// The product may wrap: the reader refuses such a shape whatever this says.
uint64_t GgufWriter::Tensor::bytes() const {
  const DTypeInfo& info = dtype_info(dtype);
  uint64_t values = 1;
  for (const uint64_t dimension : shape) values *= dimension;
  return values / info.block_values * info.block_bytes;
}

// An alignment of 0 is refused by the reader; until then it must not divide anything.
uint64_t GgufWriter::alignment() const { return options_.alignment == 0 ? 1 : options_.alignment; }

// All that stands before the data, without the padding behind it.
std::string GgufWriter::header() const {
  std::string out = "GGUF";
  append(out, options_.version);
  append(out, static_cast<uint64_t>(tensors_.size()));
  append(out, metadata_count_);
  out += metadata_;
  uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    append(out, tensor.name);
    append(out, static_cast<uint32_t>(tensor.shape.size()));
    for (const uint64_t dimension : tensor.shape) append(out, dimension);
    append(out, static_cast<uint32_t>(tensor.dtype));
    append(out, offset);
    offset = aligned(offset + tensor.bytes(), alignment());
  }
  return out;
}

uint64_t GgufWriter::byte_count() const {
  uint64_t bytes = header().size();
  for (const Tensor& tensor : tensors_) bytes = aligned(bytes, alignment()) + tensor.bytes();
  return bytes;
}

Result<void> GgufWriter::stream(ByteSink sink) const {
  const std::string padding(alignment(), '\0');
  uint64_t position = 0;
  const auto put = [&](std::span<const std::byte> piece) {
    position += piece.size();
    return sink(piece);
  };
  const std::string head = header();
  HEARTH_TRY(put(std::as_bytes(std::span(head))));
  for (const Tensor& tensor : tensors_) {
    const uint64_t begin = aligned(position, alignment());
    HEARTH_TRY(put(std::as_bytes(std::span(padding)).first(begin - position)));
    HEARTH_TRY(tensor.source(put));
    if (position - begin == tensor.bytes()) continue;
    return Error(
        ErrorCode::kUsage,
        concat("cannot write tensor ", printable(tensor.name), ": its shape in ",
               dtype_info(tensor.dtype).name, " asks for ", tensor.bytes(), " bytes of data, and ",
               position - begin, " are given; give data of the right size"));
  }
  return {};
}

Result<std::string> GgufWriter::bytes() const {
  std::string out;
  const auto append_piece = [&](std::span<const std::byte> piece) {
    out.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return Result<void>();
  };
  HEARTH_TRY(stream(append_piece));
  // One place decides what is valid: the reader.
  const auto parsed = GgufFile::parse(std::as_bytes(std::span(out)), "what was added");
  if (!parsed.ok()) {
    return Error(ErrorCode::kUsage, concat("cannot write GGUF: ", parsed.error().message()));
  }
  return out;
}

Result<void> GgufWriter::write(const std::filesystem::path& path) const {
  HEARTH_ASSIGN(const std::string content, bytes());
  return write_file(path, content);
}

}  // namespace hearth
