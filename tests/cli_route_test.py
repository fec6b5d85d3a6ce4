#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line of policies and routing: policy check, route explain, calibrate, evaluate. No model is needed."""

import json
import math
import pathlib
import random
import unittest

from cli_support import CliTestCase, MODEL, needs_model

POLICIES = pathlib.Path(__file__).resolve().parent.parent / "policies"
HYBRID = str(POLICIES / "private-hybrid.toml")
ORDERED = {"sensitivity": ["public", "personal", "sensitive", "secret"], "consent": ["always", "once", "none"],
           "network": ["online", "metered", "offline"], "budget": ["left", "spent"]}


def graded_lines(count, seed=1):
    """Answers whose features tell how likely they are wrong."""
    rng = random.Random(seed)
    for _ in range(count):
        doubt = rng.uniform(-2, 2)
        wrong = rng.random() < 1 / (1 + math.exp(1 - 2.2 * doubt))
        yield {"task": rng.choice(["facts", "code", "arithmetic"]), "domain": rng.choice(["a", "b", "c"]),
               "correct_local": not wrong, "correct_remote": int(rng.random() < 0.97), "cost": 0.001,
               "features": {"mean_logprob": -0.5 - 0.2 * doubt, "q05_logprob": -3 - doubt, "q10_logprob": -2 - 0.7 * doubt,
                            "q25_logprob": -1 - 0.4 * doubt, "margin": 0.6 - 0.15 * doubt}}


class Policy(CliTestCase):
    wants_model = False

    def write(self, text):
        path = self.home / "p.toml"
        path.write_text(text)
        return str(path)

    def test_shipped_policies(self):
        for path in sorted(POLICIES.glob("*.toml")):
            with self.subTest(path.name):
                self.assertIn("sound; ", self.hearth("policy", "check", str(path)))
                document = self.hearth_json("policy", "check", str(path))
                self.assertEqual(document["states"], 5832)
                self.assertEqual(len(document["outcomes"]), 5832)
                self.check_monotone(document["outcomes"])

    def check_monotone(self, outcomes):
        """By the printed table alone: no step for the worse adds a target or lifts a redaction."""
        dimensions = [key for key in outcomes[0] if key not in ("targets", "redacted")]
        table = {tuple(outcome[key] for key in dimensions): outcome for outcome in outcomes}
        self.assertEqual(len(table), len(outcomes))
        for point, better in table.items():
            for index, key in enumerate(dimensions):
                values = ORDERED.get(key)
                if not values or point[index] == values[-1]:
                    continue
                worse = table[point[:index] + (values[values.index(point[index]) + 1],) + point[index + 1:]]
                self.assertLessEqual(set(worse["targets"]), set(better["targets"]), point)
                plain = lambda outcome: set(outcome["targets"]) - set(outcome["redacted"])
                self.assertLessEqual(plain(worse), plain(better), point)
            if "secret" in point:
                self.assertEqual(better["targets"], [])

    def test_rows_cover_every_state_once(self):
        document = self.hearth_json("policy", "check", HYBRID)
        states = 0
        for row in document["rows"]:
            count = 1
            for key, value in row.items():
                count *= len(value) if key not in ("targets", "redacted") else 1
            states += count
        self.assertEqual(states, 5832)
        self.assertLess(len(document["rows"]), 20)

    def test_table_is_for_people(self):
        text = self.hearth("policy", "check", HYBRID)
        self.assertLess(len(text.splitlines()), 25)
        self.assertIn("redacted to edge", text)
        self.assertNotIn("secret", text)
        self.assertIn("Nothing leaves, in any state.", self.hearth("policy", "check", str(POLICIES / "local-only.toml")))

    def test_bad_policies(self):
        hybrid = pathlib.Path(HYBRID).read_text()
        check = ["policy", "check"]
        self.assert_refused([*check, self.write("default = local\n")], 4, "p.toml:1: ", code="corrupt")
        self.assert_refused([*check, self.write(hybrid.replace('"local", "edge"]', '"local", "egde"]'))], 4,
                            'allow: "egde" is no target; choose among local, cloud, edge')
        self.assert_refused([*check, self.write(hybrid.replace("consent =", "consnet ="))], 4, "consnet: is not known here; known are consent")
        self.assert_refused([*check, self.write(hybrid.replace("https://edge", "http://edge"))], 4, "url: is http to another machine")
        self.assert_refused([*check, self.write(hybrid + '[[rules]]\nwhen = { task = "facts", sensitivity = "public" }\nallow = ["edge", "cloud"]\n')],
                            4, "rule 4: never changes an outcome: public and open")
        self.assert_refused([*check, self.write("\0")], 4, "p.toml")
        self.assert_refused([*check, str(self.home / "none.toml")], 3, "none.toml")
        self.assert_refused(check, 2, "FILE")

    def test_hostile_names_do_not_reach_the_terminal(self):
        done = self.run_hearth("policy", "check", self.write('default = "local"\n"\\u001b[2J" = 1\n'))
        self.assertEqual(done.returncode, 4)
        self.assertNotIn(b"\x1b", done.stderr)


