#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line without a model that answers: usage, settings, store, tokenize, inspect, doctor, completions."""

import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from cli_support import KNOWN_ISAS, CliTestCase, write_gguf, write_vocabulary


class Usage(CliTestCase):
    wants_model = False

    def test_version(self):
        document = self.hearth_json("--version")
        self.assertRegex(document["version"], r"^\d+\.\d+\.\d+$")
        self.assertIn(document["isa"], KNOWN_ISAS)
        self.assertEqual(self.hearth("--version"), f"hearth {document['version']} ({document['isa']})\n")

    def test_help_names_every_command(self):
        text = self.hearth("--help")
        for command in ("run", "chat", "tokenize", "inspect", "bench", "eval", "test", "doctor", "import", "create", "ls", "show", "rm",
                        "prepare", "redact", "restore", "policy", "route", "ledger", "completions"):
            self.assertIn(f"\n  {command} ", text)
        self.assertIn("Usage: hearth eval kl ", self.hearth("eval", "kl", "--help"))

    def test_unknown_words_are_named(self):
        self.assert_refused(["run", "--draft", "x", "hi"], 2, "--draft", "unknown option", code="usage")
        self.assert_refused(["run", "-Z", "hi"], 2, "-Z")
        self.assert_refused(["inspect", "a", "b"], 2, "b: ")
        self.assert_refused(["inspect"], 2, "FILE")
        self.assert_refused(["eval"], 2, "eval")
        done = self.run_hearth("frobnicate")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"frobnicate", done.stderr)
        self.assertEqual(self.run_hearth().returncode, 2)

    def test_bad_numbers_are_named(self):
        for option, value in (("-n", "-1"), ("-n", "0"), ("-n", "1.5"), ("-n", "99999999999"), ("-t", "0"), ("-t", "257"),
                              ("-c", "0"), ("--top-k", "-1"), ("--seed", "-1"), ("--temp", "abc"), ("--temp", ""),
                              ("--deadline-ms", "0"), ("-n", "0x10"), ("-n", " 5")):
            with self.subTest(option=option, value=value):
                self.assert_refused(["run", option, value, "hi"], 2, option, f'"{value}"', code="usage")

    def test_sampling_ranges(self):
        for option, value, name in (("--temp", "nan", "temp"), ("--temp", "-0.1", "temp"), ("--temp", "inf", "temp"),
                                    ("--top-p", "1.5", "top"), ("--top-p", "nan", "top"), ("--min-p", "-1", "min"),
                                    ("--repeat-penalty", "0", "penalty"), ("--frequency-penalty", "nan", "frequency"),
                                    ("--presence-penalty", "inf", "presence")):
            with self.subTest(option=option, value=value):
                self.assert_refused(["run", option, value, "hi"], 2, name, code="usage")

    def test_other_bad_values(self):
        self.assert_refused(["run", "--logit-bias", "5", "hi"], 2, "--logit-bias")
        self.assert_refused(["run", "--logit-bias", "5:x", "hi"], 2, "--logit-bias")
        self.assert_refused(["run", "--stop", "", "hi"], 2, "--stop")
        self.assert_refused(["run", "--isa", "mmx", "-m", "x.gguf", "hi"], 2, "mmx", "scalar")
        self.assert_refused(["run", "--kv-bits", "9", "-m", "x.gguf", "hi"], 2, "--kv-bits", "8 or 16")
        self.assert_refused(["run", "--raw", "--system", "x", "hi"], 2, "--raw", "--system")
        self.assert_refused(["bench", "-p", "0", "-n", "0"], 2, "-p", "-n")
        self.assert_refused(["bench", "--sequences", "129"], 2, "--sequences", "128")
        self.assert_refused(["bench", "--sequences", "2", "-n", "0"], 2, "--sequences", "-n")
        self.assert_refused(["completions", "tcsh"], 2, "tcsh", "fish")

    def test_bad_prompts(self):
        self.assert_refused(["run", ""], 2, "empty")
        self.assert_refused(["run"], 2, "empty")
        self.assert_refused(["run", "-"], 2, "empty")
        self.assert_refused(["run"], 2, "byte 1", "UTF-8", stdin=b"a\xff")
        self.assert_refused(["run"], 2, "byte 2", "NUL", stdin=b"ab\0c")
        self.assert_refused(["run"], 2, "UTF-8", stdin=b"cut off: \xe2\x82")
        self.assert_refused(["run", b"\xff".decode(errors="surrogateescape")], 2, "UTF-8")

    def test_error_lines_stay_one_line(self):
        done = self.run_hearth("run", "-m", "evil\x1b[31m\nname", "hi")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertNotIn(b"\x1b", done.stderr)

    def test_closed_stdout(self):
        done = self.start_hearth("--version", preexec_fn=lambda: os.close(1), stderr=subprocess.PIPE)
        error = done.communicate()[1]
        self.assertEqual(done.returncode, 7)
        self.assertIn(b"stdout", error)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            for arguments in (["--version"], ["--help"], ["completions", "bash"]):
                done = self.start_hearth(*arguments, stdout=full, stderr=subprocess.PIPE)
                error = done.communicate()[1]
                self.assertEqual(done.returncode, 7, arguments)
                self.assertRegex(error, rb"\Ahearth: stdout: [^\n]+space[^\n]*\n\Z")

    def test_reader_that_leaves(self):
        read, write = os.pipe()
        os.close(read)
        done = self.start_hearth("completions", "bash", stdout=write, stderr=subprocess.PIPE)
        os.close(write)
        self.assertEqual(done.communicate()[1], b"")
        self.assertEqual(done.returncode, 0)

    def test_interrupt_while_the_prompt_is_read(self):
        process = self.start_hearth("run", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=10)
        self.assertEqual((process.returncode, out, error), (130, b"", b""))


