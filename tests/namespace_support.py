# SPDX-License-Identifier: Apache-2.0
"""For tests that look at every packet: this script again, in a network of its own."""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

INSIDE = "HEARTH_TEST_NAMESPACE"  # set where this runs in a network of its own
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40


def is_inside():
    return INSIDE in os.environ


def enter():
    """Runs this script anew in a network namespace of its own, where root may make one; there, brings loopback up. Returns is_inside()."""
    if is_inside():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14s", b"lo", IFF_UP | IFF_RUNNING, bytes(14)))
        return True
    if os.geteuid() == 0 and shutil.which("unshare") and subprocess.run(["unshare", "-n", "true"], check=False).returncode == 0:
        os.execvpe("unshare", ["unshare", "-n", sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    return False
