// SPDX-License-Identifier: Apache-2.0
// Split models: what a part says of itself, how its file is called, and joining the parts. The keys
// and names are llama.cpp's (its gguf-split tool).
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "format/gguf.h"

namespace hearth {
namespace {

constexpr std::string_view kRefetch = "fetch all parts again, from one place";

// "-00002-of-00003.gguf" for index 1 of 3.
std::string part_suffix(uint64_t index, uint64_t count) {
  char text[64];
  std::snprintf(text, sizeof text, "-%05llu-of-%05llu.gguf",
                static_cast<unsigned long long>(index + 1), static_cast<unsigned long long>(count));
  return text;
}

}  // namespace

std::optional<std::string> gguf_part_name(std::string_view name, const GgufSplit& split,
                                          uint64_t index) {
  const std::string own = part_suffix(split.index, split.count);
  if (!name.ends_with(own)) return std::nullopt;
  name.remove_suffix(own.size());
  return std::string(name) + part_suffix(index, split.count);
}

Result<std::optional<GgufSplit>> GgufFile::split() const {
  HEARTH_ASSIGN(const auto count, get_uint("split.count"));
  if (count.value_or(1) == 1) return std::optional<GgufSplit>();
  HEARTH_ASSIGN(const auto index, get_uint("split.no"));
  HEARTH_ASSIGN(const auto tensors, get_uint("split.tensors.count"));
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorCode::kCorrupt, concat(name_, ": ", why, "; ", kRefetch));
  };
  if (*count == 0 || *count > kGgufPartsMax) {
    return refuse(concat("split.count is ", *count, ", and 1 to ", kGgufPartsMax, " are read"));
  }
  if (!index.has_value() || !tensors.has_value()) {
    return refuse(concat("it is one of ", *count, " parts, and ",
                         index.has_value() ? "split.tensors.count" : "split.no", " is missing"));
  }
  if (*index >= *count) {
    return refuse(concat("split.no is ", *index, ", and there are ", *count, " parts from 0 on"));
  }
  return std::optional(GgufSplit{*index, *count, *tensors});
}

Result<void> GgufFile::check_part(std::size_t index, const GgufSplit& whole) const {
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorCode::kCorrupt, concat(name_, ": ", why, "; ", kRefetch));
  };
  HEARTH_ASSIGN(const auto own, split());
  if (!own.has_value()) {
    return refuse(concat("it stands where part ", index + 1, " of ", whole.count,
                         " of the model is expected, and is no part of a split model"));
  }
  if (own->index != index || own->count != whole.count || own->tensors != whole.tensors) {
    return refuse(concat("it says that it is part ", own->index + 1, " of ", own->count, " with ",
                         own->tensors, " tensors in all, where part ", index + 1, " of ",
                         whole.count, " with ", whole.tensors, " is expected"));
  }
  return {};
}

Result<GgufFile> GgufFile::join(std::vector<GgufFile> parts) {
  HEARTH_CHECK(!parts.empty());
  HEARTH_ASSIGN(const auto whole, parts[0].split());
  HEARTH_CHECK(whole.has_value() && whole->count == parts.size());
  std::size_t tensors = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    HEARTH_TRY(parts[i].check_part(i, *whole));
    tensors += parts[i].tensors_.size();
  }
  GgufFile joined = std::move(parts[0]);
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorCode::kCorrupt, concat(joined.name_, ": ", why, "; ", kRefetch));
  };
  if (tensors != whole->tensors) {
    return refuse(concat("its ", whole->count, " parts have ", tensors, " tensors, and ",
                         whole->tensors, " are said to be in them"));
  }
  joined.tensors_.reserve(tensors);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    for (GgufTensor tensor : parts[i].tensors_) {
      tensor.part = static_cast<uint32_t>(i);
      joined.tensors_.push_back(tensor);
    }
  }
  auto& order = joined.tensor_order_;
  order.resize(tensors);
  std::iota(order.begin(), order.end(), 0u);
  const auto name_of = [&](uint32_t index) { return joined.tensors_[index].name; };
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return name_of(a) < name_of(b); });
  for (std::size_t i = 1; i < tensors; ++i) {
    if (name_of(order[i]) != name_of(order[i - 1])) continue;
    return refuse(concat("tensor ", printable(name_of(order[i])), " occurs in two of its parts"));
  }
  return joined;
}

}  // namespace hearth
