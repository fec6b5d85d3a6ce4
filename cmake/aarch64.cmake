# SPDX-License-Identifier: Apache-2.0
# Toolchain of the `aarch64` preset: Debian's cross compiler, tests run by qemu's user mode.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)  # GoogleTest asks for one
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)  # header-only packages serve every processor

# The CPU that tests run on: `max` has all that qemu knows. tests/CMakeLists.txt tries lesser ones too.
set(HEARTH_QEMU qemu-aarch64-static -L /usr/aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR ${HEARTH_QEMU} -cpu max)
