// SPDX-License-Identifier: Apache-2.0
#include "convert/convert.h"

#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "convert/architecture.h"
#include "convert/checkpoint.h"
#include "convert/pooling.h"
#include "convert/tensors.h"
#include "convert/vocabulary.h"
#include "format/gguf_writer.h"

namespace hearth {
namespace {

constexpr std::size_t kReadmeBytesMax = std::size_t{4} << 20;

// What general.file_type says of the matrices. Source: ggml's `llama_ftype`.
struct MatrixType {
  DType dtype;
  uint32_t file_type;
};
constexpr MatrixType kMatrixTypes[] = {
    {DType::kF32, 0}, {DType::kF16, 1}, {DType::kQ8_0, 7}, {DType::kBF16, 32}};

// The licence that the README's front matter names; empty where there is none.
std::string licence_of(const Checkpoint& checkpoint) {
  const auto readme = read_file(checkpoint.file("README.md"), kReadmeBytesMax);
  if (!readme.ok() || !readme->starts_with("---\n")) return {};
  const std::string_view front = std::string_view(*readme).substr(0, readme->find("\n---", 3));
  constexpr std::string_view kKey = "\nlicense: ";
  const std::size_t at = front.find(kKey);
  if (at == std::string_view::npos) return {};
  const std::string_view line = front.substr(at + kKey.size());
  return printable(line.substr(0, line.find('\n')), 100);
}

}  // namespace

bool is_checkpoint(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) || path.extension() == ".safetensors";
}

Result<DType> parse_matrix_type(const std::string& name) {
  std::string names;
  for (const MatrixType& type : kMatrixTypes) {
    const std::string_view known = dtype_info(type.dtype).name;
    if (known == name) return type.dtype;
    names += concat(names.empty() ? "" : ", ", known);
  }
  return Error(ErrorCode::kUsage, concat("--type: \"", printable(name),
                                         "\" is not a type of imported matrices; give ", names));
}

struct Conversion::Impl {
  explicit Impl(Checkpoint checkpoint_in) : checkpoint(std::move(checkpoint_in)) {}

  Result<void> fill(const ConvertOptions& options);

  Checkpoint checkpoint;
  GgufWriter writer;  // its tensors borrow from `checkpoint`
};

Result<void> Conversion::Impl::fill(const ConvertOptions& options) {
  HEARTH_ASSIGN(const ModelMapping* mapping, find_mapping(checkpoint.config()));
  writer.add("general.architecture", mapping->name);
  writer.add("general.type", std::string_view("model"));
  writer.add("general.name", std::string_view(options.name));
  if (const std::string licence = licence_of(checkpoint); !licence.empty()) {
    writer.add("general.license", std::string_view(licence));
  }
  for (const MatrixType& type : kMatrixTypes) {
    if (options.matrix_type == type.dtype) writer.add("general.file_type", type.file_type);
  }
  writer.add("general.quantization_version", uint32_t{2});
  HEARTH_TRY(mapping->add_parameters(checkpoint.config(), writer));
  HEARTH_TRY(add_pooling(checkpoint, mapping->name, writer));
  HEARTH_TRY(mapping->vocabulary == VocabularyKind::kWordPiece
                 ? add_wordpiece_vocabulary(checkpoint, writer)
                 : add_byte_level_vocabulary(checkpoint, writer));
  return add_tensors(checkpoint, *mapping, options.matrix_type, writer);
}

Result<Conversion> Conversion::open(const std::filesystem::path& path,
                                    const ConvertOptions& options) {
  HEARTH_ASSIGN(Checkpoint checkpoint, Checkpoint::open(path));
  auto impl = std::make_unique<Impl>(std::move(checkpoint));
  HEARTH_TRY(impl->fill(options));
  return Conversion(std::move(impl));
}

Conversion::Conversion(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Conversion::Conversion(Conversion&&) noexcept = default;
Conversion& Conversion::operator=(Conversion&&) noexcept = default;
Conversion::~Conversion() = default;

uint64_t Conversion::byte_count() const { return impl_->writer.byte_count(); }
Result<void> Conversion::write(ByteSink sink) const { return impl_->writer.stream(sink); }

}  // namespace hearth
