# SPDX-License-Identifier: Apache-2.0
"""Lets PyTorch's Linux build load without the CUDA libraries that it links, which a computation on the CPU never calls."""

import pathlib
import re
import subprocess

NO_DEVICE = 100  # cudaErrorNoDevice: what every function answers, so that PyTorch finds no GPU


def write(folder: pathlib.Path) -> None:
    """Writes a file for each missing library into `folder`, PyTorch's own, where the loader looks, unless they are there.

    All are links to one empty library, which links another one with the functions: the loader refuses a function without a
    version from the very file whose version was asked for. That one is written last.
    """
    if (folder / "libempty.so").exists():
        return
    dump = subprocess.run(["readelf", "--wide", "--dynamic", "--dyn-syms", *folder.glob("*.so")], check=True,
                          capture_output=True, text=True).stdout
    names = set(re.findall(r"\(NEEDED\).*\[(lib(?:cu|nv|nccl)\S+)\]", dump))
    functions = set(re.findall(r" UND ((?:__cuda|cu|nv|nccl)\w+)", dump))
    for name in names:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to("libempty.so")
    compiler = ["cc", "-w", "-shared", "-fPIC", "-x", "c", "-", "-o"]
    subprocess.run([*compiler, folder / "libno_device.so", "-Wl,-soname,libno_device.so"], check=True, text=True,
                   input="\n".join(f"int {function}(void) {{ return {NO_DEVICE}; }}" for function in sorted(functions)))
    subprocess.run([*compiler, folder / "libempty.so", "-x", "none", "-Wl,--no-as-needed,-rpath,$ORIGIN",
                    folder / "libno_device.so"], check=True, text=True, input="")
