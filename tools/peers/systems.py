# SPDX-License-Identifier: Apache-2.0
"""hearth and its peers: how each is installed into the cache, and how its speed is measured.

A system has a `name` and `measure(model, threads)`, which gives token/s by test (pp512, tg128, and tg128@d1024: 128 tokens
behind 1,024), and of a whole process that writes one token `start_ms` and `peak_mib`.
"""

import pathlib
import subprocess
import sys
import tarfile

from peers.processes import run_json, warm_process

TOOLS = pathlib.Path(__file__).resolve().parent.parent
DEPTH = 1024  # tokens in front of the second decode
PASSES = (["-p", 512, "-n", 128], ["-p", 0, "-n", 128, "-d", DEPTH])  # flags that hearth bench and llama-bench share


class Hearth:
    name = "hearth"

    def __init__(self) -> None:
        self.program = TOOLS.parent / "build/release/hearth"
        if not self.program.exists():
            sys.exit("bench_peers: build/release/hearth: is not built; run ./quickstart first")

    def isa(self) -> str:
        return run_json([self.program, "--version", "--json"])["isa"]

    def measure(self, model: pathlib.Path, threads: int) -> dict:
        speeds = {}
        for arguments in PASSES:
            out = run_json([self.program, "bench", "-m", model, "-t", threads, "-r", 1, "--json", *arguments])
            speeds |= {row["test"]: row["tokens_per_s"]["median"] for row in out["results"]}
        return speeds | warm_process([self.program, "run", "--raw", "-n", 1, "-t", threads, "-m", model, "Hello"])


class LlamaCpp:
    """Built natively from the source that PyPI's llama-cpp-python carries."""

    name = "llama.cpp"
    version = "llama-cpp-python 0.3.36"
    programs = ["llama-bench", "llama-completion", "llama-quantize"]

    def __init__(self, cache: pathlib.Path) -> None:
        folder = cache / "llama-cpp-0.3.36"
        self.folder = folder / "build" / "bin"
        if not all((self.folder / name).exists() for name in self.programs):
            self._build(folder)

    def _build(self, folder: pathlib.Path) -> None:
        print("bench_peers: building llama.cpp in the cache, some minutes", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        if not list(folder.glob("*.tar.gz")):
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                            "-d", folder, self.version.replace(" ", "==")], check=True)
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        source = next(folder.glob("llama_cpp_python-*")) / "vendor" / "llama.cpp"
        (source / ".git").unlink(missing_ok=True)  # a dangling submodule link: with it the build runs in circles
        subprocess.run(["cmake", "-S", source, "-B", folder / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                        "-DGGML_NATIVE=ON", "-DLLAMA_CURL=OFF", "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_BUILD_TESTS=OFF",
                        "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["ninja", "-C", folder / "build", *self.programs], check=True, stdout=subprocess.DEVNULL)

    def quantize(self) -> pathlib.Path:
        return self.folder / "llama-quantize"

    def measure(self, model: pathlib.Path, threads: int) -> dict:
        speeds = {}
        for arguments in PASSES:
            rows = run_json([self.folder / "llama-bench", "-m", model, "-t", threads, "-r", 1, "-o", "json", *arguments])
            for row in rows:
                if row["model_size"] > model.stat().st_size:
                    sys.exit(f"bench_peers: {model}: llama.cpp holds more weights than the file; the runs do not compare")
                test = f"pp{row['n_prompt']}" if row["n_prompt"] else f"tg{row['n_gen']}"
                speeds[test + (f"@d{row['n_depth']}" if row["n_depth"] else "")] = row["avg_ts"]
        return speeds | warm_process([self.folder / "llama-completion", "-m", model, "-t", threads, "-n", 1, "-no-cnv",
                                      "--no-warmup", "-c", 2048, "-p", "Hello"])


class OpenVino:
    """Reads GGUF by itself; runs in a virtual environment of its own."""

    name = "OpenVINO GenAI"
    version = "openvino-genai 2026.4.1.0"

    def __init__(self, cache: pathlib.Path) -> None:
        self.python = cache / "openvino-genai" / "bin" / "python"
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", self.python.parent.parent], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "--quiet", self.version.replace(" ", "==")], check=True)
        self.script = TOOLS / "peers" / "openvino_speed.py"

    def measure(self, model: pathlib.Path, threads: int) -> dict:
        speeds = run_json([self.python, self.script, model, threads, 512, 128, DEPTH])
        return speeds | warm_process([self.python, self.script, model, threads, 1, 1, 0])