class Explain(CliTestCase):
    wants_model = False

    def explain(self, *arguments, prompt="Who wrote Faust?", **options):
        return self.hearth_json("route", "explain", "--policy", HYBRID, *arguments, prompt, **options)

    def test_contract(self):
        document = self.explain()
        self.assertLessEqual({"target", "rules", "predicted", "sensitivity"}, set(document))
        self.assertEqual(set(document["predicted"]), {"latency_ms", "cost", "p_error"})
        self.assertEqual((document["target"], document["task"], document["reason"]), ("cloud", "facts", "better"))
        self.assertEqual([hop["target"] for hop in document["chain"]], ["cloud", "edge", "local"])
        self.assertGreater(document["predicted"]["cost"], 0)

    def test_states(self):
        self.assertEqual(self.explain("--sensitivity", "secret", "--consent", "always")["target"], "local")
        personal = self.explain("--sensitivity", "personal", "--consent", "once", "--deadline-ms", "5000")
        self.assertEqual(personal["excluded"][0]["why"], "ceiling")
        self.assertEqual(self.explain("--network", "offline")["target"], "local")
        self.assertEqual(self.explain("--network", "metered")["target"], "edge")
        self.assertEqual([hop["target"] for hop in self.explain("--spent-usd", "0.6")["chain"]], ["edge", "local"])
        self.assertEqual(self.explain(prompt="Hello!")["target"], "local")
        self.assertEqual(self.explain("--task", "open_ended", prompt="Hello!")["target"], "cloud")

    def test_text_and_stdin(self):
        text = self.hearth("route", "explain", "--policy", HYBRID, "--sensitivity", "personal", "-", stdin="Hello!\n")
        self.assertIn("local: nobody else may or can answer now", text)
        self.assertIn("cloud: accepts public at most, this is personal", text)

    def test_refuses(self):
        explain = ["route", "explain", "--policy", HYBRID]
        self.assert_refused([*explain, "--sensitivity", "private", "x"], 2, "--sensitivity", "choose among public, personal")
        self.assert_refused([*explain, "--task", "poetry", "x"], 2, "--task")
        self.assert_refused([*explain, "--deadline-ms", "-3", "x"], 2, "--deadline-ms")
        self.assert_refused([*explain, "--p-error", "2", "x"], 2, "--p-error")
        self.assert_refused([*explain, "--calibration", HYBRID, "x"], 4, "is no calibration")
        self.assert_refused(["route", "explain", "x"], 2, "--policy")
        self.assert_refused([*explain, ""], 2, "prompt")

    def test_cannot_connect(self):
        process = self.start_locked_down("route", "explain", "--policy", HYBRID, "-", stdin=-1)
        process.communicate(b"Hello!", timeout=30)
        self.assertEqual(process.returncode, 0)

    @needs_model
    def test_with_a_model(self):
        document = self.explain("-m", MODEL)
        self.assertEqual(document["target"], "cloud")


