#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth telemetry: who decides, what is counted, that the bytes are OTLP, and that without consent there is not one packet and not
one file."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from cli_support import BINARY, ROOT, CliTestCase, needs_model
from egress_support import Endpoint
from offline_test import TRACED, calls_of, can_trace, no_network
from serve_support import Server

ENDPOINT = "http://127.0.0.1:4318"
STATUS_SKIPPED = 77


class TelemetryCase(CliTestCase):
    def setUp(self):
        super().setUp()
        self.state = self.home / ".local/state/hearth"
        self.folder = self.state / "telemetry"
        shutil.rmtree(self.state, ignore_errors=True)

    def agree(self):
        self.hearth("telemetry", "on", "--endpoint", ENDPOINT)

    def counts(self):
        return json.loads((self.folder / "week.json").read_text())["counts"]


class Consent(TelemetryCase):
    wants_model = False

    def test_it_is_off_until_somebody_agrees(self):
        status = self.hearth_json("telemetry", "status")
        self.assertEqual(status, {"on": False, "decided_by": "default", "endpoint": None, "reports_waiting": 0,
                                  "epsilon_per_answer": 0.5, "epsilon_per_week": 4.0})
        self.assertEqual(self.hearth("telemetry", "status"), "off: you have not agreed; nothing is counted, nothing is sent\n")
        self.assert_refused(["telemetry", "on"], 2, "no service of its own", "--endpoint")
        self.assert_refused(["telemetry", "on", "--endpoint", "http://edge.example"], 2, "--endpoint http://edge.example")
        self.assertFalse(self.state.exists())
        self.agree()
        self.assertEqual(self.hearth_json("telemetry", "status")["endpoint"], ENDPOINT)
        self.assertIn("on: you agreed", self.hearth("telemetry", "status"))
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)
        self.hearth("telemetry", "off")
        self.assertFalse(self.folder.exists())
        self.assertFalse(self.hearth_json("telemetry", "status")["on"])
        self.assertEqual(self.hearth_json("telemetry", "off"), {"on": False, "reports_deleted": 0})

    def test_a_report_goes_to_the_endpoint_and_into_the_ledger(self):
        taken = []
        endpoint = Endpoint({"v1": lambda question: (taken.append(question), question.reply(b"{}"))[1]})
        self.addCleanup(endpoint.close)
        self.hearth("telemetry", "on", "--endpoint", endpoint.url("")[:-1])
        self.assertEqual(self.hearth_json("telemetry", "send"), {"sent": 0})
        self.assertEqual(endpoint.connections, 0)
        week = json.loads((self.folder / "week.json").read_text())
        (self.folder / "week.json").write_text(json.dumps({**week, "week": week["week"] - 1}))
        [report, _] = self.hearth("telemetry", "preview").splitlines()
        self.assertEqual(self.hearth("telemetry", "send"), "1 report was sent; hearth ledger show lists them\n")
        [question] = taken
        self.assertEqual((question.path, question.body.decode()), ("/v1/metrics", report))
        [entry] = self.hearth_json("ledger", "show")["entries"]
        self.assertEqual((entry["target"], entry["bytes"]), ("telemetry", len(report)))
        self.assertEqual(entry["blake2b"], hashlib.blake2b(question.body, digest_size=32).hexdigest())
        self.assertEqual(self.hearth_json("telemetry", "send"), {"sent": 0})

    def test_a_report_that_nobody_takes_stays(self):
        self.hearth("telemetry", "on", "--endpoint", "http://127.0.0.1:9")
        self.hearth("telemetry", "send")
        week = json.loads((self.folder / "week.json").read_text())
        (self.folder / "week.json").write_text(json.dumps({**week, "week": week["week"] - 1}))
        self.assert_refused(["telemetry", "send"], 7, "target telemetry", "can be sent again")
        self.assertEqual(self.hearth_json("telemetry", "status")["reports_waiting"], 1)
        self.hearth("telemetry", "off")
        self.assert_refused(["telemetry", "send"], 6, "telemetry: is off")

    def test_the_address_of_opentelemetry(self):
        self.hearth("telemetry", "on", env={"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example/otlp"})
        self.assertEqual(self.hearth_json("telemetry", "status")["endpoint"], "https://collector.example/otlp")
        # The user agreed to that one; another variable tomorrow does not change it.
        status = self.hearth_json("telemetry", "status", env={"OTEL_EXPORTER_OTLP_ENDPOINT": "https://other.example"})
        self.assertEqual(status["endpoint"], "https://collector.example/otlp")

    def test_do_not_track_comes_first(self):
        self.agree()
        status = self.hearth_json("telemetry", "status", env={"DO_NOT_TRACK": "1"})
        self.assertEqual((status["on"], status["decided_by"]), (False, "do_not_track"))
        self.assert_refused(["telemetry", "on", "--endpoint", ENDPOINT], 6, "DO_NOT_TRACK", env={"DO_NOT_TRACK": "1"})
        self.assertTrue(self.hearth_json("telemetry", "status", env={"DO_NOT_TRACK": "0"})["on"])

    @unittest.skipIf(os.geteuid(), "only root can be the administrator, in a namespace of mounts")
    def test_the_administrator_comes_before_the_user(self):
        self.agree()

        def status(text):
            script = f"mount -t tmpfs none /etc && mkdir /etc/hearth && cat > /etc/hearth/config.toml && exec {BINARY} telemetry status --json"
            done = subprocess.run(["unshare", "-m", "sh", "-c", script], input=text, env=self.env, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout), done.stderr
        self.assertTrue(status('telemetry = "user"\n')[0]["on"])
        document, _ = status('telemetry = "off"\n')
        self.assertEqual((document["on"], document["decided_by"]), (False, "administrator"))
        document, said = status('telemetry = "on"\n')  # nobody consents for others
        self.assertEqual((document["on"], document["decided_by"]), (False, "administrator"))
        self.assertIn("/etc/hearth/config.toml", said)

    def test_the_preview_is_otlp(self):
        done = self.run_hearth("telemetry", "preview")
        self.assertIn(b"is not sent", done.stderr)
        self.agree()
        preview = self.hearth("telemetry", "preview")
        self.assertEqual(preview, self.hearth("telemetry", "preview"))
        checked = subprocess.run([sys.executable, ROOT / "tools/check_otlp"], input=preview + done.stdout.decode(), capture_output=True, text=True, check=False)
        if checked.returncode == STATUS_SKIPPED:
            self.skipTest(checked.stderr.strip())
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertEqual(checked.stdout, "2 reports: OTLP, with gen_ai.client.operation.duration, gen_ai.server.time_to_first_token, "
                                         "gen_ai.client.token.usage, hearth.answers_per_week\n")
        wrong = subprocess.run([sys.executable, ROOT / "tools/check_otlp"], input=preview.replace('"unit"', '"units"'), capture_output=True, text=True, check=False)
        self.assertEqual(wrong.returncode, 1)

    def test_a_collector_takes_it(self):
        self.agree()
        # Building one takes a minute and Go's modules: done by hand once (tools/check_collector --build-only), used from then on.
        preview = self.hearth("telemetry", "preview")
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hearth"
        if not list(cache.glob("otel-collector-*/complete")) and not os.environ.get("HEARTH_TEST_COLLECTOR"):
            self.skipTest("no collector was built: tools/check_collector --build-only")
        checked = subprocess.run([sys.executable, ROOT / "tools/check_collector"], input=preview, capture_output=True, text=True, check=False)
        if checked.returncode == STATUS_SKIPPED:
            self.skipTest(checked.stderr.strip())
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("1 reports taken by the collector", checked.stdout)

    def test_damaged_counts_are_named(self):
        self.agree()
        self.hearth("telemetry", "preview")
        (self.folder / "week.json").write_text("{}")
        self.assert_refused(["telemetry", "preview"], 4, "week.json: is damaged", "hearth telemetry off")
        (self.folder / "consent.json").write_text("[]")
        self.assertFalse(self.hearth_json("telemetry", "status")["on"])
        self.hearth("telemetry", "off")
        self.assertEqual(self.hearth_json("telemetry", "status")["decided_by"], "default")


