#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth run --policy and hearth serve --policy with the real model: what is said of where an answer was computed, the
decision log, reloading; and a second hearth serve as the endpoint, through the real broker. What other machines may do wrong,
src/controller/ tests with one that does as told."""

import os
import pathlib
import shutil
import subprocess
import signal
import sqlite3
import time
import unittest

from cli_support import BINARY, CliTestCase, needs_model
from serve_support import Server

POLICIES = pathlib.Path(__file__).resolve().parent.parent / "policies"
LOCAL = str(POLICIES / "local-only.toml")
HYBRID = str(POLICIES / "private-hybrid.toml")
CANARY = "zanzibar-canary-7731"


@needs_model
class Run(CliTestCase):
    def test_says_where_and_why(self):
        document = self.hearth_json("run", "--policy", LOCAL, "-n", "5", "--temp", "0", "Name a colour.")
        self.assertEqual(document["route"], {"target": "local", "reason": "local: the policy has no other target", "code": "local_only",
                                             "outcome": "answered"})
        self.assertIsNone(document["confidence"])
        self.assertIsNone(document["ledger_id"])
        without = self.hearth_json("run", "-n", "5", "--temp", "0", "Name a colour.")
        self.assertEqual(document["text"], without["text"])
        self.assertEqual(set(document) - set(without), {"confidence", "ledger_id"})
        self.assertEqual(self.hearth("run", "--policy", LOCAL, "-n", "5", "--temp", "0", "Name a colour."), without["text"].rstrip("\n") + "\n")

    def test_is_written_down_without_content(self):
        self.hearth("run", "--policy", LOCAL, "-n", "3", f"Write to {CANARY}@example.org and summarize it.")
        entry = self.hearth_json("route", "log", "-n", "1")["entries"][0]
        self.assertEqual((entry["target"], entry["outcome"], entry["sensitivity"]), ("local", "answered", "personal"))
        self.assertGreater(entry["observed"]["total_ms"], 0)
        self.assertLess(entry["decide_ms"], 2)
        text = self.hearth("route", "log")
        self.assertIn("local_only", text)
        stats = self.hearth_json("route", "stats")
        self.assertGreaterEqual(stats["targets"]["local"]["answers"], 1)
        self.assertIn("off by", self.hearth("route", "stats"))
        state = self.home / ".local/state/hearth"
        for path in state.rglob("*"):
            if path.is_file():
                self.assertNotIn(CANARY.encode(), path.read_bytes(), path)
        self.assertEqual(os.stat(state / "decisions.db").st_mode & 0o077, 0)

    def test_predicts_what_was_measured(self):
        self.hearth("bench", "-p", "64", "-n", "8", "-r", "1")
        self.hearth("run", "--policy", LOCAL, "-n", "20", "Tell me about the sea.")
        entry = self.hearth_json("route", "log", "-n", "1")["entries"][0]
        self.assertGreater(entry["predicted"]["total_ms"], entry["predicted"]["first_token_ms"])
        self.assertGreater(self.hearth_json("route", "stats")["targets"]["local"]["predicted"], 0)

    def test_a_damaged_log_is_named(self):
        state = self.home / ".local/state/hearth"
        state.mkdir(parents=True, exist_ok=True)
        kept = self.home / "kept"
        for path in state.glob("decisions.db*"):
            path.rename(kept.with_name(path.name))
        (state / "decisions.db").write_bytes(b"x" * 5000)
        self.assert_refused(["run", "--policy", LOCAL, "-n", "3", "Hi"], 4, "decisions.db", "move it away")
        for path in state.glob("decisions.db*"):
            path.unlink()

    def test_refuses(self):
        self.assert_refused(["run", "--consent", "once", "Hi"], 2, "--consent", "--policy")
        self.assert_refused(["run", "--policy", LOCAL, "--consent", "maybe", "Hi"], 2, "--consent", "choose among always, once, none")
        self.assert_refused(["run", "--policy", LOCAL, "--network", "fast", "Hi"], 2, "--network")
        self.assert_refused(["run", "--policy", LOCAL, "--calibration", LOCAL, "Hi"], 4, "is no calibration")
        self.assert_refused(["run", "--policy", str(self.home / "none.toml"), "Hi"], 3, "none.toml")
        bad = self.home / "bad.toml"
        bad.write_text("default = local\n")
        self.assert_refused(["run", "--policy", str(bad), "Hi"], 4, "bad.toml:1: ")

    def test_locks_itself_in(self):
        process = self.start_locked_down("run", "--policy", LOCAL, "-n", "400", "--loop-limit", "0", "Tell a long story.")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        process.stdout.close()


class Log(CliTestCase):
    wants_model = False

    def test_of_nothing(self):
        self.assertEqual(self.hearth("route", "log"), "nothing was routed yet\n")
        self.assertEqual(self.hearth("route", "stats"), "nothing was routed yet\n")
        self.assertEqual(self.hearth_json("route", "log"), {"entries": []})
        self.assertEqual(self.hearth_json("route", "stats")["requests"], 0)


@needs_model
class Serve(CliTestCase):
    def start(self, text=None):
        self.policy = self.home / f"{self.id()}.toml"
        self.policy.write_text(text or pathlib.Path(LOCAL).read_text())
        server = Server(self, "-m", "smollm2", "--policy", self.policy)
        server.wait_ready()
        return server

    def note_of(self, server):
        line = server.process.stderr.readline().decode()
        return line

    def test_says_where_and_why(self):
        server = self.start()
        status, answer = server.chat("Name a colour.", model="smollm2", max_tokens=5, temperature=0)
        self.assertEqual(status, 200)
        self.assertEqual(answer["hearth"]["route"], {"target": "local", "reason": "local: the policy has no other target", "code": "local_only",
                                                     "outcome": "answered"})
        self.assertIsNone(answer["hearth"]["ledger_id"])
        plain = Server(self, "-m", "smollm2")
        plain.wait_ready()
        _, same = plain.chat("Name a colour.", model="smollm2", max_tokens=5, temperature=0)
        self.assertEqual(answer["choices"], same["choices"])
        self.assertEqual(answer["usage"]["completion_tokens"], same["usage"]["completion_tokens"])
        _, stays = server.chat("Name a colour.", model="smollm2", max_tokens=5, privacy="local_only", consent="always")
        self.assertEqual(stays["hearth"]["route"]["reason"], "local: the request says so")
        status, refused = server.chat("Name a colour.", model="smollm2", consent="perhaps")
        self.assertEqual(status, 400)
        self.assertIn("consent: is none of none, once and always", refused["error"]["message"])

    def test_streams(self):
        server = self.start()
        body = {"model": "smollm2", "messages": [{"role": "user", "content": "Count to five."}], "max_tokens": 12, "temperature": 0,
                "stream_options": {"include_usage": True}}
        events = server.events("/v1/chat/completions", body)
        self.assertGreater(len(events), 6)
        self.assertEqual(events[-1]["hearth"]["route"]["target"], "local")
        lines = server.lines("/api/chat", {"model": "smollm2", "messages": body["messages"], "options": {"num_predict": 5}})
        self.assertEqual(lines[-1]["hearth"]["route"]["code"], "local_only")
        self.assertNotIn("hearth", lines[0])

    def test_counts_without_names(self):
        server = self.start()
        server.chat("Name a colour.", model="smollm2", max_tokens=3)
        text = server.ask("GET", "/metrics")[1]
        self.assertIn('hearth_route_answers_total{where="local",reason="local_only"} 1', text)
        self.assertIn('hearth_route_outcomes_total{outcome="answered"} 1', text)
        self.assertIn("hearth_guard_seconds_count 1", text)

    def test_many_at_once_are_written_down(self):
        server = self.start()
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: server.chat(f"Say {n}.", model="smollm2", max_tokens=4)[0], range(24)))
        self.assertEqual(set(answers), {200})
        self.assertGreaterEqual(self.hearth_json("route", "stats")["targets"]["local"]["answers"], 24)

    def test_reloads(self):
        server = self.start()
        self.policy.write_text("default = nobody\n")
        self.assertIn("the policy before stays in force", self.note_of(server))
        self.assertEqual(server.chat("Hi", model="smollm2", max_tokens=2)[1]["hearth"]["route"]["target"], "local")
        self.policy.write_text(pathlib.Path(HYBRID).read_text())
        server.process.send_signal(signal.SIGHUP)
        notes = "".join(self.note_of(server) for _ in range(3))
        self.assertIn("target cloud: is new or leads elsewhere; restart to use it", notes)
        self.assertIn("was read anew", notes)
        status, answer = server.chat("Who wrote Faust?", model="smollm2", max_tokens=3)
        self.assertEqual((status, answer["hearth"]["route"]["target"]), (200, "local"))

    def test_an_answer_whose_log_is_locked_comes_all_the_same(self):
        server = self.start()
        server.chat("Hi", model="smollm2", max_tokens=2)
        database = sqlite3.connect(self.home / ".local/state/hearth/decisions.db", isolation_level=None)
        self.addCleanup(database.close)
        database.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        self.assertEqual(server.chat("Hi", model="smollm2", max_tokens=2)[0], 200)
        self.assertLess(time.monotonic() - began, 15)
        database.execute("ROLLBACK")
        self.assertIn("decision log: ", self.note_of(server))


EDGE = """default = "local"
[targets.edge]
url = "http://127.0.0.1:%d/v1"
model = "smollm2"
accepts = "personal"
price_usd_per_mtok = { input = 0.0, output = 0.0 }
[[rules]]
name = "edge with consent"
when = { sensitivity = "personal", consent = "once" }
allow = ["edge"]
prefer = "quality"
"""


@needs_model
class Elsewhere(CliTestCase):
    """Another hearth serve is the endpoint."""

    def setUp(self):
        # Breakers that one test opened are not another's.
        type(self).env = {**self.env, "XDG_STATE_HOME": str(self.home / self.id())}
        self.endpoint = Server(self, "-m", "smollm2")
        self.endpoint.wait_ready()
        self.policy = self.home / "edge.toml"
        self.policy.write_text(EDGE % self.endpoint.port)

    def asked(self):
        """How many chats the endpoint has answered."""
        text = self.endpoint.ask("GET", "/metrics")[1]
        counts = [line.split()[1] for line in text.splitlines() if line.startswith('hearth_requests_total{route="chat"')]
        return sum(map(int, counts))

    def test_run_asks_with_consent_only(self):
        arguments = ["run", "--policy", str(self.policy), "-n", "12", "--temp", "0", "Write to ada@example.org about tea."]
        self.assertEqual(self.hearth_json(*arguments)["route"]["target"], "local")
        self.assertEqual(self.asked(), 0)
        document = self.hearth_json(*arguments, "--consent", "once")
        self.assertEqual((document["route"]["target"], document["route"]["outcome"]), ("edge", "answered"))
        self.assertTrue(document["text"])
        self.assertEqual(self.asked(), 1)
        entry = self.hearth_json("ledger", "show", "-n", "1")["entries"][0]
        self.assertEqual((entry["number"], entry["target"], entry["redactions"]), (document["ledger_id"], "edge", "EMAIL=1"))
        self.assertEqual(entry["host"], f"127.0.0.1:{self.endpoint.port}")
        self.hearth("ledger", "verify")
        streamed = self.hearth(*arguments, "--consent", "once")
        # Its placeholder has another nonce, so the endpoint may answer otherwise.
        self.assertTrue(streamed.strip())
        self.assertEqual(self.asked(), 2)

    def test_nobody_there_is_a_fallback(self):
        self.endpoint.stop()
        arguments = ["run", "--policy", str(self.policy), "-n", "8", "--temp", "0", "--consent", "once", "Name a colour."]
        done = self.run_hearth(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("this machine answered", done.stderr.decode())
        document = self.hearth_json(*arguments)
        self.assertEqual((document["route"]["target"], document["route"]["outcome"]), ("local", "fallback"))
        entry = self.hearth_json("route", "log", "-n", "1")["entries"][0]
        self.assertEqual(entry["tries"], "edge: unreachable")

    def test_serve_asks_and_streams(self):
        server = Server(self, "-m", "smollm2", "--policy", self.policy)
        server.wait_ready()
        body = {"model": "smollm2", "messages": [{"role": "user", "content": "Count to five."}], "max_tokens": 12, "temperature": 0,
                "consent": "once"}
        status, answer = server.ask("POST", "/v1/chat/completions", body)
        self.assertEqual((status, answer["hearth"]["route"]["target"]), (200, "edge"))
        self.assertGreater(answer["hearth"]["ledger_id"], 0)
        events = server.events("/v1/chat/completions", {**body, "stream_options": {"include_usage": True}})
        text = "".join(event["choices"][0]["delta"].get("content", "") for event in events if event["choices"])
        self.assertEqual(text, answer["choices"][0]["message"]["content"])
        self.assertEqual(events[-1]["hearth"]["route"]["target"], "edge")
        line = server.lines("/api/chat", {"model": "smollm2", "messages": body["messages"], "consent": "once", "options": {"num_predict": 5}})[-1]
        self.assertEqual(line["hearth"]["route"]["target"], "edge")
        self.assertIn('hearth_route_asks_total{fault="none"} 3', server.ask("GET", "/metrics")[1])
        # Taken away at once, whatever was there before.
        self.policy.write_text(pathlib.Path(LOCAL).read_text())
        server.process.send_signal(signal.SIGHUP)
        self.assertIn("was read anew", server.process.stderr.readline().decode())
        self.assertEqual(server.ask("POST", "/v1/chat/completions", body)[1]["hearth"]["route"]["target"], "local")
        self.policy.write_text(EDGE % self.endpoint.port)
        server.process.send_signal(signal.SIGHUP)
        self.assertIn("was read anew", server.process.stderr.readline().decode())
        self.endpoint.stop()
        answer = server.ask("POST", "/v1/chat/completions", body)[1]
        self.assertEqual((answer["hearth"]["route"]["target"], answer["hearth"]["route"]["outcome"]), ("local", "fallback"))

    def test_a_broker_that_is_killed_is_a_fallback(self):
        server = Server(self, "-m", "smollm2", "--policy", self.policy)
        server.wait_ready()
        ask = lambda: server.chat("Name a colour.", model="smollm2", max_tokens=4, consent="once")[1]["hearth"]["route"]
        self.assertEqual(ask()["target"], "edge")
        broker = pathlib.Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        self.assertEqual(len(broker), 1)
        os.kill(int(broker[0]), signal.SIGKILL)
        for _ in range(3):
            route = ask()
            self.assertEqual((route["target"], route["outcome"]), ("local", "fallback"))
        self.assertEqual(ask()["code"], "local_only")  # the breaker is open

    def test_without_the_program_that_sends(self):
        alone = self.home / "alone"
        alone.mkdir(exist_ok=True)
        shutil.copy(BINARY, alone / "hearth")
        done = subprocess.run([alone / "hearth", "run", "--policy", self.policy, "Hi"], env=self.env, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr.decode(), r"\Ahearth: [^\n]*hearth-egress: is not there[^\n]*\n\Z")


if __name__ == "__main__":
    unittest.main()