class Calibrate(CliTestCase):
    wants_model = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.graded = cls.home / "graded.jsonl"
        cls.graded.write_text("".join(json.dumps(line) + "\n" for line in graded_lines(1200)))

    def test_calibrate_and_use(self):
        out = self.home / "calibration.json"
        text = self.hearth("route", "calibrate", str(self.graded), "--max-error", "0.2", "-o", str(out))
        self.assertIn("learnt from 1200 graded answers", text)
        document = json.loads(out.read_text())
        self.assertEqual(document["version"], 1)
        self.assertGreater(document["threshold"] or max(document["task_threshold"].values()), 0)
        self.assertLess(out.stat().st_size, 16384)
        self.assertEqual(json.loads(self.hearth("route", "calibrate", str(self.graded), "--max-error", "0.2")), document)
        summary = self.hearth_json("route", "calibrate", str(self.graded), "--max-error", "0.2", "-o", str(out))
        self.assertEqual(set(summary["thresholds"]), {"facts", "code", "arithmetic"})
        explain = ["route", "explain", "--policy", HYBRID, "--calibration", str(out), "--task", "facts"]
        doubtful = self.hearth_json(*explain, "--p-error", "0.9", "x")
        self.assertEqual((doubtful["target"], doubtful["reason"]), ("cloud", "local_doubtful"))
        self.assertEqual(self.hearth_json(*explain, "--p-error", "0.01", "x")["reason"], "confident")

    def test_evaluate(self):
        document = self.hearth_json("route", "evaluate", str(self.graded), "--trials", "40")
        self.assertGreater(document["in_domain"]["auroc"], 0.8)
        self.assertLess(document["in_domain"]["ece"], 0.05)
        self.assertGreater(document["in_domain"]["apgr"], 0.7)
        self.assertLessEqual(document["in_domain"]["apgr"], document["in_domain"]["apgr_oracle"])
        self.assertEqual(set(document["domains"]), {"a", "b", "c"})
        self.assertEqual(document["out_of_domain"]["answers"], 1200)
        self.assertGreaterEqual(document["promise"]["held"], 38)
        for at in document["in_domain"]["escalation"]:
            self.assertLess(at["random"], at["quality"])
            self.assertLessEqual(at["quality"], at["oracle"])
        text = self.hearth("route", "evaluate", str(self.graded), "--trials", "3")
        self.assertIn("out of domain", text)

    def test_refuses(self):
        bad = self.home / "bad.jsonl"
        good = [json.dumps(line) for line in graded_lines(120)]

        def refuse(change, *fragments):
            line = json.loads(good[1])
            change(line)
            bad.write_text("\n".join([good[0], json.dumps(line), *good[2:]]))
            self.assert_refused(["route", "evaluate", str(bad)], 4, "bad.jsonl:2: ", *fragments, code="corrupt")

        refuse(lambda line: line.pop("correct_local"), "correct_local", "is missing")
        refuse(lambda line: line.update(correct_remote=0.5), "correct_remote")
        refuse(lambda line: line.update(task="poetry"), "poetry", "none of chat")
        refuse(lambda line: line["features"].pop("margin"), "margin", "is missing")
        refuse(lambda line: line["features"].update(margin="high"), "margin")
        refuse(lambda line: line.update(features=[1]), "features")
        refuse(lambda line: line.update(cost=-1), "cost")
        bad.write_text("\n".join(good[:50]))
        self.assert_refused(["route", "calibrate", str(bad)], 2, "bad.jsonl", "50 graded answers")
        self.assert_refused(["route", "calibrate", str(bad), "--max-error", "0"], 2, "--max-error")
        self.assert_refused(["route", "calibrate", str(bad), "--confidence", "1"], 2, "--confidence")
        self.assert_refused(["route", "calibrate", str(self.graded), "-o", str(self.home / "no" / "c.json")], 3, "no such folder")


