#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""install_test.py BUILD_FOLDER TINY_MODEL: installs hearth into a prefix of its own and builds examples/minimal against
it, as somebody else would: by find_package and by pkg-config, shared and static. Each program is run on the model that
HEARTH_TEST_MODEL names, or else on TINY_MODEL."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/minimal"
BUILD, TINY_MODEL = map(pathlib.Path, sys.argv[1:3])
MODEL = os.environ.get("HEARTH_TEST_MODEL")


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def needed_libraries(program):
    lines = run("readelf", "-d", program).splitlines()
    return {line.split("[")[1].rstrip("]") for line in lines if "(NEEDED)" in line}


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="install-", dir=BUILD))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        installed = cls.work / "installed"
        for component in ("library", "development"):
            run("cmake", "--install", BUILD, "--prefix", installed, "--component", component)
        cls.prefix = cls.work / "moved"  # nothing in it may know where it was installed to
        installed.rename(cls.prefix)
        cls.pkg_config = {**os.environ, "PKG_CONFIG_PATH": ":".join(
            str(path.parent) for path in cls.prefix.rglob("hearth.pc"))}

    def libraries_folder(self):
        return next(self.prefix.rglob("libhearth.a")).parent

    def check_answer(self, program, **options):
        """Two runs, one answer of some length."""
        answers = [run(program, MODEL or TINY_MODEL, "What is the capital of France?", **options) for _ in range(2)]
        self.assertEqual(answers[0], answers[1])
        self.assertGreater(len(answers[0].strip()), 0)
        return answers[0]

    def test_what_is_installed(self):
        names = {str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if not path.is_dir()}
        ends = ("include/hearth/hearth.h", "/libhearth.a", "/libhearth.so", "/libhearth.so.0", "/libhearth.so.0.1.0",
                "/pkgconfig/hearth.pc", "/cmake/hearth/hearth-config.cmake",
                "/cmake/hearth/hearth-config-version.cmake", "/cmake/hearth/hearth-targets.cmake")
        for end in ends:
            self.assertEqual(len([name for name in names if name.endswith(end)]), 1, (end, names))
        for name in names:
            if name.endswith((".cmake", ".pc")):
                self.assertNotIn(str(ROOT), (self.prefix / name).read_text(), f"{name} knows the source folder")

    def test_the_commands(self):
        prefix = self.work / "commands"
        run("cmake", "--install", BUILD, "--prefix", prefix, "--component", "cli")
        self.assertEqual({path.name for path in (prefix / "bin").iterdir()}, {"hearth", "hearth-egress"})
        self.assertEqual({name for name in needed_libraries(prefix / "bin/hearth") if "curl" in name}, set())
        self.assertEqual(len([name for name in needed_libraries(prefix / "bin/hearth-egress") if "curl" in name]), 1)

    def test_find_package(self):
        build = self.work / "find_package"
        run("cmake", "-S", EXAMPLE, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            "-DCMAKE_C_FLAGS=-std=c11 -Wall -Wextra -Wpedantic -Werror")
        run("cmake", "--build", build)
        self.assertIn("libhearth.so.0", needed_libraries(build / "minimal"))
        static = needed_libraries(build / "minimal_static")
        self.assertFalse({name for name in static if "hearth" in name or "seccomp" in name}, static)
        self.assertEqual(self.check_answer(build / "minimal"), self.check_answer(build / "minimal_static"))

    def test_pkg_config(self):
        flags = run("pkg-config", "--cflags", "--libs", "hearth", env=self.pkg_config).split()
        program = self.work / "by_pkg_config"
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", EXAMPLE / "minimal.c", "-o", program, *flags)
        self.assertEqual(run("pkg-config", "--modversion", "hearth", env=self.pkg_config).strip(), "0.1.0")
        self.check_answer(program, env={**os.environ, "LD_LIBRARY_PATH": str(self.libraries_folder())})

    def test_pkg_config_static(self):
        flags = run("pkg-config", "--static", "--cflags", "--libs", "hearth", env=self.pkg_config).split()
        program = self.work / "by_pkg_config_static"
        run("cc", "-std=c11", "-static", EXAMPLE / "minimal.c", "-o", program, *flags)
        self.assertEqual(needed_libraries(program), set())
        self.check_answer(program)

    def test_an_error_of_the_example(self):
        program = self.work / "erring"
        flags = run("pkg-config", "--cflags", "--libs", "hearth", env=self.pkg_config).split()
        run("cc", "-std=c11", EXAMPLE / "minimal.c", "-o", program, *flags)
        done = subprocess.run([program, "absent.gguf"], capture_output=True, text=True,
                              env={**os.environ, "LD_LIBRARY_PATH": str(self.libraries_folder())})
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^minimal: [^\n]*absent.gguf: [^\n]*\n$")

    def test_the_guide_quotes_the_example(self):
        guide = (ROOT / "docs/guide/c-api.md").read_text(encoding="utf-8")
        example = (EXAMPLE / "minimal.c").read_text(encoding="utf-8").split("\n", 1)[1]
        self.assertIn(f"```c\n{example}```\n", guide)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
