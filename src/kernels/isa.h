// SPDX-License-Identifier: Apache-2.0
// The instruction sets that kernels exist for, and which of them this CPU has. Chosen once, at run
// time.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace hearth {

// In the order of preference: the last available one is the default.
enum class Isa {
  kScalar,       // portable: what an x86 CPU without AVX2 runs; its default numerics are float
  kAvx2,         // AVX2, FMA, F16C
  kAvx512,       // AVX-512 F/BW/DQ/VL and VNNI
  kAmx,          // those, with products of bfloat16 tiles: Intel from Sapphire Rapids on
  kNeon,         // what every AArch64 CPU has
  kNeonDotprod,  // with dot products of bytes (FEAT_DotProd): from Cortex-A76, Neoverse N1, Apple
                 // M1
  kNeonI8mm,     // with matrix products of bytes too (FEAT_I8MM): from Neoverse V1, Cortex-A710
};

// How the forward pass rounds.
enum class Numerics {
  kFast,   // activations int8 in groups of 32 (some int16), KV cache f16
  kFloat,  // activations and KV cache float32: the reference
};

std::string_view isa_name(Isa isa);                   // "scalar", "avx2", "neon_i8mm", ...
std::optional<Isa> parse_isa(std::string_view name);  // by those names
std::span<const Isa> available_isas();                // on this CPU, kScalar first
Isa best_isa();                                       // the last of those
// And those that this build emulates: HEARTH_EMULATED_TILES of CMake.
std::span<const Isa> usable_isas();

}  // namespace hearth
