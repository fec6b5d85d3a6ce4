#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models with settings of their own: Modelfiles through the command line, POST /api/create, and what requests get of them."""

import json
import pathlib
import unittest

from cli_support import ROOT, CliTestCase, make_adapter, needs_model, write_vocabulary
from serve_support import Server

PIRATE = '''# A pirate.
from smollm2:latest
PARAMETER temperature 0
PARAMETER num_predict 12
PARAMETER stop "zzzz"
PARAMETER num_gpu 1
SYSTEM """You are a pirate.
Answer in one line."""
MESSAGE user Who are you?
MESSAGE assistant Arr, a pirate.
LICENSE MIT
'''
SYSTEM = "You are a pirate.\nAnswer in one line."
# Says every word it is told, which no model's own template does.
TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] "


def user(content):
    return [{"role": "user", "content": content}]


class Files(CliTestCase):
    """With a vocabulary in place of a model."""

    wants_model = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vocabulary = cls.home / "tiny.gguf"
        write_vocabulary(cls.vocabulary)
        assert cls.run_hearth("import", str(cls.vocabulary), "--name", "tiny").returncode == 0

    def modelfile(self, text, name="Modelfile"):
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        self.addCleanup(path.unlink, missing_ok=True)
        return str(path)

    def test_a_model_is_made_shown_and_made_again(self):
        path = self.modelfile("FROM tiny\nPARAMETER temperature 0.5\nPARAMETER stop x\nLICENSE MIT\n")
        made = self.hearth_json("import", path, "--name", "cold")
        self.assertEqual(made["settings"], {"parameters": {"temperature": 0.5, "stop": ["x"]}, "licence": "MIT"})
        blobs = list((self.home / ".local/share/hearth/blobs").iterdir())
        self.assertEqual(len(blobs), 1)  # shared
        shown = self.hearth_json("show", "cold")
        self.assertEqual(shown["settings"], made["settings"])
        self.assertNotIn("settings", self.hearth_json("show", "tiny"))
        self.assertIn("parameter     temperature 0.5\n", self.hearth("show", "cold"))
        written = self.hearth("show", "--modelfile", "cold")
        self.assertEqual(written, 'FROM cold:latest\nPARAMETER temperature 0.5\nPARAMETER stop "x"\nLICENSE """MIT"""\n')
        again = self.hearth_json("create", "warm:v1", "-f", self.modelfile(written, "other"))
        self.assertEqual((again["name"], again["version"], again["settings"]), ("warm", "v1", made["settings"]))
        self.assertEqual(self.hearth_json("show", "warm@v1")["settings"], made["settings"])
        for name in ("warm", "cold"):
            self.hearth("rm", name)
        self.assertEqual(len(self.hearth_json("ls")["models"]), 1)

    def test_from_a_file_beside_it(self):
        made = self.hearth_json("import", self.modelfile("FROM ./tiny.gguf\nPARAMETER seed 1\n", "near.modelfile"))
        self.assertEqual((made["name"], made["settings"]), ("near", {"parameters": {"seed": 1}}))
        self.hearth("rm", "near")

    def test_a_modelfile_is_known_by_what_it_holds(self):
        made = self.hearth_json("import", self.modelfile("# x\nFROM tiny\nTEMPLATE {{ messages }}\n", "notes.txt"))
        self.assertEqual((made["name"], made["settings"]), ("notes", {"template": "{{ messages }}"}))
        self.hearth("rm", "notes")

    def test_what_has_no_meaning_is_said(self):
        done = self.run_hearth("import", self.modelfile("FROM tiny\nPARAMETER num_gpu 9\n"), "--name", "x")
        self.assertEqual((done.returncode, b"num_gpu: has no meaning here" in done.stderr), (0, True), done.stderr)
        self.hearth("rm", "x")

    def test_what_is_wrong_is_said(self):
        cases = [
            ("FROM nobody\n", 3, "FROM nobody", "hearth ls"),
            ("FROM ./nothing.gguf\n", 3, "nothing.gguf"),
            ("FROM tiny\nADAPTER a\n  \nADAPTER\n", 4, "line 4", "ADAPTER has no value"),
            ("FROM tiny\nTEMPLATE \"\"\"{{ .System }}\n\"\"\"\n", 5, "line 2", "Go"),
            ("FROM tiny\nPARAMETER temperature hot\n", 4, "line 2", "hot"),
            ("FROM tiny\nSYSTEM You\nare\n", 4, "line 3", "are"),
            ("PARAMETER top_k 1\n", 4, "FROM"),
            ("FROM tiny\nSYSTEM Be brief.\n", 2, "chat template", "TEMPLATE"),
            ("whatever\n", 4, "line 1", "whatever"),
        ]
        for text, status, *fragments in cases:
            with self.subTest(text=text):
                self.assert_refused(["import", self.modelfile(text, "Modelfile.x"), "--name", "x"], status, *fragments)
        path = self.modelfile("FROM tiny\nPARAMETER top_k 1\n")
        self.assert_refused(["import", path], 2, "--name")
        self.assert_refused(["import", path, "--name", "x", "--type", "F16"], 2, "--type")
        self.assert_refused(["create", "x", "-f", str(self.home / "none")], 3, "none")
        self.assert_refused(["create", "../x", "-f", path], 2, "../x")
        self.assertEqual([model["name"] for model in self.hearth_json("ls")["models"]], ["tiny"])


