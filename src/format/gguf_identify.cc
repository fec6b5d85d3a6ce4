// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_identify.h"

#include <cstring>
#include <utility>

#include "tensor/dtype.h"

namespace hearth {
namespace {

struct Impostor {
  std::string_view prefix;
  std::string_view what;
};

constexpr Impostor kImpostors[] = {
    {"FUGG", "a big-endian GGUF file, and hearth reads little-endian ones; convert it"},
    {"tjgg", "a model in the old GGJT format, and hearth reads GGUF; convert it"},
    {"fmgg", "a model in the old GGMF format, and hearth reads GGUF; convert it"},
    {"lmgg", "a model in the old GGML format, and hearth reads GGUF; convert it"},
    {"PK\x03\x04", "a ZIP archive (a wheel, or a PyTorch model); name the .gguf file in it"},
    {"version https://git-lfs", "a Git LFS pointer, not the model; fetch it with `git lfs pull`"},
    {"<!DOCTYPE", "a web page, not the model; fetch the file behind it"},
    {"<!doctype", "a web page, not the model; fetch the file behind it"},
    {"<html", "a web page, not the model; fetch the file behind it"},
};

constexpr std::pair<uint32_t, std::string_view> kUnsupportedTypes[] = {
    {9, "Q8_1"},   {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"},
    {21, "IQ3_S"}, {22, "IQ2_S"}, {23, "IQ4_XS"},  {24, "I8"},     {25, "I16"},     {26, "I32"},
    {27, "I64"},   {28, "F64"},   {29, "IQ1_M"},   {34, "TQ1_0"},  {35, "TQ2_0"},
};

// A safetensors file begins with the length of its JSON header, then the header.
bool is_safetensors(std::span<const std::byte> bytes) {
  constexpr uint64_t kHeaderBytesMax = uint64_t{1} << 27;  // the format's own limit is 100 MB
  uint64_t header_bytes = 0;
  if (bytes.size() <= sizeof header_bytes) return false;
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  return header_bytes <= kHeaderBytesMax && bytes[sizeof header_bytes] == std::byte{'{'};
}

}  // namespace

std::string_view identify_impostor(std::span<const std::byte> bytes) {
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Impostor& impostor : kImpostors) {
    if (start.starts_with(impostor.prefix)) return impostor.what;
  }
  if (is_safetensors(bytes)) {
    return "a safetensors file, and models are run from GGUF; `hearth import` its folder first";
  }
  return {};
}

std::string_view unsupported_type_name(uint32_t gguf_type_id) {
  for (const auto& [id, name] : kUnsupportedTypes) {
    if (id == gguf_type_id) return name;
  }
  return {};
}

std::string supported_type_names() {
  constexpr uint32_t kIdMax = 255;  // GGUF's ids so far end at 39
  std::string names;
  for (uint32_t id = 0; id <= kIdMax; ++id) {
    const DTypeInfo* info = find_dtype(id);
    if (info == nullptr) continue;
    if (!names.empty()) names += ' ';
    names += info->name;
  }
  return names;
}

}  // namespace hearth
