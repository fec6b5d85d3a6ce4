// SPDX-License-Identifier: Apache-2.0
#include "model/adapter.h"

#include <bit>
#include <cmath>
#include <system_error>

#include "base/files.h"
#include "base/strings.h"
#include "format/gguf.h"
#include "format/lora_file.h"
#include "model/adapter_builder.h"

namespace hearth {
namespace {

// Adapters are read whole, not mapped: one that is written over meanwhile would end the process.
constexpr std::size_t kAdapterBytesMax = std::size_t{4} << 30;

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Result<std::shared_ptr<const Adapter>> load_peft(const AdapterPaths& paths, const Model& model) {
  const auto& [weights, config_path] = paths;
  for (const auto& path : {config_path, weights}) {
    if (is_there(path)) continue;
    const bool is_pickle = path == weights && is_there(weights.parent_path() / "adapter_model.bin");
    return Error(ErrorCode::kNotFound,
                 concat(printable(path.string(), 300), ": there is no such file; ",
                        is_pickle ? "save the adapter as safetensors"
                                  : "name a PEFT adapter's folder or a GGUF file"));
  }
  HEARTH_ASSIGN(const std::string text, read_file(config_path, kPeftConfigBytesMax));
  HEARTH_ASSIGN(const PeftConfig config, PeftConfig::parse(text, config_path.string()));
  HEARTH_ASSIGN(const std::string bytes, read_file(weights, kAdapterBytesMax));
  HEARTH_ASSIGN(const auto safetensors,
                SafetensorsFile::parse(std::as_bytes(std::span(bytes)), weights.string()));
  HEARTH_ASSIGN(const LoraFile file, LoraFile::read(safetensors));
  return AdapterBuilder(file, model).build(&config);
}

Result<std::shared_ptr<const Adapter>> load_gguf(const std::filesystem::path& path,
                                                 const Model& model) {
  HEARTH_ASSIGN(const std::string bytes, read_file(path, kAdapterBytesMax));
  HEARTH_ASSIGN(const auto gguf, GgufFile::parse(std::as_bytes(std::span(bytes)), path.string()));
  HEARTH_ASSIGN(const LoraFile file, LoraFile::read(gguf));
  const std::string_view architecture = model.config().architecture.name;
  if (file.architecture != architecture) {
    return Error(ErrorCode::kUsage,
                 concat(file.name, ": is for the architecture \"", printable(file.architecture),
                        "\" and the model is ", architecture,
                        "; use the model that the adapter was trained for"));
  }
  return AdapterBuilder(file, model).build(nullptr);
}

}  // namespace

Result<std::shared_ptr<const Adapter>> Adapter::load(const AdapterPaths& paths,
                                                     const Model& model) {
  return paths.config.empty() ? load_gguf(paths.weights, model) : load_peft(paths, model);
}

AdapterKey AdapterKey::of(std::span<const AdapterUse> uses) {
  HEARTH_CHECK(uses.size() <= kAdapterUsesMax);
  AdapterKey key;
  for (std::size_t i = 0; i < uses.size(); ++i)
    key.entries[i] = {uses[i].adapter->version(), std::bit_cast<uint32_t>(uses[i].scale)};
  return key;
}

Result<void> check_adapters(const Model& model, std::span<const AdapterUse> uses) {
  if (uses.size() > kAdapterUsesMax) {
    return Error(ErrorCode::kUsage, concat("adapters: ", uses.size(), " are more than the ",
                                           kAdapterUsesMax, " that one text may have; use fewer"));
  }
  for (const AdapterUse& use : uses) {
    if (use.adapter == nullptr)
      return Error(ErrorCode::kUsage, "adapter: there is none; load one or leave it out");
    if (use.adapter->model_version() != model.version()) {
      return Error(ErrorCode::kUsage,
                   "adapter: was loaded for another model; load it for this one");
    }
    if (!std::isfinite(use.scale)) {
      return Error(ErrorCode::kUsage,
                   concat("adapter: scale ", use.scale, " is no finite number; choose another"));
    }
  }
  return {};
}

}  // namespace hearth
