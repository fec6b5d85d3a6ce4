#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""symbols_test.py LIBRARY: libhearth.so exports exactly src/capi/symbols.txt, and needs no library but those of the
compiler and the system."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SYSTEM = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libpthread.so.0", "ld-linux-x86-64.so.2",
          "ld-linux-aarch64.so.1"}
SANITIZERS = re.compile(r"lib[a-z]*san\.so\.")


def main() -> int:
    library = sys.argv[1]
    listed = (ROOT / "src/capi/symbols.txt").read_text(encoding="utf-8").split()
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    # "address T name@@HEARTH_0"; the version itself is an absolute symbol.
    exported = sorted(line.split()[-1].split("@")[0] for line in lines.splitlines() if " A HEARTH_" not in line)
    dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    soname = re.findall(r"\(SONAME\).*\[(.*)\]", dynamic)
    findings = [f"exported but not in src/capi/symbols.txt: {name}" for name in exported if name not in listed]
    findings += [f"in src/capi/symbols.txt but not exported: {name}" for name in listed if name not in exported]
    findings += [f"needs {name}" for name in sorted(needed - SYSTEM) if not SANITIZERS.match(name)]
    if listed != sorted(listed):
        findings.append("src/capi/symbols.txt is not sorted")
    if soname != ["libhearth.so.0"]:
        findings.append(f"has the soname {soname}")
    print("\n".join(findings) if findings else f"{len(exported)} symbols; needs {', '.join(sorted(needed))}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
