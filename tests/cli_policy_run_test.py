#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth run --policy and hearth serve --policy with the real model and nobody else: what is said of where an answer was
computed, the decision log, reloading. What other machines do, src/controller/ tests with one that does as told."""

import os
import pathlib
import signal
import sqlite3
import time
import unittest

from cli_support import CliTestCase, needs_model
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


if __name__ == "__main__":
    unittest.main()