class Grade(CliTestCase):
    wants_model = False
    FEATURES = {"mean_logprob": -0.5, "q05_logprob": -3, "q10_logprob": -2, "q25_logprob": -1, "margin": 0.6}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.task = cls.write("t.toml", ['name = "numbers"', 'kind = "generate"', 'metric = "number"', 'prompt = "{q}"', 'test = "t.jsonl"'])
        cls.write("t.jsonl", [{"q": "What is 2 + 2?", "answer": 4, "id": "first", "domain": "sums", "task": "arithmetic"}, {"q": "Who wrote 1984?", "answer": "7"}])
        cls.local = cls.write("local.jsonl", [{"id": "first", "answer": "It is 4.", "value": 1, "features": cls.FEATURES}, {"id": 2, "answer": "8", "value": 1, "features": cls.FEATURES}])
        cls.remote = cls.write("remote.jsonl", [{"id": 2, "answer": "7", "cost": 0.001}, {"id": "first", "answer": "five"}])

    @classmethod
    def write(cls, name, lines):
        path = cls.home / name
        path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return str(path)

    def graded(self, *more):
        text = self.hearth("route", "grade", self.task, "--local", self.local, *more)
        return [json.loads(line) for line in text.splitlines()]

    def test_grades_and_joins(self):
        first, second = self.graded("--remote", self.remote)
        self.assertEqual((first["id"], first["task"], first["domain"]), ("first", "arithmetic", "sums"))
        self.assertEqual((first["correct_local"], first["correct_remote"], first["cost"]), (True, False, 0))
        self.assertEqual(first["features"]["margin"], 0.6)
        self.assertEqual((second["id"], second["task"], second["domain"]), ("2", "facts", "numbers"))  # its words say so
        self.assertEqual((second["correct_local"], second["correct_remote"], second["cost"]), (False, True, 0.001))

    def test_a_perfect_endpoint_and_other_tasks(self):
        self.assertEqual([line["correct_remote"] for line in self.graded()], [True, True])
        self.assertEqual([line["task"] for line in self.graded("--task", "code")], ["code", "code"])
        self.assertEqual([line["task"] for line in self.graded("--task", "guess")], ["arithmetic", "facts"])
        out = self.home / "out.jsonl"
        report = self.hearth_json("route", "grade", self.task, "--local", self.local, "-o", str(out))
        self.assertEqual(report, {"task": "numbers", "answers": 2, "local_right": 1, "remote_right": 2, "guessed_alike": 2, "regraded": 1})
        self.assertEqual(len(out.read_text().splitlines()), 2)
        self.assertIn("right here 1, there 2", self.hearth("route", "grade", self.task, "--local", self.local, "-o", str(out)))

    def test_refuses(self):
        grade = ["route", "grade", self.task, "--local"]
        self.assert_refused([*grade, self.remote], 4, "remote.jsonl:2", "features", "eval task --answers", code="corrupt")
        self.assert_refused([*grade, self.write("one.jsonl", [{"id": "first", "answer": "4", "features": self.FEATURES}])], 3, "t.jsonl:2", "no answer to", code="not_found")
        self.assert_refused([*grade, self.write("twice.jsonl", [{"id": "a", "answer": "4"}] * 2)], 4, "twice.jsonl:2", "line 1 has too")
        self.assert_refused([*grade, self.write("list.jsonl", [{"id": "a", "answer": ["4"]}])], 4, "list.jsonl:1", "answer")
        self.assert_refused([*grade, self.write("high.jsonl", [{"id": "a", "answer": "4", "value": 2}])], 4, "high.jsonl:1", "value")
        self.assert_refused([*grade, self.local, "--task", "poetry"], 2, "--task", "choose guess, chat")
        self.assert_refused([*grade, self.local, "--right-from", "0"], 2, "--right-from")
        self.assert_refused([*grade, self.local, "--split", "half"], 2, "half")
        self.assert_refused([*grade, self.local, "-o", str(self.home / "no" / "g.jsonl")], 3, "no such folder")
        self.assert_refused(["route", "grade", self.task], 2, "--local")
        bad = self.write("u.toml", ['name = "u"', 'kind = "generate"', 'prompt = "{q}"', 'test = "u.jsonl"'])
        self.write("u.jsonl", [{"id": "first", "q": "x", "answer": "y", "task": "poetry"}])
        self.assert_refused(["route", "grade", bad, "--local", self.local], 4, "u.jsonl:1", "poetry")


if __name__ == "__main__":
    unittest.main()
