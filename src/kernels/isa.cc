// SPDX-License-Identifier: Apache-2.0
#include "kernels/isa.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <array>
#include <vector>

#include "base/check.h"
#include "kernels/kernels.h"

namespace hearth {

extern const KernelTable kKernelsScalar;
#if defined(__x86_64__)
extern const KernelTable kKernelsAvx2;
extern const KernelTable kKernelsAvx512;
KernelTable amx_kernels();
#elif defined(__aarch64__)
extern const KernelTable kKernelsNeon;
extern const KernelTable kKernelsNeonDotprod;
extern const KernelTable kKernelsNeonI8mm;
#endif

namespace {

#if defined(__x86_64__)
// Clang's __builtin_cpu_supports() does not know this name.
bool cpu_has_f16c() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

#if defined(HEARTH_EMULATED_TILES)
constexpr bool kEmulatedTiles = true;
#else
constexpr bool kEmulatedTiles = false;
#endif

// Whether the CPU has tiles of bfloat16 and the kernel lets this process use their registers: Linux
// keeps them from those that do not ask (Documentation/arch/x86/xstate.rst).
bool cpu_has_tiles() {
  constexpr unsigned kTileAndBfloat = (1u << 24) | (1u << 22);
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
         (edx & kTileAndBfloat) == kTileAndBfloat &&
         ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

bool cpu_has(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return true;
#if defined(__x86_64__)
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && cpu_has_f16c();
    case Isa::kAvx512:
      return cpu_has(Isa::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
    case Isa::kAmx:
      return cpu_has(Isa::kAvx512) && !kEmulatedTiles && cpu_has_tiles();
#elif defined(__aarch64__)
    case Isa::kNeon:
      return true;
    case Isa::kNeonDotprod:
      return (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
    case Isa::kNeonI8mm:
      return cpu_has(Isa::kNeonDotprod) && (::getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
#endif
    default:
      return false;
  }
}

bool is_emulated([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  return kEmulatedTiles && isa == Isa::kAmx && cpu_has(Isa::kAvx512);
#else
  return false;
#endif
}

constexpr std::array kAll = {Isa::kScalar, Isa::kAvx2,        Isa::kAvx512,  Isa::kAmx,
                             Isa::kNeon,   Isa::kNeonDotprod, Isa::kNeonI8mm};

std::vector<Isa> detect(bool emulated_too) {
  std::vector<Isa> found;
  for (const Isa isa : kAll) {
    if (cpu_has(isa) || (emulated_too && is_emulated(isa))) found.push_back(isa);
  }
  return found;
}

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAmx:
      return "amx";
    case Isa::kNeon:
      return "neon";
    case Isa::kNeonDotprod:
      return "neon_dotprod";
    case Isa::kNeonI8mm:
      return "neon_i8mm";
  }
  check_failed("an instruction set has a name", __FILE__, __LINE__);
}

std::optional<Isa> parse_isa(std::string_view name) {
  for (const Isa isa : kAll) {
    if (isa_name(isa) == name) return isa;
  }
  return std::nullopt;
}

std::span<const Isa> available_isas() {
  static const std::vector<Isa> isas = detect(false);
  return isas;
}

std::span<const Isa> usable_isas() {
  static const std::vector<Isa> isas = detect(true);
  return isas;
}

Isa best_isa() { return available_isas().back(); }

const KernelTable& kernels_for(Isa isa) {
  HEARTH_CHECK(cpu_has(isa) || is_emulated(isa));
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAmx: {
      static const KernelTable table = amx_kernels();
      return table;
    }
    case Isa::kAvx512:
      return kKernelsAvx512;
    case Isa::kAvx2:
      return kKernelsAvx2;
#elif defined(__aarch64__)
    case Isa::kNeonI8mm:
      return kKernelsNeonI8mm;
    case Isa::kNeonDotprod:
      return kKernelsNeonDotprod;
    case Isa::kNeon:
      return kKernelsNeon;
#endif
    default:
      return kKernelsScalar;
  }
}

}  // namespace hearth
