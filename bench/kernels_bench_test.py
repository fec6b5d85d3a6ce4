#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kernels_bench measures every kernel of the table, and reports the counters that each should have."""

import json
import os
import pathlib
import re
import subprocess
import unittest

TABLE = pathlib.Path(__file__).resolve().parent.parent / "src/kernels/kernels.h"


def kernels_bench(*arguments: str) -> str:
    return subprocess.run([os.environ["HEARTH_KERNELS_BENCH"], *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def counters_of(name: str) -> set[str]:
    kernel, _, *variant = name.split("/")
    if kernel == "dot_peak":
        return {"GMAC/s", "peak%"}
    if kernel.startswith("attend"):
        return {"GMAC/s", "GB/s"}
    if kernel in ("shrink", "expand"):
        return {"GMAC/s", "GB/s"} | ({"memory%"} if variant[-1] == "t1" else set())
    if kernel != "matmul":
        return {"Gvalue/s"}
    wanted = {"GMAC/s", "GB/s"}
    if "float" not in variant:
        wanted.add("peak%")
    if "memory" in variant:
        wanted.add("memory%")
    return wanted


class KernelsBench(unittest.TestCase):
    def test_every_kernel_is_measured(self):
        kernels = re.findall(r"^  \w+ \(\*(\w+)\)\(", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
        self.assertIn("matmul", kernels)
        measured = {name.split("/")[0] for name in kernels_bench("--benchmark_list_tests").split()}
        self.assertEqual(measured | {"tile_peak"}, set(kernels))  # which is for CPUs with AMX

    def test_every_benchmark_has_its_counters(self):
        report = json.loads(kernels_bench("--benchmark_filter=scalar($|/F32|/Q4_1|/int|/t)", "--benchmark_min_time=0.001",
                                          "--benchmark_format=json"))
        self.assertIn("GB/s", report["context"]["memory"])
        self.assertIn("GMAC/s", report["context"]["scalar"])
        names = [benchmark["name"] for benchmark in report["benchmarks"]]
        self.assertIn("matmul/scalar/Q4_1/int16/t128", names)
        for benchmark in report["benchmarks"]:
            counters = {key: value for key, value in benchmark.items() if key.endswith(("/s", "%"))}
            with self.subTest(benchmark["name"]):
                self.assertEqual(set(counters), counters_of(benchmark["name"]))
                self.assertGreater(min(counters.values()), 0)


if __name__ == "__main__":
    unittest.main()
