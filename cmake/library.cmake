# SPDX-License-Identifier: Apache-2.0
# libhearth: the C API over the engine as a shared and as a static library, made of the objects that the modules
# are made of anyway, and what `cmake --install` puts where (docs/decisions/0017-linking.md).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(library_modules base tensor format kernels text grammar template lockdown model engine capi)

# hearth_shared: libhearth.so, which exports the functions of hearth.h and needs libc, libm and libstdc++ only.
add_library(hearth_shared SHARED $<TARGET_OBJECTS:hearth_capi>)
target_link_libraries(hearth_shared PRIVATE hearth_engine hearth_lockdown hearth_options)
target_link_options(hearth_shared PRIVATE -Wl,--as-needed -Wl,--gc-sections
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/src/capi/exports.map)
if(NOT HEARTH_SANITIZE)
  target_link_options(hearth_shared PRIVATE -Wl,--no-undefined)  # a sanitizer's runtime comes with the program
endif()
set_target_properties(hearth_shared PROPERTIES OUTPUT_NAME hearth EXPORT_NAME hearth LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${CMAKE_SOURCE_DIR}/src/capi/exports.map)

# hearth_static: libhearth.a, all modules in one archive. Programs link libseccomp and libstdc++ beside it.
list(TRANSFORM library_modules REPLACE "(.+)" "$<TARGET_OBJECTS:hearth_\\1>" OUTPUT_VARIABLE library_objects)
add_library(hearth_static STATIC ${library_objects})
target_link_libraries(hearth_static INTERFACE stdc++ m pthread)
set_target_properties(hearth_static PROPERTIES OUTPUT_NAME hearth LINKER_LANGUAGE CXX)

foreach(library hearth_shared hearth_static)
  target_include_directories(${library} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

if(NOT HEARTH_INSTALL)
  return()
endif()

# Components: `cli` the commands, `library` what programs need to run, `development` what they need to be built.
install(TARGETS hearth hearth-egress RUNTIME COMPONENT cli)  # hearth finds the other beside itself
install(TARGETS hearth_shared hearth_static EXPORT hearth
  LIBRARY COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/hearth DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT development)

install(DIRECTORY ${CMAKE_SOURCE_DIR}/policies DESTINATION ${CMAKE_INSTALL_DATADIR}/hearth COMPONENT cli)
configure_file(${CMAKE_SOURCE_DIR}/packaging/systemd/hearth.service.in ${CMAKE_BINARY_DIR}/hearth.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/hearth.service ${CMAKE_SOURCE_DIR}/packaging/systemd/hearth.socket
  DESTINATION lib/systemd/system COMPONENT cli)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/hearth)
install(EXPORT hearth NAMESPACE hearth:: FILE hearth-targets.cmake DESTINATION ${package_folder}
  COMPONENT development)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/hearth-config.cmake.in ${CMAKE_BINARY_DIR}/hearth-config.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/hearth-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/hearth-config.cmake ${CMAKE_BINARY_DIR}/hearth-config-version.cmake
  DESTINATION ${package_folder} COMPONENT development)

# The .pc file finds the prefix from where it lies, so that the tree can be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE prefix_from_pc)
configure_file(${CMAKE_SOURCE_DIR}/cmake/hearth.pc.in ${CMAKE_BINARY_DIR}/hearth.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/hearth.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
