// SPDX-License-Identifier: Apache-2.0
#include "kernels/kv_page.h"

#include <cstring>

namespace hearth {
namespace {

// Puts `count` elements `kTogether` side by side to places that lie `stride` elements apart.
template <typename Element, int32_t kTogether, typename From>
void scatter(const From* from, int32_t count, int32_t stride, std::byte* to) {
  for (int32_t i = 0; i < count; i += kTogether) {
    Element together[kTogether];
    for (int32_t j = 0; j < kTogether; ++j) together[j] = static_cast<Element>(from[i + j]);
    std::memcpy(to, together, sizeof together);
    to += static_cast<std::size_t>(stride) * sizeof(Element);
  }
}

// The codes of a key or value of an integer type; writes their scale into the page.
void round_position(const KvPage& layout, const KernelTable& kernels, const float* head,
                    int32_t position, std::byte* page, int16_t* codes) {
  const int32_t most = layout.type == KvType::kInt8 ? kKvByteMax : kKvWordMax;
  const uint16_t bits = kernels.round_to_words(head, layout.head_size, most, codes);
  std::memcpy(page + layout.scale(position), &bits, sizeof bits);
}

}  // namespace

std::size_t KvPage::element_bytes() const {
  switch (type) {
    case KvType::kInt16:
      return sizeof(int16_t);
    case KvType::kInt8:
      return sizeof(int8_t);
    case KvType::kF32:
      return sizeof(float);
  }
  __builtin_unreachable();
}

std::size_t KvPage::bytes() const { return scale(type == KvType::kF32 ? 0 : positions); }

std::size_t KvPage::scale(int32_t position) const {
  return static_cast<std::size_t>(positions) * static_cast<std::size_t>(head_size) *
             element_bytes() +
         static_cast<std::size_t>(position) * sizeof(uint16_t);
}

std::size_t KvPage::key_element(int32_t position, int32_t i) const {
  const int32_t together = type == KvType::kF32 ? 1 : 2;
  const int32_t block = position / kKeyBlock * kKeyBlock * head_size;
  const int32_t in_block =
      (i / together * kKeyBlock + position % kKeyBlock) * together + i % together;
  return static_cast<std::size_t>(block + in_block) * element_bytes();
}

std::size_t KvPage::value_element(int32_t position, int32_t i) const {
  const int32_t together = type == KvType::kF32 ? 1 : 2;
  const int32_t at = (position / together * head_size + i) * together + position % together;
  return static_cast<std::size_t>(at) * element_bytes();
}

void KvPage::store_key(const KernelTable& kernels, const float* head, int32_t position,
                       std::byte* page) const {
  std::byte* to = page + key_element(position, 0);
  if (type == KvType::kF32) return scatter<float, 1>(head, head_size, kKeyBlock, to);
  int16_t codes[kHeadSizeMax];
  round_position(*this, kernels, head, position, page, codes);
  if (type == KvType::kInt8) return scatter<int8_t, 2>(codes, head_size, 2 * kKeyBlock, to);
  scatter<int16_t, 2>(codes, head_size, 2 * kKeyBlock, to);
}

void KvPage::store_value(const KernelTable& kernels, const float* head, int32_t position,
                         std::byte* page) const {
  std::byte* to = page + value_element(position, 0);
  if (type == KvType::kF32) return scatter<float, 1>(head, head_size, 1, to);
  int16_t codes[kHeadSizeMax];
  round_position(*this, kernels, head, position, page, codes);
  if (type == KvType::kInt8) return scatter<int8_t, 1>(codes, head_size, 2, to);
  scatter<int16_t, 1>(codes, head_size, 2, to);
}

void attend(const KernelTable& kernels, KvType type, const AttentionArgs& args) {
  switch (type) {
    case KvType::kInt16:
      return kernels.attend_int16(args);
    case KvType::kInt8:
      return kernels.attend_int8(args);
    case KvType::kF32:
      return kernels.attend_float(args);
  }
}

}  // namespace hearth
