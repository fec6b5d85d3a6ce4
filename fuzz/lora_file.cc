// SPDX-License-Identifier: Apache-2.0
// The matrices of adapters out of any bytes: a GGUF file where they begin so, else safetensors.
// They are refused in one line, or come in pairs that fit each other and can be read to the last
// value.
#include <cmath>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "check_error.h"
#include "format/lora_file.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

void check_values(const LoraMatrix& matrix) {
  const auto values = matrix.values();
  if (!values.ok()) return check_error(values.error());
  HEARTH_CHECK(values->size() ==
               static_cast<std::size_t>(matrix.rows) * static_cast<std::size_t>(matrix.columns));
  for (const float value : *values) HEARTH_CHECK(std::isfinite(value));
}

void check(const Result<LoraFile>& file) {
  if (!file.ok()) {
    // A sound file that is a model is the caller's mistake.
    if (file.error().code() == ErrorCode::kUsage) return check_line(file.error());
    return check_error(file.error());
  }
  HEARTH_CHECK(!file->pairs.empty());
  std::string_view before;
  for (const LoraPair& pair : file->pairs) {
    HEARTH_CHECK(&pair == file->pairs.data() || before < pair.module);
    before = pair.module;
    HEARTH_CHECK(pair.rank() >= 1 && pair.rank() <= kLoraRankMax);
    HEARTH_CHECK(pair.b.columns == pair.rank());
    HEARTH_CHECK(pair.b.rows >= 1 && pair.b.rows <= kLoraSideMax);
    HEARTH_CHECK(pair.a.columns >= 1 && pair.a.columns <= kLoraSideMax);
    check_values(pair.a);
    check_values(pair.b);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("GGUF")) {
    const auto gguf = GgufFile::parse(input, "input");
    if (gguf.ok()) check(LoraFile::read(*gguf));
  } else {
    const auto safetensors = SafetensorsFile::parse(input, "input");
    if (safetensors.ok()) check(LoraFile::read(*safetensors));
  }
  return 0;
}