class Settings(CliTestCase):
    wants_model = False

    def setUp(self):
        self.config = self.home / ".config/hearth/config.toml"
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.addCleanup(self.config.unlink, missing_ok=True)

    def test_precedence(self):
        # The value that is used is the one that the error names.
        self.config.write_text('threads = 1000\n')
        self.assert_refused(["bench", "-m", "x.gguf"], 2, "config.toml", "threads", "1000")
        env = {"HEARTH_THREADS": "2000"}
        self.assert_refused(["bench", "-m", "x.gguf"], 2, "HEARTH_THREADS", "2000", env=env)
        self.assert_refused(["bench", "-m", "x.gguf", "-t", "3000"], 2, "-t", "3000", env=env)

    def test_model_from_settings(self):
        self.config.write_text('model = "from-config"\n')
        self.assert_refused(["tokenize"], 3, "from-config")
        self.assert_refused(["tokenize"], 3, "from-env", env={"HEARTH_MODEL": "from-env"})
        self.assert_refused(["tokenize", "-m", "from-flag"], 3, "from-flag", env={"HEARTH_MODEL": "from-env"})

    def test_unknown_keys_are_errors(self):
        self.config.write_text('thread = 2\n')
        self.assert_refused(["run", "hi"], 2, "thread", "threads", code="usage")

    def test_broken_file_is_named(self):
        self.config.write_text('threads = \n')
        self.assert_refused(["run", "hi"], 4, "config.toml", "config.toml:1: ", code="corrupt")
        self.config.write_text('model = [1]\n')
        self.assert_refused(["run", "hi"], 2, "config.toml", "model")

    def test_xdg_config_home(self):
        other = self.home / "other"
        (other / "hearth").mkdir(parents=True)
        (other / "hearth/config.toml").write_text('model = "from-other"\n')
        self.assert_refused(["tokenize"], 3, "from-other", env={"XDG_CONFIG_HOME": str(other)})
        self.assert_refused(["tokenize"], 3, "smollm2", env={"XDG_CONFIG_HOME": "relative/is/ignored"})

    def test_no_home(self):
        self.assert_refused(["ls"], 7, "HOME", env={"HOME": ""}, code="unavailable")


