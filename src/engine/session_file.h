// SPDX-License-Identifier: Apache-2.0
// A saved session: bytes to a validated struct, and the identity of what saved it. The format is
// docs/formats/session.md. Internal to the folder; Session::save and Engine::restore_session are
// the way in.
//
// Threading: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/kv_cache.h"
#include "model/model.h"

namespace hearth {

inline constexpr uint32_t kSessionVersion = 2;

// What a session depends on: keys and values of another model, or of one that rounds differently,
// would continue the text wrongly.
struct SessionIdentity {
  uint32_t kv_type = 0;   // of KvType: 0: 16 bits, 1: 8 bits, 2: f32
  uint32_t numerics = 0;  // 0: fast, 1: float
  // Instruction sets that compute the same bits: "scalar", "avx", ...; padded with zeros.
  std::array<char, 8> isa_family{};
  uint64_t model = 0;    // hash of the description
  uint64_t weights = 0;  // hash of the packed weights

  bool operator==(const SessionIdentity&) const = default;
};

// Reads all weights once: 10 ms for 100 MB.
SessionIdentity session_identity(const Model& model);

// The head of a file; what follows are tokens, pages, checksum.
struct SessionHeader {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t context;  // tokens that the session had room for
  SessionIdentity identity;
  uint32_t tokens;    // that it holds
  uint32_t reserved;  // 0
  uint64_t page_bytes;
};
static_assert(sizeof(SessionHeader) == 64);  // no padding that could leak memory

inline constexpr std::array<char, 8> kSessionMagic = {'h', 'e', 'a', 'r', 't', 'h', 'K', 'V'};

// A file taken apart; the spans borrow its bytes.
struct SavedSession {
  SessionHeader header;
  std::span<const std::byte> tokens;  // int32 each
  std::span<const std::byte> pages;   // whole pages of header.page_bytes

  // Trusts nothing, but knows nothing of a model: ids and page size are yet to be compared. Errors:
  // kCorrupt (no saved session, cut short, longer than announced, damaged), kUnsupported (another
  // version).
  static Result<SavedSession> parse(std::span<const std::byte> bytes);
};

// Bytes of the padding behind `tokens` ids, so that pages begin at a multiple of 8.
std::size_t token_padding(uint64_t tokens);
// Pages that `tokens` ids take.
uint64_t page_count(uint64_t tokens);

// Sets positions [used, kKvPageTokens) of a page to zero: what they hold is no part of the session,
// but may be left over from text that was forgotten.
void clear_unused(const KvPage& layout, int32_t used, std::span<std::byte> page);

}  // namespace hearth