@needs_model
class Counting(TelemetryCase):
    def test_nothing_without_consent(self):
        self.hearth("run", "-n", "2", "Hello.")
        self.assertFalse(self.state.exists())

    def test_each_command_counts_itself(self):
        self.agree()
        self.hearth("run", "-n", "4", "Hello.")
        self.hearth("run", "-n", "4", "--raw", "Hello")
        self.hearth("chat", "-n", "2", stdin="One.\nTwo.\n")
        self.hearth("embed", "--pooling", "mean", "a", "b")
        server = Server(self, "-m", "smollm2")
        server.wait_ready()
        self.assertEqual(server.chat("Hi", model="smollm2", max_tokens=2)[0], 200)
        self.assertEqual(server.chat("Hi", model="unknown")[0], 404)
        server.stop()
        chat, text, embeddings, first_token, read, written, local, remote = self.counts()
        self.assertEqual([sum(one) for one in (chat, text, embeddings, first_token, read, written)], [4, 1, 2, 3, 3, 3])
        self.assertEqual((local, remote), ([7], [0]))

    def test_do_not_track_stops_the_counting(self):
        self.agree()
        self.hearth("run", "-n", "2", "Hello.", env={"DO_NOT_TRACK": "1"})
        self.assertFalse((self.folder / "week.json").exists())

    @unittest.skipUnless(no_network() and can_trace(), "needs strace and a network namespace")
    def test_no_packet(self):
        trace = self.home / "trace"
        before = [*no_network(), "strace", "-f", "-qq", "-e", TRACED, "-o", str(trace)]
        for agreed in (False, True):
            if agreed:
                self.agree()
            for arguments in (["run", "-n", "2", "Hello."], ["telemetry", "status"], ["telemetry", "preview"], ["telemetry", "off"], ["forget"]):
                done = subprocess.run([*before, BINARY, *arguments], env=self.env, capture_output=True, timeout=300, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(calls_of(trace), [], arguments)


if __name__ == "__main__":
    unittest.main()
