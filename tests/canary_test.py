#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Canaries in everything that a user gives to hearth (prompts, names of files, models and adapters, paths that are wrong), and then a
search for them in everything that hearth leaves behind: packets, logs, metrics, telemetry, the ledger, caches, state, temporary files.

As root this runs without a network, in a namespace where every packet is seen; else that part is skipped.
"""

import base64
import gzip
import json
import os
import pathlib
import random
import shutil
import socket
import string
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

import canary_search
import namespace_support
from cli_chat_test import Terminal
from cli_support import BINARY, MINILM, MODEL, ROOT, CliTestCase, make_adapter, needs_model
from offline_test import UnixConnection

MARK = b"hearth-canary-control"
TINY = ROOT / "tests/golden/tiny/llama.gguf"


def canary(kind):
    return f"Zq{kind}" + "".join(random.SystemRandom().choices(string.ascii_letters + string.digits, k=16))


class Capture(threading.Thread):
    """All packets of all interfaces of this namespace."""

    def __init__(self):
        super().__init__(daemon=True)
        self.packets = []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))  # ETH_P_ALL
        self.start()

    def run(self):
        while True:
            self.packets.append(self.socket.recv(1 << 16))


class Canaries(unittest.TestCase):
    """That the search finds what it is to find."""

    def test_each_disguise_is_found(self):
        secret, other = canary("A"), canary("B")
        raw = secret.encode()
        planted = {
            "raw": raw, "utf-16le": secret.encode("utf-16-le"), "utf-16be": secret.encode("utf-16-be"), "hex": raw.hex().encode(),
            "HEX": raw.hex(" ").upper().encode(), "url": "".join(f"%{byte:02X}" for byte in raw).encode(), "reversed": raw[::-1],
            "gzip": gzip.compress(raw), "zlib": zlib.compress(raw), "gzip of base64": gzip.compress(base64.b64encode(raw)),
            "gzip of gzip": gzip.compress(gzip.compress(raw)), "wrapped": base64.encodebytes(b"x" * 50 + raw)}
        for shift in range(3):
            planted[f"base64+{shift}"] = base64.b64encode(b"abc"[:shift] + raw + b"tail")
            planted[f"base64url+{shift}"] = base64.urlsafe_b64encode(b"\xff\xfe\xfd"[:shift] + raw)
        for name, data in planted.items():
            for around in (data, b"noise \x00\xff" + data + b"\x1f\x8b\x08 noise"):
                found = canary_search.find([other, secret], around)
                self.assertTrue(found, name)
                self.assertEqual({one for one, _ in found}, {secret}, name)

    def test_other_texts_are_not(self):
        data = os.urandom(1 << 16) + gzip.compress(b"The quick brown fox. " * 99) + base64.b64encode(os.urandom(999))
        self.assertEqual(canary_search.find([canary("A")], data), [])


@needs_model
class Leaks(CliTestCase):
    """One of each command with canaries in all that it is given; then the tests look at what is left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.canaries = {kind: canary(kind) for kind in ("Prompt", "Chat", "Answer", "File", "Meta", "Adapter", "Path", "Redact", "Embed", "Header", "Model")}
        cls.inputs = pathlib.Path(tempfile.mkdtemp(prefix="hearth-canary-inputs-"))  # the user's own, which hold canaries
        cls.addClassCleanup(shutil.rmtree, cls.inputs)
        cls.temporary = cls.home / "tmp"
        cls.temporary.mkdir()
        cls.env |= {"TMPDIR": str(cls.temporary), "HOME": str(cls.home)}
        cls.started = time.time()
        cls.capture = Capture() if namespace_support.is_inside() else None
        cls.limits, cls.metrics, cls.files = [], b"", {}
        subprocess.run([BINARY, "telemetry", "on", "--endpoint", "http://127.0.0.1:9"], env=cls.env, check=True, capture_output=True)
        cls.run_all()

    @classmethod
    def quiet(cls, *arguments, stdin=b""):
        """Whatever comes of it."""
        return subprocess.run([BINARY, *arguments], input=stdin, env=cls.env, capture_output=True, timeout=120, check=False)

    @classmethod
    def model_with_metadata(cls):
        """The tiny model with a canary for a name, in a file with a canary for a name."""
        data = TINY.read_bytes()
        at = data.index(b"general.name")
        size, = struct.unpack_from("<Q", data, at + 16)
        name = cls.canaries["Meta"].encode()
        value = (name * 9)[:size]
        cls.canaries["Meta"] = value.decode()
        path = cls.inputs / f"{cls.canaries['File']}.gguf"
        path.write_bytes(data[:at + 24] + value + data[at + 24 + size:])
        return path

    @classmethod
    def run_all(cls):
        prompt, model = f"My secret is {cls.canaries['Prompt']}. Repeat it.", cls.model_with_metadata()
        adapter = cls.inputs / cls.canaries["Adapter"]
        make_adapter(adapter, 1)
        cls.quiet("run", "-n", "8", "--temp", "0", prompt)
        cls.quiet("run", "-n", "8", "--json", "-", stdin=prompt.encode())
        cls.quiet("run", "-n", "4", "--lora", str(adapter), prompt)
        cls.quiet("run", "-n", "4", "-m", str(model), "--raw", prompt)
        cls.quiet("run", "-m", str(cls.inputs / f"{cls.canaries['Path']}.gguf"), prompt)
        cls.quiet("run", "--grammar", str(cls.inputs / cls.canaries["Path"]), prompt)
        cls.quiet("run", f"--{cls.canaries['Path']}", prompt)
        cls.quiet("inspect", str(model))
        cls.quiet("bench", "-m", str(model), "-p", "8", "-n", "4", "-r", "1")
        cls.quiet("redact", "--json", stdin=f"Mail {cls.canaries['Redact']}@example.com.".encode())
        cls.quiet("chat", "-n", "4", stdin=f"{prompt}\n".encode())
        if MINILM:
            cls.quiet("embed", "-m", MINILM, cls.canaries["Embed"])
        cls.chat_at_a_terminal()
        cls.serve(model, adapter)
        cls.quiet("ledger", "show", "--json")
        cls.collect(cls.home.rglob("*"))
        for folder in (pathlib.Path(tempfile.gettempdir()), pathlib.Path("/dev/shm")):
            cls.collect(folder.glob("*"))  # others are at work there too

    @classmethod
    def chat_at_a_terminal(cls):
        terminal = Terminal(["chat", "-n", "4"], cls.env)
        terminal.expect(">>> ")
        cls.limits.append(pathlib.Path(f"/proc/{terminal.pid}/limits").read_text(encoding="utf-8"))
        terminal.send(f"I am {cls.canaries['Chat']}.\n")
        terminal.expect(r"\n>>> ")
        terminal.send("\x04")
        assert terminal.finish() == 0

    @classmethod
    def serve(cls, model, adapter):
        path = cls.home / "hearth.sock"
        adapters = cls.inputs / "adapters"
        adapters.mkdir()
        shutil.copytree(adapter, adapters / cls.canaries["Adapter"])
        server = subprocess.Popen([BINARY, "serve", "-m", "smollm2", "-m", str(model), "--socket", str(path), "--log", str(cls.home / "serve.log"),
                                   "--sessions", str(cls.home / "sessions"), "--adapters", str(adapters)], env=cls.env, stderr=subprocess.PIPE)
        server.stderr.readline()
        cls.limits.append(pathlib.Path(f"/proc/{server.pid}/limits").read_text(encoding="utf-8"))
        prompt = f"My secret is {cls.canaries['Prompt']}. " * 20  # some pages long, so that sessions keep it
        header = {"user-agent": cls.canaries["Header"], "authorization": f"Bearer {cls.canaries['Header']}", "content-type": "application/json"}

        def ask(method, route, body=None):
            connection = UnixConnection(path)
            connection.request(method, route, body if isinstance(body, (str, type(None))) else json.dumps(body), header)
            data = connection.getresponse().read()
            connection.close()
            return data
        for _ in range(600):
            if b"ok" in ask("GET", "/health"):
                break
            time.sleep(0.1)
        messages = [{"role": "user", "content": prompt}]
        for fields in ({"model": "smollm2"}, {"model": "smollm2", "stream": True}, {"model": str(model)}, {"model": cls.canaries["Model"]},
                       {"model": f"smollm2+{cls.canaries['Adapter']}"}, {"model": "smollm2", cls.canaries["Path"]: 1},
                       {"model": "smollm2", "response_format": {"type": cls.canaries["Path"]}}):
            ask("POST", "/v1/chat/completions", {"messages": messages, "max_tokens": 8, "temperature": 0, **fields})
        ask("POST", "/v1/chat/completions", '{"messages": "' + cls.canaries["Prompt"])
        ask("POST", "/api/generate", {"model": "smollm2", "prompt": prompt, "options": {"num_predict": 4}})
        ask("POST", "/tokenize", {"content": cls.canaries["Prompt"]})
        ask("GET", f"/v1/{cls.canaries['Path']}")
        cls.metrics = ask("GET", "/metrics")
        cls.privacy = ask("GET", "/v1/privacy")
        server.terminate()
        cls.said = server.stderr.read()
        server.wait(timeout=60)
        server.stderr.close()

    @classmethod
    def collect(cls, paths):
        """What was written since the start, but the store's models."""
        for path in paths:
            try:
                is_new = path.is_file() and not path.is_symlink() and path.stat().st_mtime >= cls.started - 1 and path.stat().st_size < 1 << 26
                if is_new and not path.is_relative_to(cls.inputs) and "hearth/blobs" not in str(path):
                    cls.files[path] = path.read_bytes()
            except OSError:
                continue  # of somebody else, or gone

    def assert_absent(self, name, data, but=()):
        secrets = [secret for kind, secret in self.canaries.items() if kind not in but]
        self.assertEqual(canary_search.find(secrets, data), [], name)

    def test_the_search_finds_what_is_planted_beside(self):
        path = self.home / ".local/state/hearth/planted"
        path.write_bytes(b"{" + base64.b64encode(b"x" + self.canaries["Prompt"].encode()) + b"}")
        self.addCleanup(path.unlink)
        self.collect([path])
        with self.assertRaises(AssertionError):
            self.assert_absent(path, self.files.pop(path))

    def test_files(self):
        names = {str(path.relative_to(self.home)) for path in self.files if path.is_relative_to(self.home)}
        for expected in (".local/state/hearth/seal.key", ".local/state/hearth/telemetry/week.json", "serve.log"):
            self.assertIn(expected, names)
        self.assertTrue(any(name.endswith(".rows") for name in names), names)
        self.assertTrue(any(name.endswith(".prefixes") for name in names), names)
        for path, data in self.files.items():
            self.assert_absent(path, data)
            self.assert_absent(path, str(path.name).encode())
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_logs_metrics_and_telemetry(self):
        self.assertIn(b"hearth_requests_total", self.metrics)
        self.assertIn(b'"telemetry"', self.privacy)
        self.assertGreater((self.home / "serve.log").read_bytes().count(b"\n"), 8)
        self.assert_absent("metrics", self.metrics)
        self.assert_absent("privacy", self.privacy)
        self.assert_absent("log", (self.home / "serve.log").read_bytes())
        # The server's own errors are the user's terminal; they name models by the paths that the user gave.
        self.assert_absent("stderr", self.said, but=("File",))
        for command in (("telemetry", "preview"), ("telemetry", "status", "--json"), ("ledger", "show", "--json"), ("forget", "--json"), ("ls", "--json")):
            self.assert_absent(command, self.quiet(*command).stdout)

    def test_no_core_is_written(self):
        for limits in self.limits:
            self.assertRegex(limits, r"Max core file size\s+0\s+0")

    @unittest.skipUnless(namespace_support.is_inside(), "packets can be seen only by root, in a network namespace of its own")
    def test_no_packet_is_sent(self):
        time.sleep(0.2)
        seen = list(self.capture.packets)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            control.sendto(MARK, ("127.0.0.1", 9))
        deadline = time.monotonic() + 10
        while not any(MARK in packet for packet in self.capture.packets) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(any(MARK in packet for packet in self.capture.packets), "the capture sees nothing")
        for packet in seen:
            self.assert_absent("packet", packet)
        self.assertEqual(seen, [])


if __name__ == "__main__":
    namespace_support.enter()
    unittest.main()
