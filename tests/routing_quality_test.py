#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How good routing is on the graded set of examples/routing/, from the recorded answers of both models (tests/golden/routing/): every answer is
graded anew, then the router is measured against the two endpoints. Needs no model, but for the last test, which records some answers anew."""

import collections
import json
import pathlib
import subprocess
import sys
import unittest

from cli_support import MODEL, CliTestCase, needs_model

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "examples" / "routing"
GOLDEN = ROOT / "tests" / "golden" / "routing"
TASKS = sorted(path.stem for path in QUESTIONS.glob("*.toml"))


class GradedSet(CliTestCase):
    wants_model = False

    def grade(self, remote, split="test", **changes):
        """The graded answers of all tasks, and what each task said of them."""
        lines, reports = [], []
        for task in TASKS:
            out = self.home / "graded.jsonl"
            arguments = ["route", "grade", str(QUESTIONS / f"{task}.toml"), "--local", str(GOLDEN / f"smollm2.{split}.jsonl"), "--split", split, "-o", str(out)]
            arguments += ["--remote", str(GOLDEN / f"{remote}.{split}.jsonl")] if remote else []
            arguments += [word for name, value in changes.items() for word in (f"--{name}", value)]
            reports.append(self.hearth_json(*arguments))
            lines += out.read_text().splitlines()
        return lines, reports

    def evaluate(self, lines, *arguments):
        path = self.home / "all.jsonl"
        path.write_text("\n".join(lines))
        return self.hearth_json("route", "evaluate", str(path), *arguments)

    def test_the_questions_are_the_generators(self):
        folder = self.home / "questions"
        folder.mkdir()
        subprocess.run([sys.executable, ROOT / "tools" / "routing_questions", folder], check=True)
        names = sorted(path.name for path in folder.iterdir())
        self.assertEqual(names, sorted(path.name for path in QUESTIONS.glob("*.jsonl")))
        for name in names:
            self.assertEqual((folder / name).read_bytes(), (QUESTIONS / name).read_bytes(), name)

    def test_the_set(self):
        """At least 1,000 questions in six tasks, three domains in each, and both models right and wrong in all of them."""
        lines, reports = self.grade("gemma3")
        answers = [json.loads(line) for line in lines]
        self.assertGreaterEqual(len(answers), 1000)
        by_task = collections.defaultdict(list)
        for answer in answers:
            by_task[answer["task"]].append(answer)
        self.assertEqual(set(by_task), {"arithmetic", "extraction", "classification", "facts", "rewriting", "code"})
        for task, members in by_task.items():
            self.assertGreaterEqual(len({answer["domain"] for answer in members}), 3, task)
            for side in ("correct_local", "correct_remote"):
                right = sum(answer[side] for answer in members) / len(members)
                self.assertTrue(0.1 < right < 0.98, f"{task} {side} {right}")
        self.assertEqual([report["task"] for report in reports if report["regraded"]], [])

    def test_against_the_perfect_endpoint(self):
        report = self.evaluate(self.grade(None)[0])
        inside, outside, promise = report["in_domain"], report["out_of_domain"], report["promise"]
        self.assertGreaterEqual(inside["auroc"], 0.75)
        self.assertGreaterEqual(inside["apgr"], 0.7)
        self.assertLessEqual(inside["ece"], 0.05)
        self.assertGreaterEqual(outside["auroc"], 0.75)
        self.assertGreaterEqual(outside["apgr"], 0.67)  # 0.685 was reached
        self.assertEqual(promise["trials"], 100)
        self.assertGreaterEqual(promise["held"], 95)
        for at in inside["escalation"]:
            self.assertGreater(at["quality"], at["random"])
            self.assertLessEqual(at["quality"], at["oracle"])

    def test_against_gemma(self):
        report = self.evaluate(self.grade("gemma3")[0], "--trials", "0")
        self.assertGreaterEqual(report["in_domain"]["auroc"], 0.75)
        self.assertLessEqual(report["in_domain"]["ece"], 0.05)

    @needs_model
    def test_recorded_answers_are_the_models(self):
        for task in ("asked", "spelling"):  # by scoring, by writing
            out = self.home / "anew.jsonl"
            self.hearth("eval", "task", str(QUESTIONS / f"{task}.toml"), "-m", MODEL, "--exact", "--split", "validation", "--answers", str(out))
            recorded = {line["id"]: line for line in map(json.loads, (GOLDEN / "smollm2.validation.jsonl").read_text().splitlines())}
            for answer in map(json.loads, out.read_text().splitlines()):
                expected = recorded[answer["id"]]
                self.assertEqual((answer["answer"], answer["value"]), (expected["answer"], expected["value"]))
                for name, value in expected["features"].items():
                    self.assertAlmostEqual(answer["features"][name], value, delta=2e-4, msg=name)


if __name__ == "__main__":
    unittest.main()