class Store(CliTestCase):
    wants_model = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file = cls.home / "My Model.gguf"
        write_vocabulary(cls.file)

    def test_life_of_a_model(self):
        self.assertEqual(self.hearth_json("ls"), {"models": []})
        imported = self.hearth_json("import", str(self.file))
        self.assertEqual(imported["name"], "my-model")
        self.assertEqual(imported["bytes"], self.file.stat().st_size)
        shown = self.hearth_json("show", "my-model")
        self.assertEqual(shown["architecture"], "llama")
        self.assertEqual(pathlib.Path(shown["path"]).read_bytes(), self.file.read_bytes())
        listed = self.hearth_json("ls")["models"]
        self.assertEqual([(m["name"], m["active"]) for m in listed], [("my-model", True)])
        self.assertEqual(self.hearth("ls", "-q"), "my-model\n")
        self.assertIn("my-model", self.hearth("ls"))
        self.assertEqual(json.loads(self.hearth("tokenize", "-m", "my-model", stdin="ab")), [256])
        removed = self.hearth_json("rm", "my-model")
        self.assertEqual(removed, {"removed": ["my-model"], "bytes_freed": self.file.stat().st_size})
        self.assert_refused(["rm", "my-model"], 3, "my-model", code="not_found")

    def test_default_model_missing(self):
        self.assert_refused(["run", "hi"], 3, "smollm2", "quickstart", "hearth import", code="not_found")

    def test_import_refuses(self):
        bad = self.home / "bad.gguf"
        bad.write_bytes(b"GGUF" + b"\xff" * 100)
        self.assert_refused(["import", str(bad)], 5, "bad.gguf")
        bad.write_bytes(b"no model")
        self.assert_refused(["import", str(bad)], 4, "bad.gguf", code="corrupt")
        bad.write_bytes(b"")
        self.assert_refused(["import", str(bad)], 4, "bad.gguf", "empty")
        self.assert_refused(["import", str(self.home / "none")], 3, "none")
        self.assert_refused(["import", str(self.home)], 3, "config.json")  # a folder is a checkpoint
        self.assert_refused(["import", str(self.file), "--name", "../x"], 2, "../x")
        self.assert_refused(["import", str(self.file), "--sha256", "0" * 64], 9, "0" * 64, code="verification")
        self.assertEqual(self.hearth_json("ls"), {"models": []})
        blobs = self.home / ".local/share/hearth/blobs"
        self.assertEqual(list(blobs.iterdir()) if blobs.exists() else [], [])

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_unwritable_store(self):
        store = self.home / "readonly"
        store.mkdir(mode=0o500)
        self.assert_refused(["import", str(self.file)], 7, "permission", env={"XDG_DATA_HOME": str(store)})

    def test_store_in_the_way(self):
        (self.home / "file").write_text("")
        self.assert_refused(["import", str(self.file)], 7, env={"XDG_DATA_HOME": str(self.home / "file")})

    def test_full_disk(self):
        def limit():
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        self.assert_refused(["import", str(self.file), "--name", "x"], 7, code="unavailable", preexec_fn=limit)


