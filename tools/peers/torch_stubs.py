# SPDX-License-Identifier: Apache-2.0
"""Stands in for the CUDA libraries that PyTorch's Linux build links and that a computation on the CPU never calls."""

import pathlib
import re
import subprocess

NO_DEVICE = 100  # cudaErrorNoDevice: what every function of a stub answers


def write(folder: pathlib.Path) -> None:
    """Writes a stub for each of the libraries into `folder`, PyTorch's own, where the loader looks for them.

    All are links to one empty library, which links another one with the functions: the loader refuses a function without a
    version from the very file whose version was asked for.
    """
    dump = subprocess.run(["readelf", "--wide", "--dynamic", "--dyn-syms", *folder.glob("*.so")], check=True,
                          capture_output=True, text=True).stdout
    names = set(re.findall(r"\(NEEDED\).*\[(lib(?:cu|nv|nccl)\S+)\]", dump))
    functions = set(re.findall(r" UND ((?:__cuda|cu|nv|nccl)\w+)", dump))
    compiler = ["cc", "-w", "-shared", "-fPIC", "-x", "c", "-", "-o"]
    subprocess.run([*compiler, folder / "libstubs.so", "-Wl,-soname,libstubs.so"], check=True, text=True,
                   input="\n".join(f"int {function}(void) {{ return {NO_DEVICE}; }}" for function in sorted(functions)))
    subprocess.run([*compiler, folder / "libempty.so", "-x", "none", "-Wl,--no-as-needed,-rpath,$ORIGIN",
                    folder / "libstubs.so"], check=True, text=True, input="")
    for name in names:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to("libempty.so")
