#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What left is what was allowed: packets captured beside the ledger, over mixed requests, while the endpoint fails in turns and the broker is killed."""

import collections
import concurrent.futures
import hashlib
import os
import pathlib
import random
import signal
import sys
import unittest

import namespace_support
from cli_support import CliTestCase, needs_model
from loopback_capture import LoopbackCapture, http_bodies
from egress_support import Endpoint
from routed_support import answer, half, html, in_turns, late, status_500
from serve_support import Server

REQUESTS = int(os.environ.get("HEARTH_TEST_REQUESTS", "200"))
POLICY = """
default = "local"

[targets.edge]
url = "{url}"
model = "large"
accepts = "personal"
price_usd_per_mtok = {{ input = 0.0, output = 0.0 }}
timeout_ms = 1500

[[rules]]
name = "with consent"
when = {{ sensitivity = "personal", consent = "once" }}
allow = ["local", "edge"]
prefer = "quality"
"""
# Each kind: what is said, what the request adds, and whether any of it may leave.
PERSONAL = ("maria.lindqvist@example.se", "Maria Lindqvist")
SECRET = "AKIAQ3ZX7LMNP5TRW2KD"
KINDS = {
    "public": ("What is the capital of France?", {"consent": "once"}, True),
    "personal": (f"Write to {PERSONAL[0]} that {PERSONAL[1]} is late.", {"consent": "once"}, True),
    "no consent": ("What is the capital of Italy?", {}, False),
    "local only": ("What is the capital of Spain?", {"consent": "always", "privacy": "local_only"}, False),
    "secret": (f"My key is aws_access_key_id={SECRET}, keep it.", {"consent": "always"}, False),
}
# Never three times in a row, which would open the breaker.
FAULTS = (answer, answer, status_500, answer, html, answer, half, answer, late, answer)


@needs_model
class WhatLeft(CliTestCase):
    def setUp(self):
        super().setUp()
        self.endpoint = Endpoint({"mixed": in_turns(*FAULTS)})
        self.addCleanup(self.endpoint.close)
        self.policy = self.home / "policy.toml"
        self.policy.write_text(POLICY.format(url=self.endpoint.url("mixed", "127.0.0.1")))

    def bodies(self):
        return [question.body for question in self.endpoint.questions]

    def ask(self, kind):
        prompt, fields, _ = KINDS[kind]
        status, reply = self.server.ask("POST", "/v1/chat/completions", {"model": "smollm2", "max_tokens": 4, "temperature": 0,
                                                                       "messages": [{"role": "user", "content": prompt}], **fields})
        self.assertEqual(status, 200, reply)
        return kind, reply["hearth"]["route"]

    def kill_broker(self):
        children = pathlib.Path(f"/proc/{self.server.process.pid}/task/{self.server.process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        return len(children)

    def test_what_left_is_what_was_allowed(self):
        kinds = random.Random(1).choices(list(KINDS), k=REQUESTS)
        with LoopbackCapture() as capture:
            self.server = Server(self, "-m", "smollm2", "--policy", str(self.policy))
            self.server.wait_ready()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                routes = list(pool.map(self.ask, kinds))
            sent = len(self.bodies())
            self.assertEqual(self.kill_broker(), 1)
            after = [self.ask(kind) for kind in KINDS]
            self.server.stop()
        self.assertEqual([route["target"] for _, route in after], ["local"] * len(KINDS))
        self.assertEqual(len(self.bodies()), sent, "something left without a broker")

        answered = collections.Counter((kind, route["target"]) for kind, route in routes)
        for kind, (_, _, may_leave) in KINDS.items():
            self.assertEqual(answered[kind, "edge"] > 0, may_leave, answered)

        bodies = [body for stream in capture.said_to(self.endpoint.port) for body in http_bodies(stream)]
        self.assertEqual(sorted(bodies), sorted(self.bodies()))
        entries = self.hearth_json("ledger", "show", "-n", "100000")["entries"]
        in_ledger = collections.Counter((entry["bytes"], entry["blake2b"]) for entry in entries if entry["request"])
        on_wire = collections.Counter((len(body), hashlib.blake2b(body, digest_size=32).hexdigest()) for body in bodies)
        self.assertEqual(on_wire - in_ledger, collections.Counter(), "something left that the ledger does not have")
        # With no broker a message is written down and then cannot go.
        self.assertLessEqual((in_ledger - on_wire).total(), len(KINDS), "the ledger has what never left")
        self.assertIn("ok", self.hearth_json("ledger", "verify"))

        # Requests come in over the same device, so only what went to the endpoint counts.
        left = b"".join(bodies)
        for original in (*PERSONAL, SECRET):
            self.assertNotIn(original.encode(), left)
        for other in ("Italy", "Spain"):
            self.assertNotIn(other.encode(), left)
        self.assertIn("France".encode(), left)
        self.assertIn("⟦EMAIL_1:".encode(), left)
        self.assertEqual(capture.other, 0, "something else than TCP over IPv4")


if __name__ == "__main__":
    if not namespace_support.enter():
        print("skipped: capturing packets in a network namespace needs root")
        sys.exit(77)
    unittest.main()