@needs_model
class Answers(CliTestCase):
    """By `hearth run` and `chat`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.home / "Modelfile").write_text(PIRATE, encoding="utf-8")
        made = cls.run_hearth("create", "pirate", "-f", str(cls.home / "Modelfile"))
        assert made.returncode == 0, made.stderr

    def run_pirate(self, *arguments, **options):
        return self.hearth_json("run", "-m", "pirate", *arguments, "Where is the gold?", **options)

    def test_run_takes_them(self):
        answer = self.run_pirate()
        self.assertEqual(answer["usage"]["completion_tokens"], 12)
        self.assertEqual(answer["text"], self.run_pirate()["text"])  # temperature 0
        plain = self.hearth_json("run", "-m", "smollm2", "--temp", "0", "-n", "12", "--system", SYSTEM, "Where is the gold?")
        self.assertGreater(answer["usage"]["prompt_tokens"], plain["usage"]["prompt_tokens"])  # the examples

    def test_flags_and_environment_stand_in_front_and_config_behind(self):
        self.assertEqual(self.run_pirate("-n", "3")["usage"]["completion_tokens"], 3)
        self.assertEqual(self.run_pirate(env={"HEARTH_TOKENS": "4"})["usage"]["completion_tokens"], 4)
        config = self.home / ".config/hearth/config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        self.addCleanup(config.unlink)
        config.write_text('tokens = 5\ntemperature = 90\nsystem = "Speak of nothing but cheese, in many many words."\n', encoding="utf-8")
        with_config = self.run_pirate()
        self.assertEqual(with_config["usage"]["completion_tokens"], 12)
        config.write_text("", encoding="utf-8")
        self.assertEqual(with_config["text"], self.run_pirate()["text"])
        other = self.run_pirate("--system", "x")
        self.assertLess(other["usage"]["prompt_tokens"], with_config["usage"]["prompt_tokens"])

    def test_chat_takes_them(self):
        lines = self.hearth("chat", "-m", "pirate", "--json", stdin="Where is the gold?\nAnd the silver?\n").splitlines()
        first, second = map(json.loads, lines)
        self.assertEqual(first["text"], self.run_pirate()["text"])
        self.assertGreater(second["usage"]["prompt_tokens"], first["usage"]["prompt_tokens"])

    def test_a_template_of_ones_own_and_a_context(self):
        path = self.home / "Modelfile.template"
        path.write_text(f'FROM smollm2\nTEMPLATE """{TEMPLATE}"""\nPARAMETER num_ctx 64\nPARAMETER temperature 0\nPARAMETER num_predict 8\n', encoding="utf-8")
        self.hearth("create", "own", "-f", str(path))
        raw = self.hearth_json("run", "-m", "smollm2", "--raw", "--temp", "0", "-n", "8", "[user] Hi\n[assistant] ")
        own = self.hearth_json("run", "-m", "own", "Hi")
        self.assertEqual((own["text"], own["usage"]["prompt_tokens"]), (raw["text"], raw["usage"]["prompt_tokens"]))
        self.assert_refused(["run", "-m", "own", "word " * 100], 2, "64")
        path.write_text("FROM smollm2\nPARAMETER num_ctx 100000\n", encoding="utf-8")
        self.assert_refused(["create", "long", "-f", str(path)], 2, "num_ctx", "100000", "tokens that the model was made for")


@needs_model
class Adapters(CliTestCase):
    """Models that bring adapters along."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for seed in (1, 2):
            make_adapter(cls.home / f"lora{seed}", seed, alpha=240)
        cls.make("adapted", "FROM smollm2\nADAPTER ./lora1\nPARAMETER temperature 0\nPARAMETER num_predict 12\n")

    @classmethod
    def make(cls, name, text):
        path = cls.home / "Modelfile.lora"
        path.write_text(text, encoding="utf-8")
        made = cls.run_hearth("create", name, "-f", str(path))
        assert made.returncode == 0, made.stderr
        return made

    def run_with(self, *flags):
        return self.hearth_json("run", "--temp", "0", "-n", "12", *flags, "Why is the sky blue?")["text"]

    def test_run_and_serve_have_them(self):
        one, other = (str(self.home / f"lora{seed}") for seed in (1, 2))
        expected = self.run_with("--lora", one)
        self.assertNotEqual(expected, self.run_with())
        self.assertEqual(self.run_with("-m", "adapted"), expected)
        both = self.run_with("--lora", one, "--lora", other)
        self.assertNotEqual(both, expected)
        self.assertEqual(self.run_with("-m", "adapted", "--lora", other), both)
        self.make("both", "FROM adapted\nADAPTER lora2/adapter_model.safetensors\n")
        self.assertEqual(self.run_with("-m", "both"), both)
        self.assertEqual([file["role"] for file in self.hearth_json("show", "both")["files"]],
                         ["model", "adapter", "adapter-config", "adapter", "adapter-config"])

        server = Server(self, "-m", "smollm2", "--adapters", self.home)
        server.wait_ready()
        answers = {}
        for name in ("smollm2", "adapted", "both", "adapted+lora2"):
            status, answer = server.ask("POST", "/v1/chat/completions", {
                "model": name, "messages": user("Why is the sky blue?"), "temperature": 0, "max_tokens": 12})
            self.assertEqual(status, 200, answer)
            answers[name] = answer["choices"][0]["message"]["content"]
        self.assertEqual(answers, {"smollm2": self.run_with(), "adapted": expected, "both": both, "adapted+lora2": both})
        self.assertEqual(len(server.ask("GET", "/api/ps")[1]["models"]), 3)

    def test_what_does_not_fit_is_refused(self):
        for text, status, *fragments in [
                ("FROM smollm2\nADAPTER ./nothing\n", 3, "nothing"),
                (f"FROM smollm2\nADAPTER {ROOT}/tests/golden/adapters/llama.gguf\n", 2, "blk."),
                ("FROM smollm2\n" + 5 * "ADAPTER ./lora1\n", 2, "more than the 4")]:
            with self.subTest(text=text):
                path = self.home / "Modelfile.bad"
                path.write_text(text, encoding="utf-8")
                self.assert_refused(["create", "x", "-f", str(path)], status, *fragments)
        self.assertNotIn("x", self.hearth("ls", "-q").split())


