# SPDX-License-Identifier: Apache-2.0
"""For tests of the command line: runs the real binary in a home of its own."""

import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ.get("HEARTH_BINARY", "")
MODEL = os.environ.get("HEARTH_TEST_MODEL", "")
MINILM = os.environ.get("HEARTH_TEST_MINILM", "")

# What --isa takes.
KNOWN_ISAS = {"scalar", "avx2", "avx512", "amx", "neon", "neon_dotprod", "neon_i8mm"}

needs_model = unittest.skipUnless(MODEL, "HEARTH_TEST_MODEL is not set; ./test sets it")
needs_minilm = unittest.skipUnless(MINILM, "HEARTH_TEST_MINILM is not set; ./test sets it")


ROOT = pathlib.Path(__file__).resolve().parent.parent


def make_adapter(folder, seed, rank=4, alpha=None):
    """A LoRA adapter for MODEL, of random numbers; with an alpha of 60 ranks it changes what is said."""
    command = [sys.executable, ROOT / "tools/random_adapter", MODEL, folder, "--rank", str(rank), "--alpha", str(alpha or rank), "--seed", str(seed)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HEARTH_BINARY": BINARY})


class CliTestCase(unittest.TestCase):
    """Each test class has a home of its own; with MODEL, its store holds the model as smollm2."""

    wants_model = True

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="hearth-cli-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.env = {"HOME": str(cls.home), "PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}
        if cls.wants_model and MODEL:
            imported = cls.run_hearth("import", MODEL, "--name", "smollm2")
            assert imported.returncode == 0, imported.stderr

    @classmethod
    def run_hearth(cls, *arguments, stdin=b"", env=None, **options):
        """The finished process, with stdout and stderr as bytes."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        return subprocess.run([BINARY, *arguments], input=stdin, env={**cls.env, **(env or {})},
                              capture_output=True, timeout=120, **options)

    @classmethod
    def start_hearth(cls, *arguments, env=None, **options):
        return subprocess.Popen([BINARY, *arguments], env={**cls.env, **(env or {})}, **options)

    def start_locked_down(self, *arguments, **options):
        """A process that has shut itself in: a socket that leaked into it is closed, and its filter is on."""
        ours, leaked = socket.socketpair()
        with ours:
            ours.settimeout(30)
            process = self.start_hearth(*arguments, stdout=subprocess.PIPE, pass_fds=[leaked.fileno()], **options)
            leaked.close()
            self.assertEqual(ours.recv(1), b"")  # end of file: the other end is closed
        deadline = time.monotonic() + 10
        status = ""
        while "Seccomp:\t2" not in status and time.monotonic() < deadline:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            time.sleep(0.01)
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("NoNewPrivs:\t1", status)
        self.assertIsNone(process.poll())
        return process

    def hearth(self, *arguments, status=0, **options):
        """stdout as text, after the exit status was checked."""
        done = self.run_hearth(*arguments, **options)
        self.assertEqual(done.returncode, status, (arguments, done.stdout[-500:], done.stderr[-500:]))
        return done.stdout.decode()

    def hearth_json(self, *arguments, **options):
        """The one JSON document on stdout."""
        text = self.hearth(*arguments, "--json", **options)
        self.assertEqual(text.count("\n"), 1, text[:500])
        return json.loads(text)

    def assert_refused(self, arguments, status, *fragments, code=None, **options):
        """One line on stderr that names all of `fragments`, nothing on stdout; with --json a document as well."""
        done = self.run_hearth(*arguments, **options)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, status, (arguments, error))
        self.assertEqual(done.stdout, b"")
        self.assertRegex(error, r"\Ahearth: [^\n]+\n\Z")
        for fragment in fragments:
            self.assertIn(fragment, error)
        done = self.run_hearth(arguments[0], "--json", *arguments[1:], **options)
        self.assertEqual(done.returncode, status)
        document = json.loads(done.stdout)
        self.assertEqual(set(document), {"error"})
        self.assertEqual(set(document["error"]), {"code", "message"})
        if code:
            self.assertEqual(document["error"]["code"], code)


def gguf_string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def write_gguf(path, metadata, tensors=(), data=b""):
    """A small GGUF file: metadata {key: str or int or [str] or [int]}, tensors [(name, shape, type, offset)]."""
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        out += gguf_string(key)
        if isinstance(value, str):
            out += struct.pack("<I", 8) + gguf_string(value)
        elif isinstance(value, int):
            out += struct.pack("<II", 4, value)
        elif isinstance(value[0], str):
            out += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(gguf_string, value))
        else:
            out += struct.pack("<IIQ", 9, 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
    for name, shape, dtype, offset in tensors:
        out += gguf_string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        out += struct.pack("<IQ", dtype, offset)
    out += b"\0" * (-len(out) % 32) + data
    pathlib.Path(path).write_bytes(out)


def byte_tokens():
    """The 256 single-byte tokens of a byte-level vocabulary, as GPT-2 spells them, in byte order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spelling = {byte: chr(byte) for byte in plain}
    others = [byte for byte in range(256) if byte not in spelling]
    spelling.update({byte: chr(256 + i) for i, byte in enumerate(others)})
    return [spelling[byte] for byte in range(256)]


def write_vocabulary(path):
    """A vocabulary-only file: the bytes, one merge, two control tokens."""
    tokens = byte_tokens() + ["ab", "<|start|>", "<|end|>"]
    write_gguf(path, {
        "general.architecture": "llama", "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": [1] * 257 + [3, 3],
        "tokenizer.ggml.merges": ["a b"], "tokenizer.ggml.bos_token_id": 257, "tokenizer.ggml.eos_token_id": 258})
