#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--lora with the real model: every command that takes it, and what it refuses."""

import json
import unittest

from cli_support import MODEL, ROOT, CliTestCase, make_adapter, needs_model

GOLDEN = ROOT / "tests/golden/adapters"
ASKED = ["run", "--temp", "0", "-n", "16", "Why is the sky blue?"]


@needs_model
class Lora(CliTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for seed in (1, 2):
            make_adapter(cls.home / f"adapter{seed}", seed)
        cls.one, cls.other = (str(cls.home / f"adapter{seed}") for seed in (1, 2))

    def refused(self, status, *parts, arguments):
        done = self.run_hearth("run", "-n", "1", *arguments, "Hello")
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, b"")
        message = done.stderr.decode()
        self.assertEqual(message.count("\n"), 1, message)
        for part in ("--lora", "; ", *parts):
            self.assertIn(part, message)

    def test_answers_are_those_of_the_adapter(self):
        plain = self.hearth(*ASKED)
        adapted = self.hearth(*ASKED, "--lora", f"{self.one}:60")
        self.assertNotEqual(adapted, plain)
        self.assertEqual(self.hearth(*ASKED, "--lora", f"{self.one}:60", "-t", "1"), adapted)
        self.assertEqual(self.hearth(*ASKED, "--lora", f"{self.one}/adapter_model.safetensors:60"), adapted)
        self.assertNotEqual(self.hearth(*ASKED, "--lora", f"{self.one}:60", "--lora", f"{self.other}:60"), adapted)
        self.assertEqual(self.hearth(*ASKED, "--lora", f"{self.one}:0"), plain)

    def test_a_folder_may_have_a_colon(self):
        folder = self.home / "with:7"
        folder.symlink_to(self.one)
        self.assertEqual(self.hearth(*ASKED, "--lora", str(folder)), self.hearth(*ASKED, "--lora", self.one))

    def test_chats_have_it_in_every_turn(self):
        talk = b"Why is the sky blue?\nAnd the sea?\n"
        arguments = ["chat", "--temp", "0", "-n", "12", "--json"]

        def texts(*more):
            lines = self.run_hearth(*arguments, *more, stdin=talk).stdout.decode().splitlines()
            return [json.loads(line)["text"] for line in lines]

        plain, adapted = texts(), texts("--lora", f"{self.one}:60")
        self.assertEqual(len(adapted), 2)
        self.assertTrue(all(a != b for a, b in zip(plain, adapted)))

    def test_measures(self):
        lora = ["--lora", f"{self.one}:20"]
        text = self.home / "text"
        text.write_text("It was a bright cold day in April, and the clocks were striking thirteen. " * 8)
        perplexity = ["eval", "perplexity", "-f", str(text), "-c", "64"]
        self.assertGreater(self.hearth_json(*perplexity, *lora)["perplexity"], self.hearth_json(*perplexity)["perplexity"])
        kl = ["eval", "kl", "--ref", "smollm2", "-f", str(text), "-c", "64"]
        self.assertEqual(self.hearth_json(*kl)["kl_mean"], 0)
        self.assertGreater(self.hearth_json(*kl, *lora)["kl_mean"], 0.01)

        def logits(*more):
            return self.run_hearth("eval", "logits", *more, stdin="[1, 2, 3]").stdout

        self.assertNotEqual(logits(*lora), logits())
        self.assertEqual(logits("--lora", f"{self.one}:0"), logits())
        self.assertNotEqual(self.hearth("embed", "text", *lora), self.hearth("embed", "text"))

    def test_speed_of_many_answers_with_one_each(self):
        document = self.hearth_json("bench", "-p", "16", "-n", "4", "-r", "1", "--sequences", "3", "--lora", self.one, "--lora", self.other)
        self.assertEqual([result["test"] for result in document["results"]], ["pp16", "tg4", "tg4x3"])

    def test_refusals(self):
        self.refused(3, "adapter_config.json", arguments=["--lora", str(self.home)])
        self.refused(3, "nowhere", arguments=["--lora", str(self.home / "nowhere")])
        self.refused(2, "neither a path nor PATH:SCALE", arguments=["--lora", f"{self.one}:much"])
        self.refused(2, "neither a path nor PATH:SCALE", arguments=["--lora", f"{self.one}:inf"])
        self.refused(2, "is a model, no adapter", arguments=["--lora", MODEL])
        self.refused(2, "where the model has", arguments=["--lora", str(GOLDEN / "llama")])
        self.refused(2, "where the model has", arguments=["--lora", str(GOLDEN / "llama.gguf")])
        self.assert_refused(["run", "-m", str(GOLDEN / "llama.gguf"), "Hello"], 2, "is an adapter, no model")
        five = [word for _ in range(5) for word in ("--lora", self.one)]
        done = self.run_hearth("run", "-n", "1", *five, "Hello")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"adapters: 5 are more than the 4", done.stderr)


if __name__ == "__main__":
    unittest.main()
