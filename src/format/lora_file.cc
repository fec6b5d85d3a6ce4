// SPDX-License-Identifier: Apache-2.0
#include "format/lora_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/strings.h"
#include "tensor/dequantize.h"

namespace hearth {
namespace {

std::string shown(std::string_view tensor) { return printable(tensor, 200); }

Error error(const LoraFile& file, ErrorCode code, std::string_view tensor, std::string_view what) {
  return Error(code, concat(file.name, ": ", shown(tensor), ": ", what));
}

// Gathers matrices to pairs.
class Pairs {
 public:
  explicit Pairs(const LoraFile& file) : file_(file) {}

  enum class Half { kA, kB };
  Result<void> add(std::string_view module, Half half, const LoraMatrix& matrix) {
    LoraPair& pair = pairs_[module];
    pair.module = module;
    LoraMatrix& place = half == Half::kA ? pair.a : pair.b;
    if (!place.tensor.empty()) {
      return error(file_, ErrorCode::kCorrupt, matrix.tensor,
                   concat("is the same as ", shown(place.tensor), "; fetch the adapter again"));
    }
    place = matrix;
    return {};
  }

  Result<std::vector<LoraPair>> finish() const {
    std::vector<LoraPair> all;
    for (const auto& [module, pair] : pairs_) {
      HEARTH_TRY(check(pair));
      all.push_back(pair);
    }
    if (!all.empty()) return all;
    return Error(ErrorCode::kCorrupt,
                 concat(file_.name, ": holds no matrices of LoRA; name another adapter"));
  }

 private:
  Result<void> check(const LoraPair& pair) const {
    const bool has_a = !pair.a.tensor.empty();
    if (!has_a || pair.b.tensor.empty()) {
      return error(file_, ErrorCode::kCorrupt, has_a ? pair.a.tensor : pair.b.tensor,
                   concat("has no ", has_a ? "B" : "A", " beside it; fetch the adapter again"));
    }
    if (pair.a.rows != pair.b.columns) {
      return error(file_, ErrorCode::kCorrupt, pair.a.tensor,
                   concat("has rank ", pair.a.rows, " and its B ", pair.b.columns,
                          "; fetch the adapter again"));
    }
    if (pair.rank() <= kLoraRankMax) return {};
    return error(file_, ErrorCode::kUnsupported, pair.a.tensor,
                 concat("has rank ", pair.rank(), ", and ", kLoraRankMax,
                        " is the highest that hearth applies; use another adapter"));
  }

