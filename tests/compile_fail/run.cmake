# SPDX-License-Identifier: Apache-2.0
# cmake -DCOMPILER=... -DINCLUDE=... -DSOURCE=... -DCASES=N -P run.cmake: CASE 0 of the source compiles, and each of
# 1 to N does not, for what stands in the source itself.
function(compile case)
  execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only -I${INCLUDE} -DCASE=${case} ${SOURCE}
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE errors)
  set(status ${status} PARENT_SCOPE)
  set(errors "${errors}" PARENT_SCOPE)
endfunction()

compile(0)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "case 0 must compile:\n${errors}")
endif()
foreach(case RANGE 1 ${CASES})
  compile(${case})
  if(status EQUAL 0)
    message(FATAL_ERROR "case ${case} compiles, and must not")
  elseif(NOT errors MATCHES "${SOURCE}:[0-9]+:[0-9]+: error: " OR errors MATCHES "no such case")
    message(FATAL_ERROR "case ${case} fails for another reason:\n${errors}")
  endif()
endforeach()
message(STATUS "${CASES} cases do not compile")
