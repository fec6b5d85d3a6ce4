#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line with the real model: run, bench, eval; streaming, Ctrl-C, broken outputs, memory, lockdown."""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import threading
import time
import unittest

from cli_support import KNOWN_ISAS, MODEL, CliTestCase, needs_model

LONG = 5000  # more tokens than a test waits for


def control_group_of_one_processor():
    """A new control group whose processes get one processor's time; None where that takes other privileges."""
    for top, quota in (("cpu", {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "100000"}), ("", {"cpu.max": "100000 100000"})):
        group = pathlib.Path("/sys/fs/cgroup", top, f"hearth-test-{os.getpid()}")
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for name, value in quota.items():
                (group / name).write_text(value)
            return group
        except OSError:
            group.rmdir()
    return None


@needs_model
class Run(CliTestCase):
    def test_json_contract(self):
        document = self.hearth_json("run", "-n", "8", "--seed", "7", "Name a colour.")
        self.assertEqual(document["model"], "smollm2")
        self.assertIn(document["finish_reason"], {"stop", "length"})
        self.assertEqual(set(document["usage"]), {"prompt_tokens", "completion_tokens", "cached_tokens", "drafted_tokens", "accepted_tokens"})
        self.assertEqual(set(document["timings"]), {"load_ms", "prefill_ms", "first_token_ms", "decode_ms"})
        self.assertGreater(document["timings"]["first_token_ms"], 0)
        self.assertEqual(document["route"]["target"], "local")
        self.assertLessEqual(document["usage"]["completion_tokens"], 8)
        self.assertEqual(document["seed"], 7)

    def test_stdout_is_the_text_and_a_line_end(self):
        arguments = ["run", "-n", "12", "--seed", "3", "Write one sentence about rain."]
        text = self.hearth_json(*arguments)["text"]
        done = self.run_hearth(*arguments)
        self.assertEqual(done.stdout.decode(), text if text.endswith("\n") else text + "\n")
        self.assertEqual(done.stderr, b"")

    def test_ways_to_give_a_prompt(self):
        arguments = ["run", "-n", "8", "--temp", "0"]
        answer = self.hearth(*arguments, "Name a colour.")
        self.assertEqual(self.hearth(*arguments, "Name", "a", "colour."), answer)
        self.assertEqual(self.hearth(*arguments, stdin="Name a colour.\n"), answer)
        self.assertEqual(self.hearth(*arguments, "-", stdin="Name a colour.\r\n"), answer)
        self.assertEqual(self.hearth(*arguments, "-m", MODEL, "--", "Name a colour."), answer)
        self.assertEqual(self.hearth("run", "-n", "1", "chat").count("\n"), 1)  # a prompt, not a command
        brackets = self.hearth_json("run", "-n", "1", "--raw", "[1,2]")["usage"]["prompt_tokens"]
        ids = json.loads(self.hearth("tokenize", stdin="[1,2]"))
        self.assertEqual(brackets, len(ids))

    def test_raw_prompt_is_kept_as_it_is(self):
        ids = json.loads(self.hearth("tokenize", stdin=" Hello\n\n"))
        document = self.hearth_json("run", "--raw", "-n", "1", stdin=" Hello\n\n")
        self.assertEqual(document["usage"]["prompt_tokens"], len(ids))

    def test_seeds(self):
        arguments = ["run", "-n", "16", "Tell me something."]
        self.assertEqual(self.hearth(*arguments, "--seed", "5"), self.hearth(*arguments, "--seed", "5"))
        drawn = self.hearth_json(*arguments)
        self.assertEqual(self.hearth_json(*arguments, "--seed", str(drawn["seed"]))["text"], drawn["text"])

    def test_more_threads_than_processors(self):
        answer = self.hearth("run", "-n", "8", "--temp", "0", "-t", "1", "Hi")
        done = self.run_hearth("run", "-n", "8", "--temp", "0", "-t", "64", "Hi")
        self.assertEqual((done.returncode, done.stdout.decode()), (0, answer))
        if len(os.sched_getaffinity(0)) < 64:
            self.assertRegex(done.stderr, b"threads: 64 share the [0-9]+ processor")

    def test_affinity_mask(self):
        one = min(os.sched_getaffinity(0))
        done = self.run_hearth("bench", "--json", "-p", "8", "-n", "2", "-r", "1",
                               preexec_fn=lambda: os.sched_setaffinity(0, {one}))
        self.assertEqual(json.loads(done.stdout)["threads"], 1)

    def test_quota_of_a_control_group(self):
        group = control_group_of_one_processor()
        if group is None:
            self.skipTest("control groups cannot be made here")
        try:
            done = self.run_hearth("bench", "--json", "-p", "8", "-n", "2", "-r", "1",
                                   preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
            self.assertEqual(json.loads(done.stdout)["threads"], 1)
        finally:
            group.rmdir()

    def test_threads_and_sampling_options(self):
        arguments = ["run", "-n", "8", "--temp", "0", "Name a colour."]
        answer = self.hearth(*arguments, "-t", "1")
        self.assertEqual(self.hearth(*arguments, "-t", "3"), answer)
        self.assertEqual(self.hearth(*arguments[:3], "Name a colour.", env={"HEARTH_TEMPERATURE": "0"}), answer)
        first = json.loads(self.hearth("tokenize", stdin=answer.split()[0]))[0]
        other = self.hearth(*arguments, "--logit-bias", f"{first}:-inf")
        self.assertFalse(other.startswith(answer.split()[0]))
        self.assertTrue(self.hearth("run", "-n", "4", "--isa", "scalar", "Hi"))
        self.assert_refused(["run", "--isa", "scalar", "--kv-bits", "8", "Hi"], 2, "8 bits", "float")
        self.assertTrue(self.hearth("run", "-n", "4", "--repeat-penalty", "1.3", "--frequency-penalty", "0.2",
                                    "--presence-penalty", "0.2", "--top-k", "5", "--top-p", "0.8", "--exact", "Hi"))

    def test_grammar(self):
        grammar = self.home / "record.gbnf"
        grammar.write_text(r'''root ::= "{\"city\": " text ", \"country\": " text "}"
text ::= "\"" [A-Za-z ]{1,20} "\""
''', encoding="utf-8")
        for seed in ("1", "2"):
            document = self.hearth_json("run", "--grammar", grammar, "--seed", seed, "-n", "60", "The capital of France, as JSON.")
            self.assertEqual(document["finish_reason"], "stop")
            self.assertEqual(list(json.loads(document["text"])), ["city", "country"])
        grammar.write_text("root ::= [a", encoding="utf-8")
        self.assert_refused(["run", "--grammar", grammar, "Hi"], 2, "record.gbnf: grammar: line 1", "the text ends; correct it")

    def test_json_schema(self):
        schema = self.home / "person.json"
        schema.write_text(json.dumps({
            "type": "object", "required": ["name", "age"],
            "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 30},
                           "age": {"type": "integer", "minimum": 0, "maximum": 130}}}), encoding="utf-8")
        for seed in range(4):
            document = self.hearth_json("run", "--json-schema", schema, "--seed", str(seed), "-n", "80", "Tom Baker is 31. As JSON:")
            person = json.loads(document["text"])
            self.assertEqual(list(person), ["name", "age"])
            self.assertTrue(1 <= len(person["name"]) <= 30 and 0 <= person["age"] <= 130, person)
        schema.write_text('{"type": "object", "not": {}}', encoding="utf-8")
        self.assert_refused(["run", "--json-schema", schema, "Hi"], 2, "person.json: schema: the whole: not is not supported")
        self.assert_refused(["run", "--json-schema", schema, "--grammar", schema, "Hi"], 2, "choose one")

    def test_stop(self):
        text = self.hearth_json("run", "-n", "40", "--temp", "0", "Count from one to ten.")["text"]
        stop = text.split()[3]
        document = self.hearth_json("run", "-n", "40", "--temp", "0", "--stop", stop, "Count from one to ten.")
        self.assertEqual(document["finish_reason"], "stop")
        self.assertEqual(document["text"], text[:text.index(stop)])

    def test_limits_of_the_context(self):
        self.assert_refused(["run", "-c", "16", "Tell me a story that is longer than it has room for."], 2, "16",
                            code="usage")
        self.assert_refused(["run", "-c", "8193", "Hi"], 2, "8193", "8192")
        self.assert_refused(["run", "--logit-bias", "49152:1", "Hi"], 2, "49152")
        done = self.run_hearth("run", "-c", "64", "--temp", "0", "Tell me a very long story.")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"context of 64", done.stderr)  # never cut in silence

    def test_answers_that_go_in_a_circle(self):
        """With only one token to choose from, nothing else ends an answer."""
        (token,) = json.loads(self.hearth("tokenize", stdin=" la"))
        arguments = ["run", "--raw", "--logit-bias", f"{token}:100", "Sing: la la la"]
        document = self.hearth_json(*arguments)
        self.assertEqual((document["finish_reason"], document["looped"]), ("length", True))
        self.assertEqual(document["usage"]["completion_tokens"], 201)
        done = self.run_hearth(*arguments, "--loop-limit", "20")
        self.assertEqual(done.stdout.decode().strip(), " ".join(["la"] * 21))
        self.assertIn(b"circle", done.stderr)
        document = self.hearth_json(*arguments[:-1], "-n", "300", arguments[-1])
        self.assertEqual((document["looped"], document["usage"]["completion_tokens"]), (False, 300))

    def test_deadline(self):
        self.assert_refused(["run", "--deadline-ms", "1", "Hi"], 8, "deadline", code="deadline")
        document = self.hearth_json("run", "--deadline-ms", "2500", "-n", str(LONG), "--logit-bias", "2:-inf",
                                    "--logit-bias", "0:-inf", "--raw", "Once upon a time")
        self.assertEqual(document["finish_reason"], "deadline")
        self.assertTrue(document["text"])

    def test_bad_models(self):
        whole = pathlib.Path(MODEL).read_bytes()
        path = self.home / "bad.gguf"
        path.write_bytes(whole[:-1])
        self.assert_refused(["run", "-m", str(path), "Hi"], 4, "bad.gguf", code="corrupt")
        path.write_bytes(whole[:1000])
        self.assert_refused(["run", "-m", str(path), "Hi"], 4, "bad.gguf")
        path.write_bytes(b"")
        self.assert_refused(["run", "-m", str(path), "Hi"], 4, "empty")
        path.write_bytes(whole.replace(b"llama", b"lamma"))
        self.assert_refused(["run", "-m", str(path), "Hi"], 5, "lamma", "llama", code="unsupported")
        path.write_bytes(whole.replace(b"smollm", b"smallm", 10))
        done = self.run_hearth("run", "-m", str(path), "Hi")
        self.assertEqual(done.returncode, 5, done.stderr)
        path.unlink()
        self.assert_refused(["run", "-m", str(path), "Hi"], 3, "bad.gguf", code="not_found")
        self.assert_refused(["run", "-m", str(self.home), "Hi"], 2, "folder")

    def test_answers_stream(self):
        process = self.start_hearth("run", "-n", "40", "--raw", "--seed", "1", "Once upon a time",
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        pieces = []
        while piece := os.read(process.stdout.fileno(), 65536):
            pieces.append((time.monotonic(), piece))
        process.stdout.close()
        self.assertEqual(process.wait(), 0)
        self.assertGreater(len(pieces), 10)
        for _, piece in pieces:
            piece.decode()  # no piece ends inside a character


@needs_model
class Interrupted(CliTestCase):
    def start_long(self, *arguments, **options):
        return self.start_hearth("run", "-n", str(LONG), "--logit-bias", "2:-inf", "--logit-bias", "0:-inf", "--seed",
                                 "1", *arguments, "Tell me a story.", stdin=subprocess.DEVNULL, **options)

    def test_in_every_phase(self):
        started = time.monotonic()
        process = self.start_long(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.read(process.stdout.fileno(), 1)
        to_first_text = time.monotonic() - started
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        for step in range(1, 13):  # while it starts, loads, reads the prompt, and writes
            process = self.start_long(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(0.02 + to_first_text * step / 8)
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=20)
            self.assertEqual((process.returncode, error), (130, b""), step)
            self.assertTrue(out == b"" or out.endswith(b"\n"), out)  # what is finished is kept, and ends clean

    def test_json_tells(self):
        process = self.start_long("--json", stdout=subprocess.PIPE)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        document = json.loads(process.communicate(timeout=20)[0])
        self.assertEqual(process.returncode, 130)
        self.assertEqual(document["finish_reason"], "cancelled")
        self.assertTrue(document["text"])

    def test_bench_eval_and_import(self):
        text = self.home / "long.txt"
        text.write_text("All work and no play makes Jack a dull boy.\n" * 5000)
        for arguments in (["bench", "-r", "1000"], ["eval", "perplexity", "-f", str(text)],
                          ["eval", "kl", "--ref", "smollm2", "-f", str(text)]):
            process = self.start_hearth(*arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=30)
            self.assertEqual((process.returncode, error), (130, b""), arguments)
        models = self.hearth_json("ls")["models"]
        process = self.start_hearth("import", MODEL, "--name", "second", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertIn(process.returncode, (0, 130))
        if process.returncode == 130:
            self.assertEqual(self.hearth_json("ls")["models"], models)
            blobs = [p.name for p in (self.home / ".local/share/hearth/blobs").iterdir()]
            self.assertFalse([name for name in blobs if not name.startswith("sha256-")])

    def test_reader_that_leaves(self):
        process = self.start_long(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.read(process.stdout.fileno(), 1)
        process.stdout.close()
        started = time.monotonic()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(), 0)
        self.assertLess(time.monotonic() - started, 10)  # it does not write on for nobody

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            for extra in ([], ["--json"]):
                process = self.start_hearth("run", *extra, "-n", "50", "Tell me a story.", stdin=subprocess.DEVNULL,
                                            stdout=full, stderr=subprocess.PIPE)
                error = process.communicate()[1]
                self.assertEqual(process.returncode, 7)
                self.assertRegex(error, rb"\Ahearth: stdout: [^\n]+\n\Z")


@needs_model
class Lockdown(CliTestCase):
    def test_memory(self):
        """Peak resident memory of a run that fills a context of 2,048: file size + 60 MB."""
        prompt = "The quick brown fox jumps over the lazy dog. " * 190
        tokens = len(json.loads(self.hearth("tokenize", stdin=prompt)))
        self.assertTrue(1500 < tokens < 2000, tokens)
        process = self.start_hearth("run", "--raw", "-c", "2048", "--loop-limit", "0", "--logit-bias", "2:-inf", "--logit-bias", "0:-inf",
                                    "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(prompt.encode())
        process.stdin.close()
        drain = threading.Thread(target=process.stdout.read)
        drain.start()
        note = process.stderr.read()
        drain.join()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(process.returncode, 0, note)
        self.assertIn(b"context of 2048", note)  # it was full
        limit_kb = (os.path.getsize(MODEL) + 60_000_000) / 1024
        self.assertLessEqual(usage.ru_maxrss, limit_kb)

    def commands_that_read_prompts(self):
        return (["run"], ["chat"], ["eval", "logits"], ["eval", "perplexity", "-f", "-"],
                ["eval", "kl", "--ref", "smollm2", "-f", "-"])

    def test_before_a_prompt_is_read(self):
        for arguments in self.commands_that_read_prompts():
            with self.subTest(arguments=arguments):
                process = self.start_locked_down(*arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
                process.kill()
                process.communicate()

    def test_bench_is_locked_down(self):
        process = self.start_locked_down("bench", "-r", "1000")
        process.kill()
        process.communicate()


@needs_model
class Prepare(CliTestCase):
    def answer(self, **env):
        return self.hearth("run", "--raw", "--temp", "0", "-n", "20", "Once upon a time", env=env)

    def prepared(self):
        """The file that holds the packed weights, and its bytes."""
        document = self.hearth_json("prepare")
        path = pathlib.Path(document["path"])
        self.assertEqual(document["model"], "smollm2")
        self.assertEqual(path.parent, self.home / ".cache/hearth/packed")
        return path, path.read_bytes()

    def test_same_answer(self):
        packed = self.answer()
        path, content = self.prepared()
        self.assertEqual(self.answer(), packed)
        self.assertEqual(os.listdir(path.parent), [path.name])
        self.assertEqual(self.prepared(), (path, content))

    def test_run_looks_for_it(self):
        path, _ = self.prepared()
        os.utime(path, ns=(0, path.stat().st_mtime_ns))
        path.read_bytes()
        if path.stat().st_atime_ns == 0:
            self.skipTest("the file system keeps no access times")
        os.utime(path, ns=(0, path.stat().st_mtime_ns))
        self.answer()
        self.assertNotEqual(path.stat().st_atime_ns, 0)

    def test_damaged_files_are_left_alone(self):
        packed = self.answer()
        path, content = self.prepared()
        for damaged in (content[:-1], content[: len(content) // 2], b"", content[:1000] + b"x" + content[1001:],
                        content + b"\0", content[:-40] + b"\2" + content[-39:]):
            path.write_bytes(damaged)
            self.assertEqual(self.answer(), packed)
        path.unlink()
        path.mkdir()
        self.assertEqual(self.answer(), packed)
        path.rmdir()

    def test_a_cache_that_cannot_be_written(self):
        self.assert_refused(["prepare"], 3, "/proc/no-cache", env={"XDG_CACHE_HOME": "/proc/no-cache"})
        self.assertEqual(self.answer(XDG_CACHE_HOME="/proc/no-cache"), self.answer())

    def test_full_disk(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        cache = self.home / "full"
        self.assert_refused(["prepare"], 7, str(cache), env={"XDG_CACHE_HOME": str(cache)}, preexec_fn=limit)
        self.assertEqual(os.listdir(cache / "hearth/packed"), [])

    def test_bad_models(self):
        self.assert_refused(["prepare", "-m", "no-such-model"], 3, "no-such-model")
        broken = self.home / "broken.gguf"
        broken.write_bytes(b"GGUF")
        self.assert_refused(["prepare", "-m", str(broken)], 4, "broken.gguf")


@needs_model
class Costs(CliTestCase):
    BENCH = ("bench", "-r", "1", "-p", "16", "-n", "2")

    def measured(self, **env):
        return self.hearth_json(*self.BENCH, env=env)["costs"]

    def predicted(self, *arguments, **env):
        return self.hearth_json("run", "--raw", "-n", "1", "Hi", *arguments, env=env)["predicted"]

    def kept(self):
        """The one file of costs."""
        (path,) = (self.home / ".cache/hearth/costs").iterdir()
        return path

    def test_deadlines_that_cannot_be_met(self):
        shutil.rmtree(self.home / ".cache", ignore_errors=True)
        self.assertIsNone(self.predicted())
        costs = self.measured()
        self.assertEqual(set(costs), {"load_ms", "pass_ms", "token_ms", "token_position_ms", "answer_ms", "answer_position_ms"})
        self.assertTrue(all(ms >= 0 for ms in costs.values()))
        self.assertGreaterEqual(self.predicted()["first_token_ms"], 0)
        # Refused before any of the prompt is evaluated: with another number of threads, nothing is known and it is tried.
        arguments = ["run", "--raw", "-n", "1", "word " * 2000, "--deadline-ms", "400"]
        self.assert_refused(arguments, 8, "tokens take about", code="deadline")
        self.assertIsNone(self.predicted("-t", "1"))
        self.assert_refused([*arguments, "-t", "1"], 8, "passed before the first text", code="deadline")

    def test_damaged_files_are_not_trusted(self):
        self.measured()
        path = self.kept()
        good = path.read_text()
        for damaged in ("", "{", "[]", "null", good[:-5], good.replace("token_ms", "other"), good.replace(":", ":-1", 1),
                        good.replace('"version":1', '"version":2'), "{" + " " * 5000 + good[1:], good.replace(":", ":1e300", 1)):
            path.write_text(damaged)
            self.assertIsNone(self.predicted(), damaged)
        path.write_text(good)
        self.assertIsNotNone(self.predicted())

    def test_a_cache_that_cannot_be_written(self):
        env = {"XDG_CACHE_HOME": "/proc/no-cache"}
        done = self.run_hearth(*self.BENCH, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"costs: are not kept", done.stderr)
        self.assertIsNone(self.predicted(**env))

    def test_no_place_for_a_cache(self):
        done = self.run_hearth(*self.BENCH, "-m", MODEL, env={"HOME": ""})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"costs: are not kept", done.stderr)

    def test_a_context_too_short_to_measure_in(self):
        short = shutil.copy(MODEL, self.home / "short.gguf")
        key = b"llama.context_length" + (4).to_bytes(4, "little")  # 4: an unsigned number of 32 bits
        with open(short, "r+b") as file:
            file.seek(file.read(1 << 16).index(key) + len(key))
            file.write((200).to_bytes(4, "little"))
        done = self.run_hearth(*self.BENCH, "-m", str(short))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"context of 200 tokens is too short", done.stderr)


@needs_model
class Measures(CliTestCase):
    def test_bench(self):
        document = self.hearth_json("bench", "-p", "32", "-n", "4", "-r", "2", "-t", "1")
        self.assertEqual((document["model"], document["threads"]), ("smollm2", 1))
        self.assertIn(document["isa"], KNOWN_ISAS)
        self.assertEqual([result["test"] for result in document["results"]], ["pp32", "tg4"])
        for result in document["results"]:
            speed = result["tokens_per_s"]
            self.assertTrue(0 < speed["min"] <= speed["median"] <= speed["max"])
            latency = result["latency_ms"]
            self.assertTrue(0 < latency["p50"] <= latency["p95"] <= latency["p99"])
            self.assertGreater(result["gmac_per_s"], 0)
            self.assertGreater(result["bandwidth_share"], 0)
            self.assertIn("compute_share", result)
            operations = {part["operation"]: part for part in result["operations"]}
            self.assertEqual(list(operations), ["embed", "inputs", "qkv", "attention", "attention_out", "gate_up", "down",
                                                "head", "barrier"])
            for name in ("qkv", "attention", "attention_out", "gate_up", "down", "head"):
                self.assertGreater(operations[name]["gmac_per_s"], 0)
            # One thread: what it does adds up to the time that a token takes, in another repetition.
            ms_per_token = sum(part["ms_per_token"] for part in operations.values())
            self.assertGreater(ms_per_token, 0.2 * 1000 / speed["max"])
            self.assertLess(ms_per_token, 5 * 1000 / speed["min"])
        deep = self.hearth_json("bench", "-p", "0", "-n", "2", "-d", "40", "-r", "1")
        self.assertEqual([result["test"] for result in deep["results"]], ["tg2@d40"])
        shown = self.hearth("bench", "-p", "16", "-n", "0", "-r", "1")
        for word in ("pp16", "gate_up", "OF MEMORY"):
            self.assertIn(word, shown)

    def test_doctor_says_what_bounds_the_default_model(self):
        expected = self.hearth_json("doctor")["expected"]
        self.assertEqual(expected["model"], "smollm2")
        for kind in ("prefill", "decode"):
            self.assertGreater(expected[kind]["tokens_per_s_max"], 0)
            self.assertIn(expected[kind]["bound_by"], ("memory", "arithmetic"))
        # One token at a time reads all weights; 128 share the reading.
        self.assertGreater(expected["prefill"]["tokens_per_s_max"], expected["decode"]["tokens_per_s_max"])
        self.assertIn("at most", self.hearth("doctor"))
        together = self.hearth_json("bench", "-p", "0", "-n", "2", "-d", "130", "-r", "1", "--sequences", "3")
        self.assertEqual([result["test"] for result in together["results"]], ["tg2@d130", "tg2x3@d130"])

    def test_perplexity_and_kl(self):
        text = self.home / "text.txt"
        text.write_text("The quick brown fox jumps over the lazy dog. " * 30)
        document = self.hearth_json("eval", "perplexity", "-f", str(text), "-c", "64")
        self.assertEqual(set(document), {"perplexity", "stderr", "tokens"})
        self.assertGreater(document["perplexity"], 1)
        piped = self.hearth_json("eval", "perplexity", "-f", "-", "-c", "64", stdin=text.read_bytes())
        self.assertEqual(piped, document)
        same = self.hearth_json("eval", "kl", "--ref", "smollm2", "-f", str(text), "-c", "64")
        self.assertEqual(set(same), {"kl_mean", "kl_p99", "top1_agreement", "tokens"})
        self.assertEqual((same["kl_mean"], same["top1_agreement"]), (0, 1))
        self.assertIn("perplexity ", self.hearth("eval", "perplexity", "-f", str(text), "-c", "64"))
        self.assert_refused(["eval", "perplexity", "-f", str(text), "-c", "8192"], 2, "8192")
        self.assert_refused(["eval", "perplexity", "-f", str(self.home / "none")], 3, "none")
        self.assert_refused(["eval", "perplexity", "-f", "-"], 2, "empty")

    def test_logits(self):
        ids = self.hearth("tokenize", stdin="The capital of France is")
        best = json.loads(self.hearth("eval", "logits", "--top", "5", stdin=ids))
        self.assertEqual(len(best), 5)
        self.assertEqual(sorted(best, key=lambda pair: -pair[1]), best)
        self.assertTrue(all(logprob < 0 for _, logprob in best))
        self.assertIn(b"Paris", self.run_hearth("tokenize", "--decode", stdin=json.dumps([pair[0] for pair in best])).stdout)
        self.assert_refused(["eval", "logits"], 4, "JSON array", stdin="x")
        self.assert_refused(["eval", "logits"], 2, "49152", stdin="[49152]")
        self.assert_refused(["eval", "logits"], 2, stdin="[]")


if __name__ == "__main__":
    unittest.main()
