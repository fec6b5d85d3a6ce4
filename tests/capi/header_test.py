#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth.h is C and C++ to every compiler that is here, old standards included, without a warning; and it declares what
src/capi/symbols.txt lists."""

import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "include/hearth/hearth.h"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
COMPILERS = {"c": ["gcc", "clang-16", "clang"], "c++": ["g++", "clang++-16", "clang++"]}
STANDARDS = {"c": ["c90", "c99", "c11", "c17"], "c++": ["c++98", "c++11", "c++20"]}
USE = '#include "hearth/hearth.h"\nint main(void) { return hearth_version_number() < 0; }\n'


class Header(unittest.TestCase):
    def test_compiles_everywhere(self):
        tried = 0
        for language, compilers in COMPILERS.items():
            for compiler in filter(shutil.which, compilers):
                for standard in STANDARDS[language]:
                    done = subprocess.run([compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only",
                                           f"-I{ROOT}/include", "-"], input=USE, capture_output=True, text=True)
                    self.assertEqual((done.returncode, done.stderr), (0, ""), f"{compiler} -std={standard}")
                    tried += 1
        self.assertGreaterEqual(tried, 7, "neither gcc and g++ nor clang are here")
        print(f"{tried} pairs of compiler and standard")

    def test_ignored_results_are_told(self):
        use = '#include "hearth/hearth.h"\nvoid f(hearth_model* m) { hearth_model_prewarm(m); }\n'
        done = subprocess.run(["gcc", "-x", "c", "-Werror", "-c", "-o", "/dev/null", f"-I{ROOT}/include", "-"],
                              input=use, capture_output=True, text=True)
        self.assertIn("warn_unused_result", done.stderr)

    def test_declares_the_symbol_list(self):
        text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
        declared = sorted(set(re.findall(r"HEARTH_API[^;]*?\b(hearth_\w+)\(", text)))
        listed = (ROOT / "src/capi/symbols.txt").read_text(encoding="utf-8").split()
        self.assertEqual(declared, listed)

    def test_every_struct_of_options_begins_with_its_size(self):
        text = HEADER.read_text(encoding="utf-8")
        structs = re.findall(r"typedef struct hearth_\w*(?:options|info|result) \{\n  ([^\n]*?);", text)
        self.assertGreaterEqual(len(structs), 7)
        self.assertEqual(set(structs), {"size_t struct_size"})


if __name__ == "__main__":
    unittest.main()
