#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever a remote target does, there is an answer inside the deadline, and it says who gave it."""

import json
import shutil
import socket
import time
import unittest

from cli_support import CliTestCase, needs_model
from egress_support import Endpoint, make_certificates
from routed_support import ANSWER, FAULTS, answer, status_500

POLICY = """
default = "local"

[targets.edge]
url = "{url}"
model = "large"
accepts = "public"
price_usd_per_mtok = {{ input = {price}, output = {price} }}
timeout_ms = 1000

[[rules]]
name = "public"
when = {{ sensitivity = "public" }}
allow = ["local", "edge"]
prefer = "quality"
{more}
"""
PROMPT = "What is the capital of France?"


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@needs_model
class RouteFaults(CliTestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(shutil.rmtree, self.home / ".local/state/hearth", ignore_errors=True)

    def policy(self, url, price="0.0", more=""):
        path = self.home / "policy.toml"
        path.write_text(POLICY.format(url=url, price=price, more=more))
        return str(path)

    def ask(self, policy, *more):
        begun = time.monotonic()
        reply = self.hearth_json("run", "-m", "smollm2", "--policy", policy, "--temp", "0", "-n", "8", "--deadline-ms", "5000", *more, PROMPT)
        self.assertLess(time.monotonic() - begun, 8)  # the deadline, and a process that starts on a busy machine
        return reply

    def endpoint(self, handler, **options):
        endpoint = Endpoint({"v1": handler}, **options)
        self.addCleanup(endpoint.close)
        return endpoint

    def test_an_endpoint_that_works_answers(self):
        endpoint = self.endpoint(answer)
        reply = self.ask(self.policy(endpoint.url("v1")))
        self.assertEqual((reply["route"]["target"], reply["text"]), ("edge", ANSWER))
        self.assertEqual(len(endpoint.questions), 1)

    def test_what_fails_is_answered_here(self):
        for name, fault in FAULTS.items():
            with self.subTest(name):
                shutil.rmtree(self.home / ".local/state/hearth", ignore_errors=True)  # its breaker
                endpoint = self.endpoint(fault)
                self.assert_local(self.ask(self.policy(endpoint.url("v1"))))
                self.assertEqual(len(endpoint.questions), 1)

    def test_nobody_there(self):
        self.assert_local(self.ask(self.policy(f"http://127.0.0.1:{unused_port()}/v1")))
        self.assert_local(self.ask(self.policy("https://no-such-host.invalid/v1")))

    def test_a_certificate_of_nobody(self):
        make_certificates(self.home)
        endpoint = self.endpoint(answer, certificate=self.home / "selfmade.pem")
        self.assert_local(self.ask(self.policy(endpoint.url("v1"))))
        self.assertEqual(endpoint.questions, [])

    def test_a_breaker_opens_and_the_next_process_knows(self):
        endpoint = self.endpoint(status_500)
        policy = self.policy(endpoint.url("v1"))
        for _ in range(5):
            self.assert_local(self.ask(policy))
        self.assertEqual(len(endpoint.questions), 3)
        endpoint.handlers["v1"] = answer
        time.sleep(5.2)
        self.assertEqual(self.ask(policy)["route"]["target"], "edge")

    def test_a_budget_holds_over_processes(self):
        """An answer costs at most what is reserved for it, its prompt and 8 tokens at a dollar a thousand; the day's budget is 20 cents."""
        endpoint = self.endpoint(answer)
        policy = self.policy(endpoint.url("v1"), price="1000.0", more="budget_usd_per_day = 0.2")
        replies = [self.ask(policy) for _ in range(24)]
        self.assertGreater(len(endpoint.questions), 0)
        self.assertLessEqual(sum(reply.get("cost_usd", 0) for reply in replies), 0.2)
        self.assertEqual(replies[-1]["route"]["target"], "local")

    def assert_local(self, reply):
        self.assertEqual(reply["route"]["target"], "local", reply)
        self.assertTrue(reply["text"])
        self.assertIn("edge", json.dumps(reply["route"]))  # who should have answered, and why it did not


if __name__ == "__main__":
    unittest.main()
