# SPDX-License-Identifier: Apache-2.0
# Writes files as a C++ source: cmake -D files=a;b -D out=page_data.cc -P embed.cmake
# The etag of a file is the beginning of its SHA-256.
set(arrays "")
set(rows "")
set(index 0)
foreach(path IN LISTS files)
  get_filename_component(name ${path} NAME)
  file(READ ${path} bytes HEX)
  file(SHA256 ${path} hash)
  string(SUBSTRING ${hash} 0 16 tag)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND arrays "constexpr char kContent${index}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${name}\", {kContent${index}, sizeof kContent${index}}, \"\\\"${tag}\\\"\"},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${out} "// Written by embed.cmake.
#include \"page/page_data.h\"

namespace hearth {
namespace {

${arrays}
constexpr EmbeddedFile kFiles[] = {
${rows}};

}  // namespace

std::span<const EmbeddedFile> embedded_files() { return kFiles; }

}  // namespace hearth
")
