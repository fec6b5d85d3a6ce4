# SPDX-License-Identifier: Apache-2.0
"""hearth and its peers: how each is installed into the cache, and how its speed is measured.

A system has a `name` and `measure(model, threads)`, which gives token/s by test (pp512, tg128, and tg128@d1024: 128 tokens
behind 1,024), the milliseconds pp128_ms to the first token behind 128, and of a whole process that writes one token `start_ms`
and `peak_mib`; where the system says how large the weights are, `weights_bytes`. Names of tests hold the sizes that the system
says it ran: one that is missing was not run as asked.
"""

import pathlib
import statistics
import subprocess
import sys
import tarfile

from peers import torch_without_cuda
from peers.processes import run_json, warm_process, whole_process

TOOLS = pathlib.Path(__file__).resolve().parent.parent
PROMPT, ANSWER = 512, 128
DEPTH = 1024  # tokens in front of the second decode
SHORT = 128  # tokens in front of the first one whose time is taken
# Flags that hearth bench and llama-bench share.
PASSES = (["-p", PROMPT, "-n", ANSWER, "-r", 1], ["-p", 0, "-n", ANSWER, "-d", DEPTH, "-r", 1])
FIRST_PASS = ["-p", SHORT, "-n", 0]


class Hearth:
    """With the best kernels for this machine (`isa` "native"), or those of an instruction set."""

    name = "hearth"

    def __init__(self, isa: str = "native") -> None:
        self.program = TOOLS.parent / "build/release/hearth"
        self.flags = [] if isa == "native" else ["--isa", isa]
        if not self.program.exists():
            sys.exit("bench_peers: build/release/hearth: is not built; run ./quickstart first")

    def isa(self) -> str:
        return run_json([self.program, "--version", "--json"])["isa"]

    def measure(self, model: pathlib.Path, threads: int) -> dict:
        common = ["-m", model, "-t", threads, *self.flags]
        bench = [self.program, "bench", "--json", *common]
        tensors = run_json([self.program, "inspect", "--json", model])["tensors"]
        result = {"weights_bytes": sum(tensor["bytes"] for tensor in tensors)}
        for arguments in PASSES:
            result |= {row["test"]: row["tokens_per_s"]["median"] for row in run_json([*bench, *arguments])["results"]}
        for row in run_json([*bench, *FIRST_PASS, "-r", 30])["results"]:
            result |= {f"{row['test']}_ms": row["latency_ms"]["p50"], f"{row['test']}_ms_p95": row["latency_ms"]["p95"]}
        return result | warm_process([self.program, "run", "--raw", "-n", 1, *common, "Hello"])


