#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""eval task and test with the real model: the example files, figures, formats, exit statuses, what is refused."""

import json
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest
import xml.etree.ElementTree as ElementTree

from cli_support import MODEL, CliTestCase, needs_model

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples" / "output-tests"
CHOICE = 'name = "t"\nkind = "choice"\nprompt = "{text}"\nlabels = ["yes", "no"]\n'


class Folder(CliTestCase):
    """A folder of its own for each test."""

    def setUp(self):
        self.folder = self.home / self.id().rsplit(".", 1)[-1]
        self.folder.mkdir()

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)


class Refusals(Folder):
    """What is wrong with a file is said before a model is loaded."""

    wants_model = False

    def test_task_files(self):
        task = self.write("t.toml", CHOICE + 'test = "t.jsonl"\n')
        self.assert_refused(["eval", "task", task], 3, "t.jsonl", code="not_found")
        self.write("t.jsonl", "")
        self.assert_refused(["eval", "task", task], 2, "no examples", code="usage")
        self.write("t.jsonl", '{"text": "x", "label": "yes"}\n{"text": \n')
        self.assert_refused(["eval", "task", task], 4, "t.jsonl:2", code="corrupt")
        self.write("t.jsonl", b'{"text": "\xff"}\n')
        self.assert_refused(["eval", "task", task], 4, "t.jsonl:1")
        self.assert_refused(["eval", "task", task, "--split", "train"], 2, "train")
        self.assert_refused(["eval", "task", task, "--split", "half"], 2, "half")
        self.assert_refused(["eval", "task", str(self.folder / "none.toml")], 3, "none.toml")
        self.assert_refused(["eval", "task", self.write("u.toml", CHOICE + "colour = 1\n")], 2, "u.toml:5", "colour")
        self.assert_refused(["eval", "task", self.write("v.toml", "x = [")], 4, "v.toml:1")
        self.assert_refused(["eval", "task"], 2, "FILE")

    def test_output_test_files(self):
        case = '[[cases]]\nname = "a"\nprompt = "x"\n[cases.expect]\n'
        self.assert_refused(["test", self.write("a.toml", case)], 2, "expects nothing")
        self.assert_refused(["test", self.write("b.toml", case + "typo = 1\n")], 2, "b.toml:5", "typo")
        self.assert_refused(["test", self.write("c.toml", case + 'json_schema = { oneOf = [] }\n')], 5, "oneOf",
                            code="unsupported")
        good = self.write("d.toml", case + 'contains = "x"\n')
        self.assert_refused(["test", good, "--filter", "zzz"], 2, "zzz")
        self.assert_refused(["test", good, "--junit", str(self.folder / "none" / "r.xml")], 3, "none")
        self.assert_refused(["test", self.write("e.toml", CHOICE + 'test = "t.jsonl"\n')], 2, "floor")
        self.write("d.toml.baseline.json", "[]")
        self.assert_refused(["test", good], 4, "baseline.json")
        done = self.run_hearth("test", good, "--tap", "--json")
        self.assertEqual(done.returncode, 2)


@needs_model
class EvalTask(Folder):
    def test_the_example_task(self):
        document = self.hearth_json("eval", "task", str(EXAMPLES / "department.toml"))
        self.assertEqual(document["task"], "department")
        self.assertEqual(document["examples"], 12)
        self.assertTrue(document["passed"])
        self.assertGreaterEqual(document["value"], document["floor"])
        interval = document["interval"]
        self.assertTrue(interval["low"] <= document["value"] <= interval["high"])
        self.assertEqual(set(document["metrics"]), {"accuracy", "accuracy_tokens", "accuracy_characters"})
        self.assertEqual([label["label"] for label in document["labels"]], ["sales", "refunds", "technical"])
        wrong = sum(confusion["count"] for confusion in document["confusions"])
        self.assertAlmostEqual(document["value"], 1 - wrong / 12)
        self.assertEqual(self.hearth_json("eval", "task", str(EXAMPLES / "department.toml"), "-t", "1")["value"],
                         document["value"])
        text = self.hearth("eval", "task", str(EXAMPLES / "department.toml"))
        self.assertIn("department: accuracy ", text)
        self.assertIn("floor 0.500: reached", text)

    def test_a_missed_floor_is_status_9(self):
        shutil.copy(EXAMPLES / "department.test.jsonl", self.folder)
        text = (EXAMPLES / "department.toml").read_text()
        task = self.write("t.toml", text.replace("floor = 0.5", "floor = 1.0").replace("{text}", "nothing"))
        self.assertIn("floor 1.000: missed", self.hearth("eval", "task", task, status=9))
        self.assertFalse(self.hearth_json("eval", "task", task, status=9)["passed"])
        self.assertIn("FAIL  department/accuracy", self.hearth("test", task, status=9))

    def test_a_model_against_itself(self):
        document = self.hearth_json("eval", "task", str(EXAMPLES / "department.toml"), "--vs", MODEL)
        against = document["against"]
        self.assertEqual(against["model"], MODEL)
        self.assertEqual((against["difference"], against["p"], against["test"]), (0.0, 1.0, "mcnemar"))
        self.assertEqual(against["interval"], {"low": 0.0, "high": 0.0})

    def test_kinds(self):
        self.write("m.jsonl", '{"q": "Grass is", "options": ["green", "made of glass and iron"], "answer": "A"}\n')
        choice = self.write("m.toml", 'name = "m"\nkind = "multiple-choice"\nprompt = "{q}"\nstyle = "continuation"\n'
                                      'test = "m.jsonl"\n')
        document = self.hearth_json("eval", "task", choice)
        self.assertEqual(document["value"], 1.0)
        self.assertEqual(document["metrics"]["accuracy_characters"]["value"], 0.0)  # favours the long one here
        self.write("g.jsonl", '{"q": "one, two, three, four,", "answer": "five"}\n')
        generate = self.write("g.toml", 'name = "g"\nkind = "generate"\nprompt = "{q}"\ntokens = 3\n'
                                        'stop = [","]\ntest = "g.jsonl"\n')
        document = self.hearth_json("eval", "task", generate)
        self.assertEqual(document["value"], 1.0)
        self.assertEqual(document["metrics"]["rougeL"]["value"], 1.0)
        self.write("p.jsonl", '{"text": "The quick brown fox jumps over the lazy dog."}\n')
        perplexity = self.write("p.toml", 'name = "p"\nkind = "perplexity"\nceiling = 1.5\ntest = "p.jsonl"\n')
        document = self.hearth_json("eval", "task", perplexity, status=9)
        self.assertGreater(document["value"], 1.5)
        self.assertLess(document["value"], 1000)

    def test_bad_examples_are_named(self):
        self.write("t.jsonl", '{"text": "x", "label": "yes"}\n\n{"text": "x", "label": "perhaps"}\n')
        task = self.write("t.toml", CHOICE + 'test = "t.jsonl"\n')
        self.assert_refused(["eval", "task", task], 2, "t.jsonl:3", "perhaps")
        # A label whose bytes SmolLM2 has no token for.
        self.write("t.jsonl", '{"text": "x", "label": "yes"}\n')
        odd = self.write("o.toml", CHOICE.replace("no", "\\u0004") + 'test = "t.jsonl"\n')
        self.assert_refused(["eval", "task", odd], 2, "label", "without a token")