class Tokenize(CliTestCase):
    wants_model = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vocabulary = cls.home / "vocabulary.gguf"
        write_vocabulary(cls.vocabulary)

    def tokenize(self, stdin, *arguments, **options):
        return self.hearth("tokenize", "-m", str(self.vocabulary), *arguments, stdin=stdin, **options)

    def decode(self, stdin, *arguments):
        done = self.run_hearth("tokenize", "-m", str(self.vocabulary), "--decode", *arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_any_bytes_round_trip(self):
        data = bytes(range(256)) * 3 + b"ab\r\n\n  \xff\xfe"
        ids = self.tokenize(data)
        self.assertEqual(self.decode(ids), data)
        self.assertEqual(self.tokenize(b""), "[]\n")
        self.assertEqual(self.decode("[]"), b"")

    def test_nothing_is_trimmed_or_added(self):
        self.assertEqual(json.loads(self.tokenize(" ab\n")), [32, 256, 10])

    def test_bos_eos_special(self):
        self.assertEqual(json.loads(self.tokenize("ab", "--bos", "--eos")), [257, 256, 258])
        self.assertEqual(json.loads(self.tokenize("ab<|end|>", "--special")), [256, 258])
        self.assertGreater(len(json.loads(self.tokenize("ab<|end|>"))), 2)
        self.assertEqual(self.decode("[256, 258]", "--special"), b"ab<|end|>")
        self.assertEqual(self.decode("[256, 258]"), b"ab")

    def test_batch(self):
        lines = self.tokenize('"ab"\n"a b\\n"\n""\n', "--batch")
        self.assertEqual([json.loads(line) for line in lines.splitlines()], [[256], [97, 32, 98, 10], []])
        self.assertEqual([json.loads(line) for line in self.decode(lines, "--batch").splitlines()],
                         ["ab", "a b\n", ""])

    def test_bad_input(self):
        base = ["tokenize", "-m", str(self.vocabulary)]
        self.assert_refused([*base, "--decode"], 4, "JSON array", stdin="[1,")
        self.assert_refused([*base, "--decode"], 4, "JSON array", stdin='["a"]')
        self.assert_refused([*base, "--decode"], 4, "JSON array", stdin="[1.5]")
        self.assert_refused([*base, "--decode"], 2, "259", stdin="[259]")
        self.assert_refused([*base, "--decode"], 2, "-1", stdin="[-1]")
        self.assert_refused([*base, "--decode"], 2, "99999999999999", stdin="[99999999999999]")
        self.assert_refused([*base, "--batch"], 4, "line 1", "JSON string", stdin="ab\n")
        self.assert_refused([*base, "--decode", "--bos"], 2, "--bos", stdin="[]")
        self.assertEqual(self.run_hearth(*base, "--batch", stdin='"ab"\nx\n').stdout, b"[256]\n")

    def test_broken_tokenizers(self):
        path = self.home / "broken.gguf"
        write_gguf(path, {"general.architecture": "llama"})
        self.assert_refused(["tokenize", "-m", str(path)], 4, "tokenizer")
        write_gguf(path, {"general.architecture": "llama", "tokenizer.ggml.model": "unigram9"})
        self.assert_refused(["tokenize", "-m", str(path)], 5, "unigram9", code="unsupported")


class Inspect(CliTestCase):
    wants_model = False

    def test_vocabulary_only(self):
        path = self.home / "vocabulary.gguf"
        write_vocabulary(path)
        document = self.hearth_json("inspect", str(path))
        self.assertEqual(document["tensors"], [])
        self.assertEqual(document["metadata"]["tokenizer.ggml.pre"], {"type": "string", "value": "gpt-2"})
        tokens = document["metadata"]["tokenizer.ggml.tokens"]
        self.assertEqual((tokens["count"], len(tokens["value"])), (259, 8))
        full = self.hearth_json("inspect", "--full", str(path))["metadata"]["tokenizer.ggml.tokens"]["value"]
        self.assertEqual((len(full), full[256]), (259, "ab"))

    def test_k_quants(self):
        path = self.home / "q2.gguf"
        # Q2_K (type 10): 256 values in 84 bytes.
        write_gguf(path, {"general.architecture": "odd"}, [("weights", [256, 2], 10, 0)], b"\0" * 168)
        document = self.hearth_json("inspect", str(path))
        tensor = document["tensors"][0]
        self.assertEqual((tensor["name"], tensor["type"], tensor["shape"], tensor["bytes"]),
                         ("weights", "Q2_K", [256, 2], 168))
        self.assertEqual(tensor["offset"], path.stat().st_size - 168)
        self.assertIn("Q2_K", self.hearth("inspect", str(path)))

    def test_split_model(self):
        first, second = (self.home / f"split-0000{i}-of-00002.gguf" for i in (1, 2))
        for index, path in enumerate((first, second)):
            write_gguf(path, {"split.no": index, "split.count": 2, "split.tensors.count": 2},
                       [(f"t{index}", [8], 0, 0)], bytes(32))
        document = self.hearth_json("inspect", str(first))
        self.assertEqual(document["bytes"], first.stat().st_size + second.stat().st_size)
        self.assertEqual([part["file"] for part in document["parts"]], [str(first), str(second)])
        self.assertEqual([(tensor["name"], tensor["part"]) for tensor in document["tensors"]], [("t0", 1), ("t1", 2)])
        self.assertEqual(document["tensors"][1]["offset"], second.stat().st_size - 32)
        self.assertIn(f"part       2 of 2: {second}, ", self.hearth("inspect", str(first)))
        self.assert_refused(["inspect", str(second)], 2, "part 2 of 2", "split-00001-of-00002.gguf")
        self.assert_refused(["import", str(first)], 2, "part 1 of 2", "whole files only")
        second.unlink()
        self.assert_refused(["inspect", str(first)], 3, str(second), "part 2 of 2 of the model is missing")

    def test_hostile_names_do_not_reach_the_terminal(self):
        path = self.home / "evil.gguf"
        write_gguf(path, {"general.architecture": "a\x1b[2J", "evil\x1b]0;key": "x"})
        done = self.run_hearth("inspect", str(path))
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(b"\x1b", done.stdout)


class Doctor(CliTestCase):
    wants_model = False

    def test_contract(self):
        document = self.hearth_json("doctor")
        self.assertIn(document["isa"], document["isa_available"])
        self.assertIn("scalar", document["isa_available"])
        self.assertGreaterEqual(document["threads"], 1)
        self.assertGreater(document["bandwidth_gb_per_s"], 0)
        checks = {check["name"]: check for check in document["checks"]}
        for check in checks.values():
            self.assertEqual(set(check), {"name", "ok", "detail"})
        self.assertLessEqual({"seccomp", "landlock", "lockdown", "huge_pages", "store", "default_model", "disk"},
                             set(checks))
        self.assertTrue(checks["seccomp"]["ok"])
        self.assertTrue(checks["lockdown"]["ok"])
        self.assertFalse(checks["default_model"]["ok"])
        self.assertNotIn("expected", document)
        self.assertIn("lockdown", self.hearth("doctor"))


class Completions(CliTestCase):
    wants_model = False

    def complete(self, line):
        """What bash offers at the end of `line`."""
        script = """
          source <("$1" completions bash)
          COMP_WORDS=($2); [[ $2 = *" " ]] && COMP_WORDS+=("")
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$2
          _hearth; printf '%s\\n' "${COMPREPLY[@]}"
        """
        done = subprocess.run(["bash", "-euc", script, "bash", os.environ["HEARTH_BINARY"], line], check=True,
                              capture_output=True, text=True, env=self.env, cwd=self.home)
        return done.stdout.split()

    def test_bash(self):
        self.assertEqual(self.complete("hearth ru"), ["run"])
        self.assertLessEqual({"run", "chat", "eval", "--version"}, set(self.complete("hearth ")))
        self.assertEqual(self.complete("hearth run --top-"), ["--top-k", "--top-p"])
        self.assertEqual(self.complete("hearth eval per"), ["perplexity"])
        self.assertEqual(self.complete("hearth eval kl --re"), ["--ref", "--ref-isa"])
        self.assertEqual(self.complete("hearth completions f"), ["fish"])
        self.assertEqual(self.complete("hearth run -n "), [])
        (self.home / "some-model.gguf").write_text("")
        self.assertEqual(self.complete("hearth inspect some"), ["some-model.gguf"])

    def test_all_shells_name_all_commands(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.hearth("completions", shell)
            for word in ("perplexity", "chat", "repeat-penalty"):
                self.assertIn(word, script, shell)

    def test_syntax_where_the_shell_is_there(self):
        for shell in ("bash", "zsh", "fish"):
            if subprocess.run(["which", shell], capture_output=True).returncode == 0:
                checked = subprocess.run([shell, "-n"], input=self.hearth("completions", shell), text=True,
                                         capture_output=True)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""), shell)


if __name__ == "__main__":
    unittest.main()
