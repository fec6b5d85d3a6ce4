#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth ledger show and verify, on ledgers that are written here as docs/formats/ledger.md says."""

import hashlib
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import time
import unittest

from cli_support import CliTestCase

SCHEMA = ("CREATE TABLE egress (number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, request TEXT NOT NULL, target TEXT NOT NULL,"
          "host TEXT NOT NULL, sensitivity TEXT NOT NULL, redactions TEXT NOT NULL, bytes INTEGER NOT NULL, content BLOB NOT NULL,"
          "kept BLOB NOT NULL, chain BLOB NOT NULL) STRICT")
COLUMNS = "number, time_ms, request, target, host, sensitivity, redactions, bytes, content, kept, chain"


def keyed(data, key):
    return hashlib.blake2b(data, key=key, digest_size=32).digest()


class LedgerFiles:
    """Writes a ledger to self.state as docs/formats/ledger.md says."""

    key = bytes(range(32))
    step_ms = 1  # between two entries; negative where the clock goes back

    def make_key(self):
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "seal.key").write_bytes(self.key)
        (self.state / "seal.key").chmod(0o600)

    def write_ledger(self, count):
        chain, chain_key = bytes(32), keyed(b"hearth ledger chain", self.key)

        def rows():
            nonlocal chain
            for number in range(1, count + 1):
                message = f"message {number}".encode()
                row = [number, 1_700_000_000_000 + self.step_ms * number, f"request-{number}", "edge", "edge.example:443", "personal", "EMAIL=1",
                       len(message), hashlib.blake2b(message, digest_size=32).digest(), b""]
                fields = [chain] + [struct.pack("<q", field) if isinstance(field, int) else field.encode() if isinstance(field, str) else field
                                    for field in row]
                chain = keyed(b"".join(struct.pack("<Q", len(field)) + field for field in fields), chain_key)
                yield [*row, chain]

        database = sqlite3.connect(self.state / "ledger.db")
        database.execute(SCHEMA)
        database.executemany(f"INSERT INTO egress ({COLUMNS}) VALUES ({','.join('?' * 11)})", rows())
        database.commit()
        database.close()
        head = struct.pack("<q", count) + chain
        (self.state / "ledger.anchor").write_bytes(head + keyed(head, keyed(b"hearth ledger anchor", self.key)))


class Ledger(LedgerFiles, CliTestCase):
    wants_model = False

    def setUp(self):
        super().setUp()
        self.state = self.home / ".local/state/hearth"
        shutil.rmtree(self.state, ignore_errors=True)
        self.make_key()

    def tamper(self, sql):
        database = sqlite3.connect(self.state / "ledger.db")
        database.execute(sql)
        database.commit()
        database.close()

    def test_nothing_left(self):
        self.assertEqual(self.hearth("ledger", "show"), "nothing has left this machine\n")
        self.assertEqual(self.hearth_json("ledger", "verify"), {"ok": True, "entries": 0})

    def test_what_is_written_as_documented_is_right(self):
        self.write_ledger(30)
        self.assertEqual(self.hearth("ledger", "verify"), "30 entries, as they were written\n")
        [last, before] = self.hearth_json("ledger", "show", "-n", "2")["entries"]
        self.assertEqual((last["number"], before["number"], last["host"], last["redactions"]), (30, 29, "edge.example:443", "EMAIL=1"))
        self.assertEqual(last["blake2b"], hashlib.blake2b(b"message 30", digest_size=32).hexdigest())
        lines = self.hearth("ledger", "show").splitlines()
        self.assertEqual(len(lines), 21)
        self.assertIn("edge.example:443", lines[1])

    def test_what_was_changed_is_named(self):
        for sql, number in (("UPDATE egress SET bytes = 1 WHERE number = 7", 7), ("DELETE FROM egress WHERE number = 4", 4)):
            (self.state / "ledger.db").unlink(missing_ok=True)
            self.write_ledger(9)
            self.tamper(sql)
            self.assert_refused(["ledger", "verify"], 9, f"entry {number} ")
        (self.state / "ledger.db").unlink()
        self.write_ledger(9)
        self.tamper("DELETE FROM egress WHERE number > 7")
        self.assert_refused(["ledger", "verify"], 9, "entry 8 was cut off")

    def test_what_cannot_be_read_is_named(self):
        (self.state / "ledger.db").write_bytes(b"x" * 5000)
        self.assert_refused(["ledger", "verify"], 4, "ledger.db", "move it away")
        (self.state / "seal.key").chmod(0o644)
        self.assert_refused(["ledger", "show"], 7, "seal.key", "chmod 600")

    def test_messages_that_were_not_kept(self):
        self.assert_refused(["ledger", "show", "--message", "1"], 3, "nothing has left")
        self.write_ledger(3)
        self.assert_refused(["ledger", "show", "--message", "9"], 3, "no entry 9")
        self.assert_refused(["ledger", "show", "--message", "2"], 3, "request-2: was not kept")

    def test_a_clock_that_was_set_back_changes_nothing(self):
        self.step_ms = -86_400_000
        self.write_ledger(30)
        self.assertEqual(self.hearth("ledger", "verify"), "30 entries, as they were written\n")
        self.assertEqual(self.hearth_json("ledger", "show", "-n", "1")["entries"][0]["number"], 30)  # by number, not by time

    def test_one_that_somebody_writes_to_can_be_read(self):
        self.write_ledger(30)
        writer = sqlite3.connect(self.state / "ledger.db", isolation_level=None)
        self.addCleanup(writer.close)
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE egress SET bytes = 0 WHERE number = 3")
        self.assertEqual(self.hearth("ledger", "verify"), "30 entries, as they were written\n")  # it was not committed

    def test_one_that_is_locked_is_named(self):
        self.write_ledger(3)
        holder = sqlite3.connect(self.state / "ledger.db", isolation_level=None)
        self.addCleanup(holder.close)
        holder.execute("BEGIN EXCLUSIVE")  # without WAL, which leaves no reader in
        started = time.monotonic()
        self.assert_refused(["ledger", "verify"], 7, "ledger.db", "another hearth writes to it; try again", code="unavailable")
        self.assertGreater(time.monotonic() - started, 5)

    def test_many_rows(self):
        # tools/check_ledger does it with a million.
        done = subprocess.run([pathlib.Path(__file__).parent.parent / "tools/check_ledger", "--rows", "50000", "--seconds-max", "10"],
                              capture_output=True, text=True, env=os.environ, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
