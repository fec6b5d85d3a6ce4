# SPDX-License-Identifier: Apache-2.0
"""Programs run and measured as whole processes."""

import json
import os
import subprocess
import sys
import time


def run_json(command: list) -> object:
    """What the program prints, as JSON. Errors: CalledProcessError."""
    return json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout)


def whole_process(command: list) -> dict:
    """Wall milliseconds and peak memory in MiB of a process from start to end. Ends the program where it fails."""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall_ms = (time.monotonic() - start) * 1e3
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench_peers: {command[0]} ended with {process.returncode}")
    return {"start_ms": wall_ms, "peak_mib": usage.ru_maxrss / 1024}


def warm_process(command: list) -> dict:
    """The same of a second run: what the first one read, a kernel that gives idle pages back may not have held."""
    whole_process(command)
    return whole_process(command)
