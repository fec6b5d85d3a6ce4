#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""That nothing which was said can be told from metrics, logs and telemetry: servers that are asked prompts of the same shape with
different secrets, under a clock that stands still, say the same of themselves, byte for byte."""

import os
import shutil
import subprocess
import unittest

from cli_support import BINARY, CliTestCase, needs_model
from serve_support import Server

CLOCK = os.environ.get("HEARTH_FROZEN_CLOCK", "")
SHAPE = {"model": "smollm2", "temperature": 0, "max_tokens": 6, "logit_bias": {"0": -100, "2": -100}}
TALK = "My PIN is {}, and my account is {}. Do not tell anybody."
SECRETS = ("4711", "90210455"), ("8302", "11558832"), ("5096", "73624901")


@needs_model
@unittest.skipUnless(CLOCK, "HEARTH_FROZEN_CLOCK is not set; ctest sets it")
class NonInterference(CliTestCase):
    def told(self, secrets, texts):
        """What a server of its own tells of itself after these."""
        home = self.home / secrets[0]
        shutil.copytree(self.home / ".local", home / ".local")
        # The same noise for all.
        shutil.copytree(self.noise, home / ".local/state/hearth/telemetry")
        log = home / "log"
        env = {"HOME": str(home), "LD_PRELOAD": CLOCK}
        server = Server(self, "-m", "smollm2", "--log", log, env=env)
        while server.ask("GET", "/health", headers={"x-request-id": "health"})[0] != 200:
            pass
        tokens = []
        for number, text in enumerate(texts):
            status, answer = server.ask("POST", "/v1/chat/completions", {**SHAPE, "messages": [{"role": "user", "content": text}]},
                                        {"x-request-id": f"request-{number}"})
            self.assertEqual(status, 200, answer)
            tokens.append((answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]))
        metrics = ""
        while "hearth_requests_running 0" not in metrics:  # the last pass may still be going on
            metrics = server.ask("GET", "/metrics", headers={"x-request-id": "metrics"})[1]
        server.stop()
        lines = [line for line in log.read_text().splitlines() if '"health"' not in line and '"metrics"' not in line]
        preview = subprocess.run([BINARY, "telemetry", "preview"], env={**self.env, **env}, capture_output=True, text=True, check=True).stdout
        counts = (home / ".local/state/hearth/telemetry/week.json").read_text()
        # Those two were asked until it was ready.
        settled = [line for line in metrics.splitlines() if not any(f'route="{route}"' in line for route in ("health", "metrics"))]
        return tokens, settled, lines, preview, counts

    def setUp(self):
        super().setUp()
        env = {**self.env, "LD_PRELOAD": CLOCK}
        for arguments in (["telemetry", "on", "--endpoint", "http://127.0.0.1:1"], ["telemetry", "preview"]):
            subprocess.run([BINARY, *arguments], env=env, check=True, capture_output=True)
        self.noise = self.home / "noise"
        shutil.move(self.home / ".local/state/hearth/telemetry", self.noise)

    def test_prompts_of_one_shape_cannot_be_told_apart(self):
        first, *others = [self.told(secrets, [TALK.format(*secrets), TALK.format(*reversed(secrets))]) for secrets in SECRETS]
        self.assertIn("hearth_answer_tokens_total 12", first[1])
        self.assertEqual(len(first[2]), 2)
        for other in others:
            self.assertEqual(other[0], first[0], "the prompts are not of one shape: choose others")
            for mine, theirs in zip(first[1:], other[1:]):
                self.assertEqual(mine, theirs)

    def test_the_shape_can(self):
        long = self.told(("1", "2"), [TALK.format("1", "2") + " Please." * 100])
        short = self.told(("3", "4"), [TALK.format("3", "4")])
        self.assertNotEqual(long[1], short[1])


if __name__ == "__main__":
    unittest.main()
