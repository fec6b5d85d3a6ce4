// SPDX-License-Identifier: Apache-2.0
#include "engine/session_file.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/strings.h"
#include "base/xxh64.h"
#include "kernels/kernels.h"

namespace hearth {
namespace {

constexpr uint64_t kTokensMax = uint64_t{1} << 31;
constexpr uint64_t kPageBytesMax = uint64_t{1} << 32;  // so that no product of sizes overflows

uint64_t load64(std::span<const std::byte> bytes) {
  uint64_t value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Error corrupt(std::string_view why) {
  return Error(ErrorCode::kCorrupt, concat("session: ", why, "; save it again"));
}

// AVX2 and AVX-512 compute the same bits (docs/decisions/0006-same-answer.md), and so does AMX
// where it is not used.
std::string_view isa_family(const Model& model) {
  const Isa isa = model.isa();
  const bool avx = isa == Isa::kAvx2 || isa == Isa::kAvx512 || isa == Isa::kAmx;
  return avx && !model.has_tiles() ? "avx" : isa_name(isa);
}

}  // namespace

SessionIdentity session_identity(const Model& model) {
  const ModelConfig& config = model.config();
  const RopeConfig& rope = config.rope;
  const std::string description = concat(
      config.architecture.name, ' ', config.layers, ' ', config.embedding, ' ', config.feed_forward,
      ' ', config.heads, ' ', config.kv_heads, ' ', config.head_size, ' ', rope.values, ' ',
      static_cast<int>(rope.pairs), ' ', rope.base, ' ', rope.window_base, ' ',
      static_cast<int>(rope.scaling), ' ', rope.factor, ' ', rope.magnitude, ' ',
      rope.original_context, ' ', rope.yarn_fast, ' ', rope.yarn_slow, ' ', config.window, ' ',
      config.window_period, ' ', config.norm_epsilon, ' ', config.attention_scale, ' ',
      config.embedding_scale, ' ', config.residual_scale, ' ', config.logit_scale, ' ',
      config.logit_cap, ' ', config.vocabulary, ' ', static_cast<int>(config.head));
  SessionIdentity identity;
  identity.numerics = model.numerics() == Numerics::kFloat ? 1 : 0;
  identity.kv_type = static_cast<uint32_t>(model.kv_type());
  const std::string_view family = isa_family(model);
  family.copy(identity.isa_family.data(), identity.isa_family.size());
  identity.model = xxh64(std::as_bytes(std::span(description)));
  identity.weights = xxh64(model.weights().content);
  return identity;
}

uint64_t page_count(uint64_t tokens) { return (tokens + kKvPageTokens - 1) / kKvPageTokens; }

std::size_t token_padding(uint64_t tokens) { return tokens % 2 * sizeof(int32_t); }

Result<SavedSession> SavedSession::parse(std::span<const std::byte> bytes) {
  SavedSession saved;
  constexpr std::size_t kStart = sizeof(kSessionMagic) + sizeof(uint32_t);
  if (bytes.size() < kStart) return corrupt("is cut short, or no saved session");
  std::memcpy(&saved.header, bytes.data(), std::min(bytes.size(), sizeof saved.header));
  const SessionHeader& header = saved.header;
  if (header.magic != kSessionMagic) return corrupt("is no saved session");
  if (header.version != kSessionVersion) {
    return Error(ErrorCode::kUnsupported,
                 concat("session: has version ", header.version, ", and this program reads ",
                        kSessionVersion, "; save it again with this program"));
  }
  if (bytes.size() < sizeof header) return corrupt("is cut short inside its head");
  if (header.tokens >= kTokensMax || header.page_bytes > kPageBytesMax || header.reserved != 0) {
    return corrupt("announces sizes that no session has");
  }
  const std::size_t token_bytes = header.tokens * sizeof(int32_t);
  const uint64_t page_bytes = page_count(header.tokens) * header.page_bytes;
  const uint64_t total =
      sizeof header + token_bytes + token_padding(header.tokens) + page_bytes + sizeof(uint64_t);
  if (bytes.size() != total) {
    return corrupt(concat(bytes.size() < total ? "is cut short: " : "is too long: ", bytes.size(),
                          " bytes of ", total));
  }
  const auto content = bytes.first(bytes.size() - sizeof(uint64_t));
  if (xxh64(content) != load64(bytes.last(sizeof(uint64_t)))) {
    return corrupt("is damaged: its checksum differs");
  }
  saved.tokens = bytes.subspan(sizeof header, token_bytes);
  const auto padding = bytes.subspan(sizeof header + token_bytes, token_padding(header.tokens));
  if (std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{0}; })) {
    return corrupt("has something in its padding");
  }
  saved.pages = content.last(page_bytes);
  return saved;
}

void clear_unused(const KvPage& layout, int32_t used, std::span<std::byte> page) {
  const std::size_t element_bytes = layout.element_bytes();
  HEARTH_CHECK(page.size() % (2 * layout.bytes()) == 0);
  for (std::byte* keys = page.data(); keys < page.data() + page.size();
       keys += 2 * layout.bytes()) {
    std::byte* const values = keys + layout.bytes();
    for (int32_t position = used; position < layout.positions; ++position) {
      for (int32_t i = 0; i < layout.head_size; ++i) {
        std::memset(keys + layout.key_element(position, i), 0, element_bytes);
        std::memset(values + layout.value_element(position, i), 0, element_bytes);
      }
      if (layout.type == KvType::kF32) continue;
      std::memset(keys + layout.scale(position), 0, sizeof(uint16_t));
      std::memset(values + layout.scale(position), 0, sizeof(uint16_t));
    }
  }
}

}  // namespace hearth
