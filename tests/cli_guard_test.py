#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth redact, restore and eval guard: the real binary, with maps, bad maps and a corpus."""

import json
import os
import pathlib
import stat
import unittest

from cli_support import CliTestCase

TEXT = "Mail bob@example.com about card 4111 1111 1111 1111, or Zoë: bob@example.com.\n"


class Redact(CliTestCase):
    wants_model = False

    def test_json_names_bytes_of_the_input(self):
        document = self.hearth_json("redact", stdin=TEXT)
        raw = TEXT.encode()
        kinds = [entity["kind"] for entity in document["entities"]]
        self.assertEqual(kinds, ["EMAIL", "CARD", "PERSON", "EMAIL"])
        pieces = [raw[entity["start"]:entity["end"]].decode() for entity in document["entities"]]
        self.assertEqual(pieces, ["bob@example.com", "4111 1111 1111 1111", "Zoë", "bob@example.com"])
        first, _, _, last = document["entities"]
        self.assertEqual(first["placeholder"], last["placeholder"])
        self.assertEqual(document["sensitivity"], "sensitive")
        self.assertNotIn("bob@", document["text"])
        self.assertIn(first["placeholder"], document["text"])

    def test_a_map_restores_in_another_process(self):
        path = self.home / "map"
        sent = self.hearth("redact", "--map", str(path), stdin=TEXT)
        self.assertNotIn("bob", sent)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(self.hearth("restore", "--map", str(path), stdin=sent), TEXT)
        # The conversation goes on: what is known keeps its placeholder.
        again = self.hearth_json("redact", "--map", str(path), stdin="bob@example.com and eve@example.com")
        placeholders = [entity["placeholder"] for entity in again["entities"]]
        self.assertIn(placeholders[0], sent)
        self.assertEqual(self.hearth("restore", "--map", str(path), stdin=placeholders[1]), "eve@example.com")

    def test_unknown_placeholders_are_reported_and_left(self):
        path = self.home / "map_unknown"
        sent = self.hearth_json("redact", "--map", str(path), stdin="bob@example.com")
        known = sent["entities"][0]["placeholder"]
        unknown = known.replace("_1:", "_7:")
        document = self.hearth_json("restore", "--map", str(path), stdin=f"{unknown} {known}")
        self.assertEqual(document, {"text": f"{unknown} bob@example.com", "restored": 1, "unknown": [unknown]})
        done = self.run_hearth("restore", "--map", str(path), stdin=unknown)
        self.assertEqual(done.stdout.decode(), unknown)
        self.assertIn(b"not in the map", done.stderr)

    def test_bad_maps_are_named(self):
        self.assert_refused(["restore", "--map", str(self.home / "none")], 3, "none", code="not_found")
        self.assert_refused(["restore"], 2, "--map")
        broken = self.home / "broken"
        broken.write_text("hearth-map 1 abcdef\nPERSON 1 40:Anna\n")
        self.assert_refused(["restore", "--map", str(broken)], 4, "cut off")
        self.assert_refused(["redact", "--map", str(broken)], 4, "cut off")
        self.assertEqual(broken.read_text(), "hearth-map 1 abcdef\nPERSON 1 40:Anna\n")

    def test_any_bytes_come_back(self):
        raw = b"a\xff\xc3 bob@example.com \x00\x01"
        path = self.home / "map_bytes"
        sent = self.run_hearth("redact", "--map", str(path), stdin=raw)
        self.assertEqual(self.run_hearth("restore", "--map", str(path), stdin=sent.stdout).stdout, raw)
        self.assertEqual(self.hearth("redact", stdin=b""), "")

    def test_is_locked_down(self):
        process = self.start_locked_down("redact", stdin=-1)
        process.communicate(b"x", timeout=30)
        self.assertEqual(process.returncode, 0)


class EvalGuard(CliTestCase):
    wants_model = False

    def test_counts_what_is_found_and_what_leaks(self):
        lines = [
            {"text": "mail bob@example.com", "entities": [{"kind": "EMAIL", "start": 5, "end": 20}], "slices": {"locale": "en"}},
            {"text": "mail nothing", "entities": [{"kind": "EMAIL", "start": 5, "end": 12}], "slices": {"locale": "en"}},
            {"text": "4111 1111 1111 1112", "entities": [], "negatives": [{"kind": "CARD", "start": 0, "end": 19}]},
        ]
        path = self.home / "corpus.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        document = self.hearth_json("eval", "guard", str(path))
        self.assertEqual(document["all"]["recall"], 0.5)
        self.assertEqual(document["all"]["precision"], 1.0)
        self.assertEqual(document["all"]["leak_rate"], 0.5)
        self.assertEqual((document["checksummed"]["negatives"], document["checksummed"]["flagged"]), (1, 0))
        low, high = document["slices"]["locale en"]["leak_rate_interval"]
        self.assertLess(low, 0.5)
        self.assertGreater(high, 0.9)
        self.assertIn("kind EMAIL", self.hearth("eval", "guard", str(path)))

    def test_bad_corpora_are_named_with_their_line(self):
        path = self.home / "bad.jsonl"
        path.write_text('{"text": "a"}\n{"text": "a", "entities": [{"kind": "EMAIL", "start": 0, "end": 9}]}\n')
        self.assert_refused(["eval", "guard", str(path)], 4, "bad.jsonl:2")
        path.write_text('{"text": "a", "entities": [{"kind": "WHAT", "start": 0, "end": 1}]}\n')
        self.assert_refused(["eval", "guard", str(path)], 4, "bad.jsonl:1", "kind")
        path.write_text("x\n")
        self.assert_refused(["eval", "guard", str(path)], 4, "bad.jsonl:1")
        path.write_text("")
        self.assert_refused(["eval", "guard", str(path)], 2, "no entities")


if __name__ == "__main__":
    unittest.main()
