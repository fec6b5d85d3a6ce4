# SPDX-License-Identifier: Apache-2.0
"""Checks that the golden data is what its scripts wrote, and nothing else.

Compares every file named in tests/golden/manifest.json with its sha256 there, and names files of that folder
that the manifest does not know. Standard library only.

Run: python3 tools/golden/verify.py      (exit status 1 and a line a problem, if there is one)
"""

import hashlib
import json
import os
import sys

GOLDEN_DIR = os.path.normpath(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "golden"))
UNLISTED = {"README.md", "manifest.json"}


def main():
    with open(os.path.join(GOLDEN_DIR, "manifest.json"), encoding="ascii") as file:
        manifest = json.load(file)
    problems = []
    for name, entry in manifest.items():
        try:
            with open(os.path.join(GOLDEN_DIR, name), "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
        except OSError as error:
            problems.append(f"{name}: {error.strerror}")
            continue
        if digest != entry["sha256"]:
            problems.append(f"{name}: not what {entry['made_by']} wrote")
    for folder, _, names in os.walk(GOLDEN_DIR):
        for name in names:
            relative = os.path.relpath(os.path.join(folder, name), GOLDEN_DIR)
            if relative not in manifest and relative not in UNLISTED:
                problems.append(f"{relative}: no script says that it made this")
    print("\n".join(problems) or f"{len(manifest)} files as their scripts wrote them")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
