#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth forget: what is kept, and that it can be erased, one kind at a time, with the key and without."""

import shutil
import sqlite3
import unittest

from cli_ledger_test import LedgerFiles
from cli_support import CliTestCase

NOTHING = {"conversations": 0, "session_keys": 0, "kept_days": 0, "telemetry_reports": 0}


class Forget(LedgerFiles, CliTestCase):
    wants_model = False

    def setUp(self):
        super().setUp()
        self.state = self.home / ".local/state/hearth"
        shutil.rmtree(self.state, ignore_errors=True)
        self.conversations = self.state / "conversations"
        self.keys = self.state / "keys"
        self.make_key()
        for name in ("2026-01-01T00-00-00-aaaa", "2026-01-02T00-00-00-bbbb"):
            self.write(self.conversations / f"{name}.key", b"k" * 84)
            self.write(self.conversations / f"{name}.rows", b"r" * 100)
        self.write(self.keys / "sessions-123.key", b"k" * 84)
        self.write(self.keys / "kept-2026-01-01.key", b"k" * 84)

    @staticmethod
    def write(path, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def test_it_lists_what_there_is(self):
        document = self.hearth_json("forget")
        self.assertEqual([one["id"] for one in document["conversations"]], ["2026-01-01T00-00-00-aaaa", "2026-01-02T00-00-00-bbbb"])
        self.assertEqual((document["session_keys"], document["kept_days"], document["telemetry"]), (1, ["2026-01-01"], False))
        self.assertIn("2 chats; keys of 1 session folders; kept messages of 1 days; telemetry off", self.hearth("forget"))
        self.assertEqual(len(list(self.conversations.glob("*.rows"))), 2)

    def test_one_kind_at_a_time(self):
        self.write(self.state / "history", b"plain\n")
        self.assertEqual(self.hearth_json("forget", "conversation", "2026-01-01T00-00-00-aaaa", "--yes"), {"erased": {**NOTHING, "conversations": 1}})
        self.assertEqual([path.stem for path in self.conversations.glob("*.rows")], ["2026-01-02T00-00-00-bbbb"])
        self.assertEqual(self.hearth_json("forget", "histories", "--yes"), {"erased": {**NOTHING, "conversations": 2}})
        self.assertEqual(list(self.conversations.iterdir()), [])
        self.assertFalse((self.state / "history").exists())
        self.assertEqual(len(list(self.keys.iterdir())), 2)
        self.assertEqual(self.hearth_json("forget", "sessions", "--yes"), {"erased": {**NOTHING, "session_keys": 1}})
        self.assertEqual(self.hearth_json("forget", "kept", "--yes"), {"erased": {**NOTHING, "kept_days": 1}})
        self.assertEqual(list(self.keys.iterdir()), [])
        self.assertEqual(self.hearth_json("forget", "all", "--yes"), {"erased": NOTHING})

    def test_all(self):
        self.hearth("telemetry", "on", "--endpoint", "http://127.0.0.1:1")
        self.assertEqual(self.hearth("forget", "all", "--yes"),
                         "erased: 2 chats, the keys of 1 session folders, the kept messages of 1 days, 0 telemetry reports\n")
        self.assertFalse((self.state / "telemetry").exists())
        self.assertEqual(list(self.conversations.iterdir()) + list(self.keys.iterdir()), [])

    def test_what_cannot_be_meant(self):
        self.assert_refused(["forget", "everything", "--yes"], 2, '"everything"', "histories")
        self.assert_refused(["forget", "conversation", "x", "--yes"], 3, '"x"', "hearth forget lists them")
        self.assert_refused(["forget", "conversation", "../../x", "--yes"], 3)
        self.assert_refused(["forget", "all"], 2, "--yes")
        self.assertEqual(len(list(self.conversations.glob("*.rows"))), 2)

    def test_after_a_lost_key(self):
        self.write_ledger(9)
        self.assertEqual(self.hearth("ledger", "verify"), "9 entries, as they were written\n")
        (self.state / "seal.key").unlink()
        for command in (["ledger", "show"], ["ledger", "verify"]):
            self.assert_refused(command, 9, "seal.key: is gone", "cannot be read by anybody", "nor can the ledger be verified", "put the old key back")
        said = self.hearth("forget", "lost", "--yes")
        self.assertIn("erased: 2 chats, the keys of 1 session folders, the kept messages of 1 days", said)
        [aside] = self.state.glob("ledger-of-a-lost-key-*")
        self.assertIn(str(aside), said)
        self.assertEqual(sqlite3.connect(aside / "ledger.db").execute("SELECT count(*) FROM egress").fetchone(), (9,))
        self.assertEqual(self.hearth("ledger", "show"), "nothing has left this machine\n")
        self.assertEqual(self.hearth_json("forget", "lost", "--yes")["ledger_moved_to"], "")


if __name__ == "__main__":
    unittest.main()
