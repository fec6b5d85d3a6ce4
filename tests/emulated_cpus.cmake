# SPDX-License-Identifier: Apache-2.0
# Tests on CPUs that are older than the one at hand, which qemu's user mode plays: which kernels are chosen there, and
# that they compute.

# hearth_emulated_test(QEMU CPU ISAS): kernels_test on a CPU of qemu's, where available_isas() must be ISAS (a,b,...).
function(hearth_emulated_test qemu cpu isas)
  list(POP_FRONT qemu program)
  find_program(emulator_${program} ${program})
  if(NOT emulator_${program})
    add_test(NAME kernels_on_${cpu} COMMAND ${CMAKE_COMMAND} -E echo "skipped: ${program} is not installed")
    set_tests_properties(kernels_on_${cpu} PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped")
    return()
  endif()
  add_test(NAME kernels_on_${cpu} COMMAND ${emulator_${program}} ${qemu} -cpu ${cpu} $<TARGET_FILE:kernels_test>
    --gtest_filter=Isa.*:SameBits.*:*RmsNorm*:*Halves*)
  set_tests_properties(kernels_on_${cpu} PROPERTIES TIMEOUT 300 ENVIRONMENT "HEARTH_EXPECTED_ISAS=${isas}")
  if(TARGET hearth)
    string(REGEX REPLACE ".*," "" best ${isas})
    add_test(NAME hearth_on_${cpu} COMMAND ${emulator_${program}} ${qemu} -cpu ${cpu} $<TARGET_FILE:hearth> --version)
    set_tests_properties(hearth_on_${cpu} PROPERTIES PASS_REGULAR_EXPRESSION "\\(${best}\\)")
  endif()
endfunction()

if(HEARTH_SANITIZE)
  return()  # their shadow memory and qemu's do not go together
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  hearth_emulated_test(qemu-x86_64-static Nehalem "scalar")
  hearth_emulated_test(qemu-x86_64-static Haswell "scalar,avx2")
elseif(HEARTH_QEMU)
  hearth_emulated_test("${HEARTH_QEMU}" cortex-a57 "scalar,neon")
  hearth_emulated_test("${HEARTH_QEMU}" cortex-a76 "scalar,neon,neon_dotprod")
endif()
