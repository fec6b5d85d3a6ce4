# SPDX-License-Identifier: Apache-2.0
# The one helper by which every folder of src/ becomes a target and its tests become ctest entries.

# Warnings, sanitizers and include path that all our code is built with.
add_library(hearth_options INTERFACE)
target_include_directories(hearth_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(hearth_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-sign-conversion
  -ffunction-sections -fdata-sections  # so that programs leave out what they do not call: --gc-sections
  -ffp-contract=off  # multiply-adds are fused where the code says so, nowhere else: same numbers everywhere
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # false alarms of GCC 12 about std::string (GCC bug 105651)
  $<$<BOOL:${HEARTH_WERROR}>:-Werror>)
if(HEARTH_SANITIZE)
  target_compile_options(hearth_options INTERFACE
    -fsanitize=${HEARTH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(hearth_options INTERFACE -fsanitize=${HEARTH_SANITIZE})
endif()

# All that the tests without the label `integration` run: what the sanitizers' builds are for.
add_custom_target(quick_tests)

# hearth_module(NAME DEPENDS module... LIBRARIES target...)
#   Static library hearth_NAME from the folder's *.cc; each *_test.cc goes into one test binary NAME_test.
#   DEPENDS are folders below this one; LIBRARIES are third-party targets, private to the module.
function(hearth_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  list(TRANSFORM ARG_DEPENDS PREPEND hearth_)
  if(sources)
    add_library(hearth_${name} STATIC ${sources})
    target_link_libraries(hearth_${name} PUBLIC hearth_options ${ARG_DEPENDS} PRIVATE ${ARG_LIBRARIES})
  else()
    add_library(hearth_${name} INTERFACE)
    target_link_libraries(hearth_${name} INTERFACE hearth_options ${ARG_DEPENDS} ${ARG_LIBRARIES})
  endif()
  if(HEARTH_TESTS AND tests)
    hearth_test(${name}_test SOURCES ${tests} DEPENDS hearth_${name} ${ARG_LIBRARIES})
  endif()
endfunction()

# hearth_test(NAME SOURCES file... DEPENDS target... [LABELS label...]): a GoogleTest binary run by ctest,
#   one ctest entry a binary.
function(hearth_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} hearth_options GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE HEARTH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 900)
  if(NOT "integration" IN_LIST ARG_LABELS)
    add_dependencies(quick_tests ${name})
  endif()
endfunction()

if(HEARTH_FUZZ)
  enable_testing()  # the fuzz preset builds no unit tests, and its harnesses are run by ctest all the same
endif()

# hearth_fuzz(NAME DEPENDS target...): harness fuzz/NAME.cc. With HEARTH_FUZZ it is a libFuzzer binary; with
#   HEARTH_TESTS it is also a plain program that replays its seed corpus fuzz/corpus/NAME in ctest. What
#   libFuzzer finds goes into the build folder, never among the seeds.
function(hearth_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  set(corpus ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
  if(HEARTH_FUZZ)
    set(found ${CMAKE_BINARY_DIR}/found/${name})
    file(MAKE_DIRECTORY ${found}/corpus)
    set(words)
    if(EXISTS ${CMAKE_SOURCE_DIR}/fuzz/${name}.dict)
      set(words -dict=${CMAKE_SOURCE_DIR}/fuzz/${name}.dict)
    endif()
    add_executable(fuzz_${name} ${name}.cc)
    target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPENDS} hearth_options)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz_${name} COMMAND fuzz_${name} -runs=20000 -timeout=10 -rss_limit_mb=1024
      -malloc_limit_mb=256 -artifact_prefix=${found}/ ${words} ${found}/corpus ${corpus})
  elseif(HEARTH_TESTS)
    add_executable(fuzz_${name}_replay ${name}.cc ${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc)
    target_link_libraries(fuzz_${name}_replay PRIVATE ${ARG_DEPENDS} hearth_options)
    add_test(NAME fuzz_${name}_replay COMMAND fuzz_${name}_replay ${corpus})
    add_dependencies(quick_tests fuzz_${name}_replay)
  endif()
endfunction()
