#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth doctor --prove-offline: holds for this build, fails for those with a leak built in; reports are signed and checked."""

import json
import os
import pathlib
import stat
import subprocess
import unittest

from cli_support import BINARY, CliTestCase

# Built beside hearth by tests/CMakeLists.txt, each with the routes by which it leaks.
LEAKY = {
    "socket": {"netlink", "unix-path"},  # Landlock refuses some of the others, where it is
    "io_uring": {"io_uring"},
    "rights": {"scm-rights"},
    "queue": {"message-queue"},
}


class Proof(CliTestCase):
    wants_model = False

    def prove(self, binary=BINARY, before=()):
        done = subprocess.run([*before, binary, "doctor", "--prove-offline", "--json"], env=self.env, capture_output=True, timeout=120)
        self.assertEqual(done.stdout.count(b"\n"), 1, done.stderr)
        return done.returncode, json.loads(done.stdout), done.stderr.decode()

    def test_holds_and_says_so(self):
        status, report, complaint = self.prove()
        self.assertEqual((status, complaint), (0, ""))
        self.assertTrue(report["ok"])
        self.assertLessEqual({"hearth", "kernel", "landlock_abi"}, set(report["versions"]))
        self.assertRegex(report["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual({route["profile"] for route in report["routes"]}, {"run", "serve"})
        names = {route["name"] for route in report["routes"]}
        self.assertLessEqual({"tcp4", "tcp6", "udp", "dns", "raw", "netlink", "vsock", "unix-path", "unix-abstract", "scm-rights", "io_uring",
                              "ptrace", "process_vm_readv", "pidfd_getfd", "bpf", "setns", "unshare", "exec", "file"}, names)
        for route in report["routes"]:
            self.assertLessEqual({"name", "tried", "control", "outcome", "errno", "ok"}, set(route))
            self.assertTrue(route["ok"], route)
            self.assertEqual(route["outcome"], "proved" if route["control"] == "works" and route["errno"] else "not provable here", route)
        proved = {route["name"] for route in report["routes"] if route["outcome"] == "proved"}
        self.assertLessEqual({"udp", "dns", "netlink", "unix-path", "scm-rights", "exec"}, proved)

    def test_the_table_is_for_people(self):
        text = self.hearth("doctor", "--prove-offline")
        for fragment in ("hearth run", "hearth serve", "VERDICT", "scm-rights", "proved", " 0 failed", "signature", "--verify-report"):
            self.assertIn(fragment, text)
        self.assertNotIn("\x1b", text)
        kept = self.home / ".local/state/hearth/proof.json"
        self.assertIn("signature  holds, by this user's key", self.hearth("doctor", "--verify-report", str(kept)))
        key = self.home / ".local/state/hearth/proof.key"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)

    def test_reports_are_checked(self):
        _, report, _ = self.prove()
        path = self.home / "report.json"
        path.write_text(json.dumps(report, indent=1), encoding="utf-8")
        checked = self.hearth_json("doctor", "--verify-report", str(path))
        self.assertEqual((checked["signature_ok"], checked["proof_ok"], checked["own_key"]), (True, True, True))
        self.assertEqual(checked["public_key"], report["public_key"])
        other = {"XDG_STATE_HOME": str(self.home / "other-state")}
        self.assertFalse(self.hearth_json("doctor", "--verify-report", str(path), env=other)["own_key"])
        self.assertFalse((self.home / "other-state").exists())
        path.write_text(json.dumps({**report, "time": "2020-01-01T00:00:00Z"}), encoding="utf-8")
        self.assert_refused(["doctor", "--verify-report", str(path)], 9, "report.json", "signature", code="verification")
        path.write_text("{}", encoding="utf-8")
        self.assert_refused(["doctor", "--verify-report", str(path)], 4, "report.json")
        self.assert_refused(["doctor", "--verify-report", str(self.home / "none")], 3, "none")
        self.assert_refused(["doctor", "--verify-report", str(path), "--prove-offline"], 2, "--verify-report")

    def test_a_key_that_others_can_read_is_not_used(self):
        env = {"XDG_STATE_HOME": str(self.home / "open-state")}
        self.hearth("doctor", "--prove-offline", "--json", env=env)
        key = self.home / "open-state/hearth/proof.key"
        key.chmod(0o644)
        self.assert_refused(["doctor", "--prove-offline"], 7, "proof.key", "chmod 600", env=env)

    def test_leaky_builds_are_found(self):
        _, sound, _ = self.prove()
        provable = {route["name"] for route in sound["routes"] if route["outcome"] == "proved"}
        for leak, routes in LEAKY.items():
            binary = pathlib.Path(BINARY).with_name(f"hearth_leaky_{leak}")
            with self.subTest(leak=leak):
                if not routes & provable:
                    self.skipTest(f"{routes} lead nowhere on this machine, with or without a leak")
                status, report, complaint = self.prove(binary)
                self.assertEqual(status, 9)
                self.assertFalse(report["ok"])
                escaped = {route["name"] for route in report["routes"] if route["outcome"] == "escaped"}
                self.assertLessEqual(routes & provable, escaped)
                self.assertRegex(complaint, r"\Ahearth: proof: failed: [^\n]+\n\Z")
                for route in routes & provable:
                    self.assertIn(route, complaint)
                path = self.home / f"{leak}.json"
                path.write_text(json.dumps(report), encoding="utf-8")
                done = self.run_hearth("doctor", "--verify-report", str(path))
                self.assertEqual(done.returncode, 9)
                self.assertIn("FAILED", done.stdout.decode())

    def test_holds_without_a_network(self):
        before = ["unshare", "-rn"] if os.geteuid() else ["unshare", "-n"]
        if subprocess.run([*before, "true"], capture_output=True).returncode:
            self.skipTest("no network namespace can be made here")
        status, report, complaint = self.prove(before=before)
        self.assertEqual((status, complaint), (0, ""))
        outcomes = {route["name"]: route["outcome"] for route in report["routes"]}
        self.assertEqual(outcomes["tcp4"], "not provable here")
        self.assertEqual(outcomes["unix-path"], "proved")


if __name__ == "__main__":
    unittest.main()
