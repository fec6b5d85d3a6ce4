#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth serve with LoRA adapters: named by requests, several in one batch, swapped while answers are written."""

import shutil
import threading
import unittest

from cli_support import CliTestCase, make_adapter, needs_model
from serve_support import Server

PROMPT = "Once upon a time"


@needs_model
class Adapters(CliTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = cls.home / "made"
        for seed in (1, 2):
            make_adapter(cls.made / f"a{seed}", seed, rank=8)
        cls.folder = cls.home / "adapters"
        shutil.copytree(cls.made, cls.folder)

    def setUp(self):
        super().setUp()
        self.server = Server(self, "-m", "smollm2", "--adapters", self.folder)
        self.server.wait_ready()

    def complete(self, model, **fields):
        status, answer = self.server.ask("POST", "/v1/completions", {"model": model, "prompt": PROMPT, "max_tokens": 12, "temperature": 0, **fields})
        self.assertEqual(status, 200, answer)
        return answer["choices"][0]["text"]

    def run_with(self, *adapters):
        flags = [part for adapter in adapters for part in ("--lora", adapter)]
        return self.hearth_json("run", "--raw", "--temp", "0", "-n", "12", *flags, PROMPT)["text"]

    def test_each_request_has_its_own_and_is_as_run(self):
        first, second = self.made / "a1", self.made / "a2"
        # Random matrices of small numbers: only much of them changes what is said.
        expected = {"smollm2": self.run_with(), "smollm2+a1:60": self.run_with(f"{first}:60"), "smollm2+a2:60": self.run_with(f"{second}:60"),
                    "smollm2+a1:90": self.run_with(f"{first}:90"), "smollm2+a1:60+a2:40.5": self.run_with(f"{first}:60", f"{second}:40.5")}
        self.assertEqual(len(set(expected.values())), len(expected))  # or they would prove nothing
        answers = {}

        def ask(index, model):
            answers[index, model] = self.complete(model)

        threads = [threading.Thread(target=ask, args=(index, model)) for index in range(3) for model in expected]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), len(threads))
        for (_, model), text in answers.items():
            self.assertEqual(text, expected[model], model)
        lines = self.server.lines("/api/generate", {"model": "smollm2+a1:60:latest", "prompt": PROMPT, "raw": True,
                                                    "options": {"temperature": 0, "num_predict": 12}})
        self.assertEqual("".join(line["response"] for line in lines), expected["smollm2+a1:60"])
        names = [model["id"] for model in self.server.ask("GET", "/v1/models")[1]["data"]]
        self.assertTrue({"smollm2", "smollm2+a1", "smollm2+a2"} <= set(names), names)

    def test_swapped_while_it_answers(self):
        texts = {self.complete("smollm2+a1:60"), self.complete("smollm2+a2:60")}
        self.assertEqual(len(texts), 2)
        live = self.folder / "live"
        shutil.copytree(self.made / "a1", live)
        self.addCleanup(shutil.rmtree, live)
        answers, is_over = [], threading.Event()

        def ask():
            while not is_over.is_set():
                answers.append(self.complete("smollm2+live:60"))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for swap in range(12):
            shutil.copy(self.made / f"a{swap % 2 + 1}" / "adapter_model.safetensors", live)
            status, document = self.server.ask("POST", "/v1/load_lora_adapter", {"lora_name": "live"})
            self.assertEqual((status, document.get("rank")), (200, 8), document)
            text = self.complete("smollm2+live:60")
            self.assertEqual(text, self.complete(f"smollm2+a{swap % 2 + 1}:60"))
        is_over.set()
        for thread in threads:
            thread.join()
        self.assertTrue(set(answers) <= texts)  # none begun with one and ended with the other
        self.assertEqual(self.server.ask("POST", "/v1/unload_lora_adapter", {"lora_name": "live"})[0], 200)
        self.assertEqual(self.server.ask("POST", "/v1/unload_lora_adapter", {"lora_name": "live"})[0], 404)

    def test_what_is_wrong_is_said(self):
        broken = self.folder / "broken"
        shutil.copytree(self.made / "a1", broken)
        self.addCleanup(shutil.rmtree, broken)
        weights = broken / "adapter_model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
        for model, expected, fragment in (("smollm2+nobody", 404, "nobody"), ("smollm2+../made/a1", 404, "is not in the folder"),
                                          ("smollm2+a1:much", 400, "no scale"), ("smollm2+broken", 400, "broken"), ("nobody+a1", 404, "nobody"),
                                          ("smollm2+a1+a1+a1+a1+a1", 400, "4")):
            status, document = self.server.ask("POST", "/v1/completions", {"model": model, "prompt": PROMPT})
            self.assertEqual(status, expected, (model, document))
            self.assertIn(fragment, document["error"]["message"])
        self.complete("smollm2+a1")  # it goes on


if __name__ == "__main__":
    unittest.main()
