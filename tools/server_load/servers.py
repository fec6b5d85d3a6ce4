# SPDX-License-Identifier: Apache-2.0
"""Servers as processes of their own, on a free port: hearth's and llama.cpp's."""

import contextlib
import http.client
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SLOTS = 16
CONTEXT = 2048  # tokens of each slot


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(process: subprocess.Popen, port: int) -> None:
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"bench_server: {process.args[0]}: ended with status {process.returncode}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    sys.exit(f"bench_server: {process.args[0]}: does not answer")


@contextlib.contextmanager
def running(arguments: list, port: int):
    process = subprocess.Popen([str(argument) for argument in arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_healthy(process, port)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


@contextlib.contextmanager
def hearth(model: pathlib.Path, threads: int, binary: pathlib.Path, *more: str):
    port = free_port()
    with running([binary, "serve", "-m", model, "-t", threads, "-c", CONTEXT, "--parallel", SLOTS, "--port", port, *more], port) as process:
        yield port, process.pid


@contextlib.contextmanager
def llama_cpp(model: pathlib.Path, threads: int, binary: pathlib.Path):
    port = free_port()
    with running([binary, "-m", model, "-t", threads, "-tb", threads, "-c", CONTEXT * SLOTS, "-np", SLOTS, "--port", port], port) as process:
        yield port, process.pid


def resident_mib(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def run_once(binary: pathlib.Path, model: pathlib.Path, threads: int, prompt: str, tokens: int) -> dict:
    """What `hearth run` says of the same work."""
    done = subprocess.run([binary, "run", "--json", "--raw", "-m", model, "-t", str(threads), "-c", str(CONTEXT), "--temp", "0", "-n", str(tokens),
                           prompt], check=True, capture_output=True)
    return json.loads(done.stdout)
