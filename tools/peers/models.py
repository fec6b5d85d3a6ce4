# SPDX-License-Identifier: Apache-2.0
"""The files on which systems are measured: fetched, quantized by llama.cpp's quantizer, or made up; kept in the cache."""

import pathlib
import subprocess

from peers.systems import TOOLS

DEFAULT = "SmolLM2-135M-Instruct Q4_1"
AVX2_ONLY = f"{DEFAULT}, AVX2 only"
# Where the file comes from (an argument of tools/fetch_model, or a shape of tools/random_model), and the type
# that it is quantized to anew, or made in.
MODELS = {
    DEFAULT: (None, None),
    AVX2_ONLY: (None, None),
    "SmolLM2-135M-Instruct Q4_0": (None, "Q4_0"),
    "SmolLM2-135M-Instruct Q8_0": (None, "Q8_0"),
    "SmolLM2-135M-Instruct Q4_K_M": (None, "Q4_K_M"),
    "Gemma-3-270M": ("gemma3", None),
    "Qwen2.5-0.5B shape Q4_0": ("qwen2.5-0.5b", "Q4_0"),
    "Qwen2.5-0.5B shape Q8_0": ("qwen2.5-0.5b", "Q8_0"),
    "Llama-3.2-1B shape Q4_0": ("llama-3.2-1b", "Q4_0"),
    "Llama-3.2-1B shape Q8_0": ("llama-3.2-1b", "Q8_0"),
}


def made_once(path: pathlib.Path, *command: object) -> pathlib.Path:
    """`path`, which `command`, in which it stands for the file to write, makes if it is not there yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        subprocess.run([str(part if word is path else word) for word in command], check=True, capture_output=True)
        part.rename(path)
    return path


def model_file(name: str, cache: pathlib.Path, quantize: pathlib.Path) -> pathlib.Path:
    """The file of a model of MODELS: fetched, and quantized where that is asked for; or made up."""
    source, dtype = MODELS[name]
    if "shape" in name:
        path = cache / f"{source}-{dtype}.gguf"
        return made_once(path, TOOLS / "random_model", source, dtype, path)
    command = [TOOLS / "fetch_model", *([source] if source else [])]
    fetched = pathlib.Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    if dtype is None:
        return fetched
    path = cache / f"{fetched.stem}-{dtype}.gguf"
    return made_once(path, quantize, "--allow-requantize", fetched, path, dtype)