class LlamaCpp:
    """Built from the source that PyPI's llama-cpp-python carries, for this machine (`isa` "native") or for AVX2 alone."""

    name = "llama.cpp"
    version = "llama-cpp-python 0.3.36"
    programs = ["llama-bench", "llama-completion", "llama-quantize", "llama-server"]
    build_options = {"native": ["-DGGML_NATIVE=ON"],
                     "avx2": ["-DGGML_NATIVE=OFF", "-DGGML_SSE42=ON", "-DGGML_AVX=ON", "-DGGML_AVX2=ON", "-DGGML_FMA=ON",
                              "-DGGML_F16C=ON", "-DGGML_BMI2=ON", "-DGGML_AVX_VNNI=OFF", "-DGGML_AVX512=OFF",
                              "-DGGML_AVX512_VBMI=OFF", "-DGGML_AVX512_VNNI=OFF", "-DGGML_AVX512_BF16=OFF",
                              "-DGGML_AMX_TILE=OFF", "-DGGML_AMX_INT8=OFF", "-DGGML_AMX_BF16=OFF"]}

    def __init__(self, cache: pathlib.Path, isa: str = "native") -> None:
        folder = cache / "llama-cpp-0.3.36"
        build = folder / ("build" if isa == "native" else f"build-{isa}")
        self.folder = build / "bin"
        if not all((self.folder / name).exists() for name in self.programs):
            print(f"bench_peers: building llama.cpp ({isa}) in the cache, some minutes", file=sys.stderr)
            self._build(self._source(folder), build, self.build_options[isa])

    def _source(self, folder: pathlib.Path) -> pathlib.Path:
        if not list(folder.glob("llama_cpp_python-*/")):
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                            "-d", folder, self.version.replace(" ", "==")], check=True)
            with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
                archive.extractall(folder, filter="data")
        source = next(folder.glob("llama_cpp_python-*/")) / "vendor" / "llama.cpp"
        (source / ".git").unlink(missing_ok=True)  # a dangling submodule link: with it the build runs in circles
        return source

    def _build(self, source: pathlib.Path, build: pathlib.Path, options: list[str]) -> None:
        subprocess.run(["cmake", "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *options,
                        "-DLLAMA_CURL=OFF", "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_BUILD_TESTS=OFF",
                        "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["ninja", "-C", build, *self.programs], check=True, stdout=subprocess.DEVNULL)

    def quantize(self) -> pathlib.Path:
        return self.folder / "llama-quantize"

    def measure(self, model: pathlib.Path, threads: int) -> dict:
        common = ["-m", model, "-t", threads]
        result = {}
        for arguments in (*PASSES, [*FIRST_PASS, "-r", 5]):
            for row in run_json([self.folder / "llama-bench", "-o", "json", *common, *arguments]):
                test = f"pp{row['n_prompt']}" if row["n_prompt"] else f"tg{row['n_gen']}"
                test += f"@d{row['n_depth']}" if row["n_depth"] else ""
                result |= {test: row["avg_ts"], f"{test}_ms": statistics.median(row["samples_ns"]) / 1e6,
                           "weights_bytes": row["model_size"]}
        return result | warm_process([self.folder / "llama-completion", *common, "-n", 1, "-no-cnv", "--no-warmup", "-c", 2048,
                                      "-p", "Hello"])


class PythonPeer:
    """A library in a virtual environment of its own, driven by a script beside this file (peers/answers.py)."""

    name: str
    version: str
    script: str
    packages: tuple[list[str], ...]  # pip install's arguments, a list a run

    def __init__(self, cache: pathlib.Path) -> None:
        self.folder = cache / self.version.split()[0]
        self.python = self.folder / "bin" / "python"
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", self.folder], check=True)
        for packages in self.packages:
            subprocess.run([self.python, "-m", "pip", "install", "--quiet", *packages], check=True)

    def measure(self, model: pathlib.Path, threads: int) -> dict:
        command = [self.python, TOOLS / "peers" / self.script, model, threads]
        result = run_json([*command, PROMPT, ANSWER, DEPTH, SHORT])
        return result | whole_process([*command, 1, 1, 0, 0])  # warm from the run before


class OpenVino(PythonPeer):
    """Reads GGUF by itself."""

    name = "OpenVINO GenAI"
    version = "openvino-genai 2026.4.1.0"
    script = "openvino_speed.py"
    packages = ([version.replace(" ", "==")],)


class Transformers(PythonPeer):
    """The baseline: PyTorch on the weights as bfloat16, in which it is faster than in float32."""

    name = "transformers"
    version = "transformers 5.23.0 with torch 2.15.0 in bfloat16"
    script = "transformers_speed.py"
    # torch, and what depends on it, comes alone: its own dependencies are gigabytes of CUDA. Last, or pip says that they lack.
    packages = (["transformers==5.23.0", "gguf==0.19.0", "sympy==1.14.0", "networkx==3.6.1", "jinja2==3.1.6", "psutil==7.2.2"],
                ["--no-deps", "torch==2.15.0", "accelerate==1.15.0"])

    def __init__(self, cache: pathlib.Path) -> None:
        super().__init__(cache)
        torch_without_cuda.write(next(self.folder.glob("lib/python*/site-packages/torch/lib")))
