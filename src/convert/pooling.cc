// SPDX-License-Identifier: Apache-2.0
#include "convert/pooling.h"

#include <string>

#include "base/strings.h"
#include "convert/vocabulary.h"

namespace hearth {
namespace {

// GGUF's pooling_type. Source: ggml's Python package `gguf`.
struct PoolingMode {
  std::string_view member;  // of 1_Pooling/config.json, where each way is a switch
  std::string_view name;    // of the newer pooling_mode
  uint32_t pooling_type;
};
constexpr PoolingMode kModes[] = {
    {"pooling_mode_mean_tokens", "mean", 1},
    {"pooling_mode_cls_token", "cls", 2},
    {"pooling_mode_lasttoken", "lasttoken", 3},
};
constexpr std::string_view kSwitch = "pooling_mode_";

Error unsupported(const JsonFile& file, std::string_view key, std::string_view value) {
  return file.error(ErrorCode::kUnsupported, key,
                    concat("is ", value, ", which hearth cannot compute; supported: one of mean, ",
                           "cls, last token"));
}

Result<uint32_t> read_pooling(const JsonFile& file) {
  HEARTH_ASSIGN(const auto name, file.text("pooling_mode"));
  if (name) {
    for (const PoolingMode& mode : kModes) {
      if (mode.name == *name) return mode.pooling_type;
    }
    return unsupported(file, "pooling_mode", printable(*name));
  }
  std::string on;  // the switches that are on
  uint32_t pooling_type = 0;
  for (const auto& [key, value] : file.root().items()) {
    if (!key.starts_with(kSwitch) || value != Json(true)) continue;
    if (!on.empty()) return unsupported(file, printable(key), concat("on beside ", on));
    on = printable(key);
    for (const PoolingMode& mode : kModes) {
      if (mode.member == key) pooling_type = mode.pooling_type;
    }
    if (pooling_type == 0) return unsupported(file, on, "on");
  }
  if (on.empty()) return unsupported(file, "pooling_mode", "absent");
  return pooling_type;
}

}  // namespace

Result<void> add_pooling(const Checkpoint& checkpoint, std::string_view architecture,
                         GgufWriter& writer) {
  HEARTH_ASSIGN(const auto modules, JsonFile::read_if_there(checkpoint.file("modules.json")));
  if (!modules) return {};
  for (const Json& entry : modules->root()) {
    const std::string type = text_member(entry, "type");
    const std::string kind = type.substr(type.rfind('.') + 1);
    // Vectors are brought to length 1 unless that is declined, whatever the module says.
    if (kind == "Transformer" || kind == "Normalize") continue;
    if (kind != "Pooling") {
      return modules->error(ErrorCode::kUnsupported, "module",
                            concat(printable(type), " cannot be computed by hearth; supported: ",
                                   "Transformer, Pooling, Normalize"));
    }
    const std::string path = text_member(entry, "path");
    if (path.empty() || path.starts_with('/') || path.find("..") != std::string::npos) {
      return modules->error(
          ErrorCode::kCorrupt, "module",
          concat(printable(type), " has no path inside the folder; fetch the ", "file again"));
    }
    HEARTH_ASSIGN(const JsonFile file, JsonFile::read(checkpoint.file(path) / "config.json"));
    HEARTH_ASSIGN(const uint32_t pooling_type, read_pooling(file));
    writer.add(concat(architecture, ".pooling_type"), pooling_type);
  }
  return {};
}

}  // namespace hearth
