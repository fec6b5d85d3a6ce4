#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every piece of docs/guide/clients.md: real clients, unmodified, against a real server.

The clients come from PyPI and npm, at the versions of tests/clients/, into the user's cache; without a network and without them there, the
tests are skipped.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from cli_support import MINILM, CliTestCase, needs_minilm, needs_model
from serve_support import Server

HERE = pathlib.Path(__file__).resolve().parent
GUIDE = HERE.parent / "docs/guide/clients.md"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hearth"


def pieces(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def installed(name, wanted, install):
    """The folder in the cache that `install` filled for what `wanted` says; made anew when that changes."""
    folder = CACHE / f"{name}-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            install(folder)
        except subprocess.CalledProcessError as error:
            raise unittest.SkipTest(f"{name} cannot be installed: {error.stderr.decode()[-300:]}") from error
        (folder / "complete").touch()
    return folder


def python_clients():
    wanted = HERE / "clients/requirements.txt"

    def install(folder):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "-r", wanted], check=True, capture_output=True)

    return installed("clients-python", wanted, install) / "bin"


def node_clients():
    wanted = HERE / "clients/package.json"
    if not shutil.which("npm"):
        raise unittest.SkipTest("no npm here")

    def install(folder):
        shutil.copy(wanted, folder)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)

    return installed("clients-node", wanted, install)


@needs_model
@needs_minilm
class Clients(CliTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert cls.run_hearth("import", MINILM, "--name", "minilm").returncode == 0

    def setUp(self):
        super().setUp()
        self.server = Server(self, "-m", "smollm2", "-m", "minilm")
        self.server.wait_ready()

    def at_our_port(self, piece):
        self.assertIn("127.0.0.1:4327", piece)
        return piece.replace("127.0.0.1:4327", f"127.0.0.1:{self.server.port}")

    def run_piece(self, arguments, piece, **options):
        done = subprocess.run(arguments, capture_output=True, timeout=300, text=True, **options)
        self.assertEqual(done.returncode, 0, f"{piece}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done.stdout

    def run_python(self, piece):
        return self.run_piece([python_clients() / "python", "-c", self.at_our_port(piece)], piece, env={**self.env, "NO_COLOR": "1"})

    def python_pieces(self, word):
        found = [piece for piece in pieces("python") if word in piece]
        self.assertTrue(found)
        return found

    def test_curl(self):
        whole, streamed = pieces("bash")
        answer = json.loads(self.run_piece(["bash", "-c", self.at_our_port(whole)], whole))
        self.assertTrue(answer["choices"][0]["message"]["content"])
        lines = [json.loads(line) for line in self.run_piece(["bash", "-c", self.at_our_port(streamed)], streamed).splitlines()]
        self.assertEqual(set(json.loads("".join(line["response"] for line in lines))), {"city", "people"})

    def test_openai(self):
        outputs = [self.run_python(piece) for piece in self.python_pieces("penai") if "langchain" not in piece]
        text = "\n".join(outputs)
        for fragment in ("guests=", "get_weather {'city': ", "2 384", '"nobody" is not here', "temperature temperature: 1000"):
            self.assertIn(fragment, text)

    def test_ollama(self):
        chat, tool, create = self.python_pieces("import ollama")
        text = self.run_python(chat)
        for fragment in ("'smollm2:latest'", "384\n", "llama ['", "404 ", '"age":'):
            self.assertIn(fragment, text)
        self.assertRegex(self.run_python(tool), r"(?m)^(stop|length)$")  # drawn: it may be cut at 120 tokens
        text = self.run_python(create)
        for fragment in ("success\ntemperature                    0", "\n30\n", "writing manifest\nsuccess\n"):
            self.assertIn(fragment, text)

    def test_langchain(self):
        [piece] = self.python_pieces("langchain")
        text = self.run_python(piece)
        for fragment in ("name=", "'name': 'get_weather'", "384"):
            self.assertIn(fragment, text)

    def test_llm(self):
        [settings] = [piece for piece in pieces("yaml") if "model_id" in piece]
        folder = self.home / "llm"
        folder.mkdir()
        (folder / "extra-openai-models.yaml").write_text(self.at_our_port(settings), encoding="utf-8")
        [command] = pieces("sh")
        text = self.run_piece(["sh", "-c", command], command, stdin=subprocess.DEVNULL,
                              env={**self.env, "LLM_USER_PATH": str(folder), "PATH": f"{python_clients()}:{self.env['PATH']}"})
        self.assertTrue(text.strip())

    def test_node(self):
        [piece] = pieces("javascript")
        folder = node_clients()
        script = self.home / "piece.mjs"
        script.write_text(self.at_our_port(piece), encoding="utf-8")
        (self.home / "node_modules").symlink_to(folder / "node_modules")
        text = self.run_piece(["node", script], piece, env=self.env)
        self.assertIn("3\nadd\n384\n404 ", text)

    def test_editors_settings_name_what_is_there(self):
        [settings] = pieces("json")
        self.assertEqual(set(json.loads(self.at_our_port(settings)).values()), {f"http://127.0.0.1:{self.server.port}"})
        status, document = self.server.ask("POST", "/infill", {"input_prefix": "a", "input_suffix": "b"})
        self.assertEqual(status, 400)  # this model cannot, and says so
        self.assertIn("filling in", document["error"]["message"])
        [continue_] = [piece for piece in pieces("yaml") if "provider" in piece]
        self.assertIn(f"apiBase: http://127.0.0.1:{self.server.port}", self.at_our_port(continue_))


if __name__ == "__main__":
    unittest.main()
