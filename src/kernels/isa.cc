// SPDX-License-Identifier: Apache-2.0
#include "kernels/isa.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
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

constexpr std::array kAll = {Isa::kScalar, Isa::kAvx2,        Isa::kAvx512,
                             Isa::kNeon,   Isa::kNeonDotprod, Isa::kNeonI8mm};

std::vector<Isa> detect() {
  std::vector<Isa> found;
  for (const Isa isa : kAll) {
    if (cpu_has(isa)) found.push_back(isa);
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
  static const std::vector<Isa> isas = detect();
  return isas;
}

Isa best_isa() { return available_isas().back(); }

const KernelTable& kernels_for(Isa isa) {
  HEARTH_CHECK(cpu_has(isa));
  switch (isa) {
#if defined(__x86_64__)
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
