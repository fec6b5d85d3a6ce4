#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth import of a checkpoint, and hearth embed."""

import json
import math
import os
import pty
import shutil
import signal
import subprocess
import time
import unittest

from cli_support import MINILM, CliTestCase, needs_minilm, needs_model


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


@needs_minilm
class ImportCheckpoint(CliTestCase):
    wants_model = False

    def blobs(self):
        return [path.name for path in (self.home / ".local/share/hearth/blobs").iterdir()]

    def test_types_and_names(self):
        self.assertIn("imported all-minilm-l6-v2", self.hearth("import", MINILM))
        document = self.hearth_json("import", MINILM + "/", "--name", "small", "--type", "Q8_0")
        self.assertEqual((document["name"], document["licence"]), ("small", "apache-2.0"))
        self.assertLess(document["bytes"], 26_000_000)
        shown = self.hearth_json("show", "small")
        self.assertEqual((shown["architecture"], shown["title"]), ("bert", "small"))
        tensors = {t["name"]: t for t in self.hearth_json("inspect", shown["path"])["tensors"]}
        self.assertEqual(tensors["blk.5.ffn_up.weight"]["type"], "Q8_0")
        self.assertEqual(tensors["position_embd.weight"]["type"], "F32")
        file = self.hearth_json("import", MINILM + "/model.safetensors", "--name", "file", "--type", "Q8_0")
        self.assertEqual(file["bytes"], document["bytes"])
        self.hearth("rm", "file", "small")

    def test_refusals_leave_nothing(self):
        before = self.hearth_json("ls")["models"]
        self.assert_refused(["import", MINILM, "--type", "Q4_0"], 2, "F32, F16, Q8_0, BF16", code="usage")
        self.assert_refused(["import", str(self.home)], 3, "config.json", code="not_found")
        self.assert_refused(["import", str(self.home / "none.safetensors")], 3, "config.json")
        gguf = self.home / "x.gguf"
        gguf.write_bytes(b"GGUF")
        self.assert_refused(["import", str(gguf), "--type", "F16"], 2, "taken as it is")
        folder = self.home / "changed"
        shutil.copytree(MINILM, folder)
        config = json.loads((folder / "config.json").read_text())
        for key, value, status in (("model_type", "roberta", 5), ("hidden_act", "relu", 5), ("vocab_size", 7, 4)):
            (folder / "config.json").write_text(json.dumps({**config, key: value}))
            self.assert_refused(["import", str(folder)], status, key)
        (folder / "config.json").write_text(json.dumps(config))
        whole = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(whole[:-1])
        self.assert_refused(["import", str(folder)], 4, "model.safetensors", code="corrupt")
        self.assertEqual(self.hearth_json("ls")["models"], before)

    def test_ctrl_c_leaves_nothing(self):
        self.hearth("import", MINILM, "--name", "kept", "--type", "Q8_0")
        before, blobs = self.hearth_json("ls")["models"], sorted(self.blobs())
        stopped = 0
        for delay in (0.05, 0.2, 0.4):
            process = self.start_hearth("import", MINILM, "--name", "stopped", stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            if process.returncode == 0:  # it was faster
                self.hearth("rm", "stopped")
                continue
            self.assertEqual(process.returncode, 130)
            stopped += 1
            self.assertEqual(self.hearth_json("ls")["models"], before)
            self.assertEqual(sorted(self.blobs()), blobs)
        self.assertGreater(stopped, 0)

    def test_progress_on_a_terminal(self):
        ours, theirs = pty.openpty()
        process = self.start_hearth("import", MINILM, "--name", "shown", "--type", "F16", stdout=subprocess.PIPE,
                                    stderr=theirs)
        os.close(theirs)
        process.communicate(timeout=60)
        seen = os.read(ours, 65536).decode()
        os.close(ours)
        self.assertIn("import shown", seen)
        self.assertRegex(seen, r"\b\d+ %")


@needs_minilm
class Embed(CliTestCase):
    wants_model = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        imported = cls.run_hearth("import", MINILM, "--name", "minilm")
        assert imported.returncode == 0, imported.stderr

    def vectors(self, *arguments, **options):
        return [json.loads(line) for line in self.hearth("embed", "-m", "minilm", *arguments, **options).splitlines()]

    def test_one_vector_a_line(self):
        cat, rug, stocks = self.vectors("The cat sits on the mat.", "A feline rests on a rug.", "Stocks fell today.")
        self.assertEqual(len(cat), 384)
        self.assertAlmostEqual(sum(x * x for x in cat), 1, places=5)
        self.assertGreater(cosine(cat, rug), cosine(cat, stocks) + 0.2)
        lines = "The cat sits on the mat.\r\nA feline rests on a rug.\n\nStocks fell today."
        piped = self.vectors(stdin=lines)
        self.assertEqual(len(piped), 4)  # the empty line has one too
        self.assertEqual([piped[0], piped[1], piped[3]], [cat, rug, stocks])
        self.assertEqual(self.vectors(stdin=""), [])

    def test_json(self):
        lines = self.hearth("embed", "-m", "minilm", "--json", "hello", "hello world").splitlines()
        documents = [json.loads(line) for line in lines]
        self.assertEqual([set(document) for document in documents], [{"index", "tokens", "embedding"}] * 2)
        self.assertEqual([document["index"] for document in documents], [0, 1])
        self.assertEqual([document["tokens"] for document in documents], [3, 4])
        self.assertEqual(documents[0]["embedding"], self.vectors("hello")[0])

    def test_pooling_and_length(self):
        mean, = self.vectors("hello world")
        self.assertEqual(self.vectors("--pooling", "mean", "hello world"), [mean])
        own, = self.vectors("--no-normalize", "hello world")
        self.assertGreater(abs(math.sqrt(sum(x * x for x in own)) - 1), 0.5)
        self.assertGreater(cosine(own, mean), 0.999999)
        first, = self.vectors("--pooling", "cls", "hello world")
        last, = self.vectors("--pooling", "last", "hello world")
        self.assertLess(cosine(first, mean), 0.999)
        self.assertLess(cosine(first, last), 0.999)

    def test_same_vector_on_any_number_of_threads(self):
        self.assertEqual(self.vectors("-t", "1", "some text"), self.vectors("-t", "2", "some text"))

    def test_refusals(self):
        self.assert_refused(["embed", "-m", "minilm", "--pooling", "max", "x"], 2, "mean, cls or last", code="usage")
        self.assert_refused(["embed", "-m", "minilm", "word " * 511], 2, "text 1", "513", "512")
        self.assert_refused(["embed", "-m", "none", "x"], 3, "none")
        self.assert_refused(["embed", "-m", "minilm"], 2, "line 1", "UTF-8", stdin=b"\xff\n")
        done = self.run_hearth("embed", "-m", "minilm", stdin=b"fine\n" + b"word " * 600)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout.count(b"\n"), 1)  # what is finished is kept
        self.assertIn(b"stdin: line 2", done.stderr)
        # A model without an output head answers nothing.
        self.assert_refused(["run", "-m", "minilm", "--raw", "-n", "1", "hello"], 5, "bert")

    def test_is_locked_down_before_text_is_read(self):
        process = self.start_locked_down("embed", "-m", "minilm", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        out, _ = process.communicate(b"hello\n", timeout=60)
        self.assertEqual(len(json.loads(out)), 384)


@needs_model
class EmbedWithADecoder(CliTestCase):
    def test_default_model(self):
        vector, = (json.loads(line) for line in self.hearth("embed", "Hello, world!").splitlines())
        self.assertEqual(len(vector), 576)
        self.assertAlmostEqual(sum(x * x for x in vector), 1, places=5)
        self.assert_refused(["embed"], 2, "line 1", "no tokens", stdin="\n")


if __name__ == "__main__":
    unittest.main()