  const LoraFile& file_;
  std::map<std::string_view, LoraPair> pairs_;
};

Result<LoraMatrix> matrix_of(const LoraFile& file, std::string_view tensor, DType dtype,
                             uint64_t rows, uint64_t columns, std::span<const std::byte> data) {
  constexpr auto kSideMax = static_cast<uint64_t>(kLoraSideMax);
  if (rows < 1 || rows > kSideMax || columns < 1 || columns > kSideMax) {
    return error(file, ErrorCode::kCorrupt, tensor,
                 concat("has ", rows, " rows of ", columns, " values, and 1 to ", kLoraSideMax,
                        " are allowed; fetch the adapter again"));
  }
  return LoraMatrix{tensor, dtype, static_cast<int32_t>(rows), static_cast<int32_t>(columns), data};
}

// The text before `ending`, if `name` ends so.
std::optional<std::string_view> before(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  return name.substr(0, name.size() - ending.size());
}

// ---- GGUF ----

Result<void> check_kind(const GgufFile& gguf) {
  HEARTH_ASSIGN(const auto type, gguf.get_string("general.type"));
  if (type.value_or("model") != "adapter") {
    return Error(ErrorCode::kUsage,
                 concat(gguf.name(), ": is a ", printable(type.value_or("model")),
                        ", no adapter; name an adapter"));
  }
  HEARTH_ASSIGN(const auto kind, gguf.get_string("adapter.type"));
  if (kind.value_or("") != "lora") {
    return Error(ErrorCode::kUnsupported,
                 concat(gguf.name(), ": adapter.type: \"", printable(kind.value_or("")),
                        "\" is not supported; hearth applies lora"));
  }
  if (gguf.find("adapter.alora.invocation_tokens") == nullptr) return {};
  return Error(ErrorCode::kUnsupported,
               concat(gguf.name(), ": adapter.alora.invocation_tokens: activated LoRA is not ",
                      "supported; use another adapter"));
}

// ---- PEFT ----

// Endings of the tensors of what hearth does not apply.
struct Unsupported {
  std::string_view ending;
  std::string_view what;
};
constexpr std::array kUnsupported = {
    Unsupported{".lora_magnitude_vector", "belongs to DoRA, which is not supported"},
    Unsupported{".lora_magnitude_vector.weight", "belongs to DoRA, which is not supported"},
    Unsupported{".lora_embedding_A", "adapts an embedding table, which is not supported"},
    Unsupported{".lora_embedding_B", "adapts an embedding table, which is not supported"},
    Unsupported{".lora_A.bias", "is a bias of an adapter, which is not supported"},
    Unsupported{".lora_B.bias", "is a bias of an adapter, which is not supported"},
};

Error not_lora(const LoraFile& file, std::string_view tensor) {
  for (const Unsupported& row : kUnsupported) {
    if (tensor.ends_with(row.ending)) {
      return error(file, ErrorCode::kUnsupported, tensor,
                   concat(row.what, "; train the adapter without"));
    }
  }
  return error(file, ErrorCode::kUnsupported, tensor,
               "is no matrix of LoRA but one that is replaced as a whole, which is not supported; "
               "train the adapter without modules_to_save");
}

// "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": what stands before and behind the
// module's name. PEFT leaves the adapter's name out where it saves; others keep it.
constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::array<std::string_view, 2> kEndings = {".weight", ".default.weight"};

}  // namespace

Result<std::vector<float>> LoraMatrix::values() const {
  std::vector<float> out(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  dequantize(dtype, data, out);
  const bool is_finite =
      std::all_of(out.begin(), out.end(), [](float value) { return std::isfinite(value); });
  if (is_finite) return out;
  return Error(ErrorCode::kCorrupt,
               concat(shown(tensor), ": holds a value that is no finite number; fetch the adapter ",
                      "again"));
}

Result<LoraFile> LoraFile::read(const GgufFile& gguf) {
  HEARTH_TRY(check_kind(gguf));
  LoraFile file;
  file.name = gguf.name();
  HEARTH_ASSIGN(const auto architecture, gguf.get_string("general.architecture"));
  file.architecture = std::string(architecture.value_or(""));
  HEARTH_ASSIGN(file.alpha, gguf.get_float("adapter.lora.alpha"));
  if (file.alpha.value_or(0.0) == 0.0) file.alpha.reset();
  Pairs pairs(file);
  for (const GgufTensor& tensor : gguf.tensors()) {
    const auto a = before(tensor.name, ".lora_a");
    const auto b = before(tensor.name, ".lora_b");
    if (!a && !b) {
      return error(file, ErrorCode::kUnsupported, tensor.name,
                   "is no matrix of LoRA; use an adapter that has nothing else");
    }
    if (tensor.shape[2] != 1 || tensor.shape[3] != 1) {
      return error(file, ErrorCode::kUnsupported, tensor.name,
                   "has more than two dimensions; use an adapter of matrices");
    }
    HEARTH_ASSIGN(
        const LoraMatrix matrix,
        matrix_of(file, tensor.name, tensor.dtype, tensor.shape[1], tensor.shape[0], tensor.data));
    HEARTH_TRY(pairs.add(a ? *a : *b, a ? Pairs::Half::kA : Pairs::Half::kB, matrix));
  }
  HEARTH_ASSIGN(file.pairs, pairs.finish());
  return file;
}

Result<LoraFile> LoraFile::read(const SafetensorsFile& safetensors) {
  LoraFile file;
  file.name = safetensors.name();
  file.names = LoraNames::kCheckpoint;
  Pairs pairs(file);
  for (const SafetensorsTensor& tensor : safetensors.tensors()) {
    std::optional<std::string_view> a, b;
    for (const std::string_view ending : kEndings) {
      if (!a) a = before(tensor.name, concat(".lora_A", ending));
      if (!b) b = before(tensor.name, concat(".lora_B", ending));
    }
    if (!a && !b) return not_lora(file, tensor.name);
    const auto dtype = safetensors_dtype(tensor.type);
    if (!dtype || tensor.shape.size() != 2) {
      return error(
          file, ErrorCode::kUnsupported, tensor.name,
          concat("is ", safetensors_type_name(tensor.type), " of shape ", tensor.shape_text(),
                 ", and supported are matrices of F32, F16 and BF16; ", "save it as one of these"));
    }
    HEARTH_ASSIGN(const LoraMatrix matrix, matrix_of(file, tensor.name, *dtype, tensor.shape[0],
                                                     tensor.shape[1], tensor.data));
    std::string_view module = a ? *a : *b;
    if (module.starts_with(kPrefix)) module.remove_prefix(kPrefix.size());
    HEARTH_TRY(pairs.add(module, a ? Pairs::Half::kA : Pairs::Half::kB, matrix));
  }
  HEARTH_ASSIGN(file.pairs, pairs.finish());
  return file;
}

}  // namespace hearth