@needs_model
class Served(CliTestCase):
    def setUp(self):
        super().setUp()
        self.server = Server(self, "-m", "smollm2")
        self.server.wait_ready()

    def create(self, **fields):
        return self.server.ask("POST", "/api/create", {"from": "smollm2", "stream": False, **fields})

    def prompt_of(self, model, messages):
        return self.server.ask("POST", "/apply-template", {"model": model, "messages": messages})[1]["prompt"]

    def test_made_shown_asked_and_removed(self):
        body = {"model": "pirate", "from": "smollm2:latest", "system": SYSTEM, "license": ["MIT", "and more"],
                "parameters": {"temperature": 0, "num_predict": 12, "stop": ["zzzz"], "num_gpu": 1},
                "messages": [*user("Who are you?"), {"role": "assistant", "content": "Arr, a pirate."}]}
        states = [line["status"] for line in self.server.lines("/api/create", body)]
        self.assertEqual(states[0], "ignoring parameter num_gpu")
        self.assertRegex(states[1], "^using existing layer sha256:[0-9a-f]{64}$")
        self.assertEqual(states[2:], ["writing manifest", "success"])
        _, shown = self.server.ask("POST", "/api/show", {"model": "pirate"})
        self.assertEqual((shown["system"], shown["license"], shown["messages"]), (SYSTEM, "MIT\n\nand more", body["messages"]))
        self.assertEqual(shown["parameters"], "temperature                    0.0\nnum_predict                    12\n"
                                              "stop                           \"zzzz\"\n")
        self.assertIn(f'SYSTEM """{SYSTEM}"""\nPARAMETER temperature 0.0\n', shown["modelfile"])
        self.assertIn("pirate:latest", [model["name"] for model in self.server.ask("GET", "/api/tags")[1]["models"]])

        # Each API, and `hearth run`, gives the same answer.
        expected = self.hearth_json("run", "-m", "pirate", "Where is the gold?")
        _, openai = self.server.ask("POST", "/v1/chat/completions", {"model": "pirate", "messages": user("Where is the gold?")})
        self.assertEqual(openai["choices"][0]["message"]["content"], expected["text"])
        self.assertEqual(openai["usage"]["prompt_tokens"], expected["usage"]["prompt_tokens"])
        _, chat = self.server.ask("POST", "/api/chat", {"model": "pirate", "messages": user("Where is the gold?"), "stream": False})
        self.assertEqual(chat["message"]["content"], expected["text"])
        _, generated = self.server.ask("POST", "/api/generate", {"model": "pirate", "prompt": "Where is the gold?", "stream": False})
        self.assertEqual(generated["response"], expected["text"])

        # What a request says stands in front.
        _, short = self.server.ask("POST", "/v1/chat/completions", {"model": "pirate", "messages": user("Where is the gold?"), "max_tokens": 3})
        self.assertEqual(short["usage"]["completion_tokens"], 3)
        _, short = self.server.ask("POST", "/api/chat", {"model": "pirate", "messages": user("Hi"), "stream": False, "options": {"num_predict": 2}})
        self.assertEqual(short["eval_count"], 2)
        _, raw = self.server.ask("POST", "/v1/completions", {"model": "pirate", "prompt": "One, two,"})
        self.assertEqual(raw["usage"]["completion_tokens"], 12)

        self.assertEqual(self.server.ask("DELETE", "/api/delete", {"model": "pirate"})[0], 200)
        self.assertEqual(self.server.ask("POST", "/api/chat", {"model": "pirate", "messages": user("Hi")})[0], 404)
        self.assertEqual(self.server.chat("Hi", model="smollm2", max_tokens=2)[0], 200)

    def test_the_conversation(self):
        examples = [*user("Who are you?"), {"role": "assistant", "content": "Arr."}]
        self.assertEqual(self.create(model="told", system="Be a pirate.", messages=examples)[1], {"status": "success"})
        system = [{"role": "system", "content": "Be a pirate."}]
        self.assertEqual(self.prompt_of("told", user("Hi")), self.prompt_of("smollm2", system + examples + user("Hi")))
        own = [{"role": "system", "content": "Be a cook."}]
        self.assertEqual(self.prompt_of("told", own + user("Hi")), self.prompt_of("smollm2", own + examples + user("Hi")))

    def test_stops_and_templates(self):
        self.create(model="own", template=TEMPLATE, parameters={"stop": "e", "temperature": 0, "num_predict": 20})
        self.assertEqual(self.prompt_of("own", user("Hi")), "[user] Hi\n[assistant] ")
        _, answer = self.server.chat("Hi", model="own")
        self.assertNotIn("e", answer["choices"][0]["message"]["content"])
        _, answer = self.server.chat("Hi", model="own", stop=["zzzz"])
        self.assertIn("e", answer["choices"][0]["message"]["content"])
        _, shown = self.server.ask("POST", "/api/show", {"model": "own"})
        self.assertEqual(shown["template"], TEMPLATE)

    def test_made_again_it_is_another(self):
        self.create(model="mood", system="Be sad.")
        self.assertIn("Be sad.", self.prompt_of("mood", user("Hi")))
        self.create(model="mood", system="Be glad.")
        self.assertIn("Be glad.", self.prompt_of("mood", user("Hi")))
        self.create(model="third", **{"from": "mood"}, parameters={"num_ctx": 100})
        self.assertIn("Be glad.", self.prompt_of("third", user("Hi")))
        status, document = self.server.chat("word " * 200, model="third")
        self.assertEqual(status, 400)
        self.assertIn("100", document["error"]["message"])
        names = [model["name"] for model in self.server.ask("GET", "/api/tags")[1]["models"]]
        self.assertEqual(sum(name.startswith("mood:") for name in names), 1)

    def test_what_the_command_line_makes_is_seen(self):
        path = self.home / "Modelfile"
        for system in ("Be sad.", "Be glad."):
            path.write_text(f"FROM smollm2\nSYSTEM {system}\n", encoding="utf-8")
            self.hearth("create", "seen", "-f", str(path))
            self.assertIn(system, self.prompt_of("seen", user("Hi")))
        self.hearth("rm", "seen")
        self.assertEqual(self.server.chat("Hi", model="seen")[0], 404)

    def test_models_of_one_file_share_its_weights(self):
        def resident_mb():
            text = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text(encoding="utf-8")
            return int(text.split("VmRSS:")[1].split()[0]) / 1024

        before = resident_mb()
        for name in ("one", "two", "three"):
            self.create(model=name, system=name)
            self.assertEqual(self.server.chat("Hi", model=name, max_tokens=2)[0], 200)
        self.assertLess(resident_mb() - before, 60)  # the weights take 98
        self.assertGreaterEqual(len(self.server.ask("GET", "/api/ps")[1]["models"]), 4)

    def test_what_is_wrong_is_said(self):
        cases = [
            ({}, 400, "model: is missing"),
            ({"model": "x", "from": None}, 400, "from: is missing"),
            ({"model": "x", "from": "nobody"}, 404, "nobody"),
            ({"model": "x", "from": "./m.gguf"}, 400, "from: is a path"),
            ({"model": "../x"}, 400, "../x"),
            ({"model": "x", "name": "y"}, 400, "name: is another one than model"),
            ({"model": ""}, 400, "model: is missing"),
            ({"model": "x", "files": {"m.gguf": "sha256:0"}}, 400, "files: are not taken"),
            ({"model": "x", "adapters": {"a.gguf": "sha256:0"}}, 400, "adapters: are not taken over HTTP"),
            ({"model": "x", "quantize": "q4_K_M"}, 400, "quantize: is not supported"),
            ({"model": "x", "modelfile": "FROM smollm2"}, 400, "modelfile: is not supported"),
            ({"model": "x", "colour": 1}, 400, "colour: is not supported"),
            ({"model": "x", "template": "{{ .Prompt }}"}, 400, "Go's language"),
            ({"model": "x", "template": "{% if %}"}, 400, "template: "),
            ({"model": "x", "parameters": {"temperature": "hot"}}, 400, "parameters.temperature"),
            ({"model": "x", "parameters": {"heat": 1}}, 400, "parameters.heat"),
            ({"model": "x", "parameters": {"mirostat": 2}}, 400, "parameters.mirostat"),
            ({"model": "x", "parameters": {"num_ctx": 10**6}}, 400, "num_ctx"),
            ({"model": "x", "messages": [{"role": "tool", "content": "a"}]}, 400, "messages: role"),
            ({"model": "x", "messages": [1]}, 400, "messages[0]"),
            ({"model": "x", "license": 1}, 400, "license"),
        ]
        for fields, expected, fragment in cases:
            status, document = self.create(**fields)
            self.assertEqual(status, expected, (fields, document))
            self.assertIn(fragment, document["error"])
        status, document = self.server.ask("POST", "/api/generate", {"model": "smollm2", "prompt": "x", "template": TEMPLATE})
        self.assertEqual((status, "template: is not supported" in document["error"]), (400, True))
        self.assertNotIn("x:latest", [model["name"] for model in self.server.ask("GET", "/api/tags")[1]["models"]])


if __name__ == "__main__":
    unittest.main()