@needs_model
class OutputTests(Folder):
    def test_the_example_passes(self):
        text = self.hearth("test", str(EXAMPLES / "tests.toml"))
        self.assertTrue(text.endswith("examples: 11 passed, 0 failed\n"), text)

    def test_formats(self):
        tests = self.write("t.toml", 'tokens = 4\n[[cases]]\nname = "good <&>"\nprompt = "Hi"\n[cases.expect]\n'
                                     'not_contains = "zzzz"\n[[cases]]\nname = "bad"\nprompt = "Hi"\n[cases.expect]\n'
                                     'contains = "zzzz"\n')
        report = self.folder / "report.xml"
        text = self.hearth("test", tests, "--junit", str(report), status=9)
        self.assertIn("ok    good <&>\n", text)
        self.assertIn("FAIL  bad\n      contains: ", text)
        suite = ElementTree.parse(report).getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        names = [case.get("name") for case in suite.findall("testcase")]
        self.assertEqual(names, ["good <&>", "bad"])
        self.assertIn("zzzz", suite.findall("testcase")[1].find("failure").text)
        tap = self.hearth("test", tests, "--tap", status=9).splitlines()
        self.assertEqual(tap[:3], ["TAP version 14", "1..2", "ok 1 - good <&>"])
        self.assertEqual(tap[3], "not ok 2 - bad")
        document = self.hearth_json("test", tests, status=9)
        self.assertEqual((document["passed"], document["failed"]), (1, 1))
        self.assertEqual(set(document["tests"][1]), {"name", "passed", "failures", "answer", "ms"})
        self.assertEqual(self.hearth_json("test", tests, "--filter", "good")["passed"], 1)

    def test_baselines(self):
        tests = self.write("t.toml", 'tokens = 6\n[[cases]]\nname = "a"\nprompt = "Hello."\nexpect = { baseline = true }\n')
        self.assertIn("--update", self.hearth("test", tests, status=9))
        self.hearth("test", tests, "--update")
        recorded = json.loads((self.folder / "t.toml.baseline.json").read_text())
        self.assertEqual(list(recorded), ["a"])
        self.hearth("test", tests)
        self.hearth("test", tests, "-t", "1")  # the same, whatever the threads
        (self.folder / "t.toml.baseline.json").write_text('{"a": "another"}')
        self.assertIn("baseline: was \"another\"", self.hearth("test", tests, status=9))

    def test_locked_down_and_interruptible(self):
        """While an answer is generated a leaked socket is closed and the filter is on; Ctrl-C ends it."""
        tests = self.write("t.toml", 'tokens = 8000\n[[cases]]\nname = "a"\nformat = "raw"\nprompt = "1, 2, 3,"\n'
                                     'expect = { not_contains = "zz" }\n')
        self.write("g.jsonl", '{"q": "1, 2, 3,", "answer": "4"}\n')
        task = self.write("g.toml", 'name = "g"\nkind = "generate"\nprompt = "{q}"\ntokens = 8000\ntest = "g.jsonl"\n')
        for arguments in (["test", tests], ["eval", "task", task]):
            ours, leaked = socket.socketpair()
            with ours, self.subTest(arguments=arguments):
                ours.settimeout(30)
                process = self.start_hearth(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                            pass_fds=[leaked.fileno()])
                leaked.close()
                self.assertEqual(ours.recv(1), b"")
                self.assertIsNone(process.poll())
                deadline = time.monotonic() + 30
                status = ""
                # 8,000 tokens take long; threads are there once the model is loaded, and Ctrl-C is caught from then on.
                while not ("Seccomp:\t2" in status and "Threads:\t1\n" not in status) and time.monotonic() < deadline:
                    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                    time.sleep(0.05)
                self.assertIn("Seccomp:\t2", status)
                time.sleep(0.5)
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)
                self.assertEqual(process.returncode, 130)


if __name__ == "__main__":
    unittest.main()
