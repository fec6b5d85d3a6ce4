#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth serve with real models: tools, Ollama's API, llama.cpp's endpoints, embeddings, metrics, and which pages may ask."""

import base64
import json
import struct
import time
import unittest

from cli_support import MINILM, CliTestCase, needs_minilm, needs_model
from serve_support import Server

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"enum": ["Rome", "Oslo"]}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
                   "required": ["city"]}}}
CLOCK = {"type": "function", "function": {"name": "get_time", "description": "The time."}}


def user(content):
    return [{"role": "user", "content": content}]


@needs_model
class Tools(CliTestCase):
    def setUp(self):
        super().setUp()
        self.server = Server(self, "-m", "smollm2")
        self.server.wait_ready()

    def chat(self, **fields):
        return self.server.ask("POST", "/v1/chat/completions", {"model": "smollm2", "temperature": 0, "max_tokens": 120, **fields})

    def test_a_call_that_is_required_is_valid(self):
        status, answer = self.chat(messages=user("What is the weather in Oslo?"), tools=[WEATHER, CLOCK], tool_choice="required", parallel_tool_calls=False)
        self.assertEqual(status, 200, answer)
        choice = answer["choices"][0]
        self.assertEqual(choice["finish_reason"], "tool_calls")
        self.assertIsNone(choice["message"]["content"])
        [call] = choice["message"]["tool_calls"]
        self.assertEqual(call["type"], "function")
        self.assertIn(call["function"]["name"], ("get_weather", "get_time"))
        arguments = json.loads(call["function"]["arguments"])
        if call["function"]["name"] == "get_weather":
            self.assertIn(arguments["city"], ("Rome", "Oslo"))
        else:
            self.assertEqual(arguments, {})

    def test_a_chosen_function_streamed_is_the_same(self):
        fields = {"messages": user("Weather in Rome for 3 days?"), "tools": [CLOCK, WEATHER],
                  "tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
        _, answer = self.chat(**fields)
        [whole] = answer["choices"][0]["message"]["tool_calls"]
        self.assertEqual(whole["function"]["name"], "get_weather")
        events = self.server.events("/v1/chat/completions", {"model": "smollm2", "temperature": 0, "max_tokens": 120, **fields})
        deltas = [call for event in events for call in event["choices"][0]["delta"].get("tool_calls", [])]
        self.assertEqual(deltas[0]["function"]["name"], "get_weather")
        self.assertTrue(deltas[0]["id"].startswith("call_"))
        self.assertTrue(all(call["index"] == 0 for call in deltas))
        self.assertEqual("".join(call["function"]["arguments"] for call in deltas), whole["function"]["arguments"])
        self.assertEqual(events[-1]["choices"][0]["finish_reason"], "tool_calls")

    def test_a_call_and_its_result_go_back_into_the_conversation(self):
        messages = [*user("What is the weather in Oslo?"),
                    {"role": "assistant", "content": None, "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Oslo\"}"}}]},
                    {"role": "tool", "tool_call_id": "c1", "content": "Snow, -4 degrees"}]
        status, answer = self.chat(messages=messages, tools=[WEATHER])
        self.assertEqual(status, 200, answer)
        _, rendered = self.server.ask("POST", "/apply-template", {"messages": messages})
        self.assertIn('<tool_call>\n{"name": "get_weather", "arguments": {"city":"Oslo"}}\n</tool_call>', rendered["prompt"])
        self.assertIn("<tool_response>\nSnow, -4 degrees\n</tool_response>", rendered["prompt"])

    def test_none_is_as_without(self):
        _, without = self.chat(messages=user("Say hello."))
        _, none = self.chat(messages=user("Say hello."), tools=[WEATHER], tool_choice="none")
        self.assertEqual(without["choices"][0]["message"], none["choices"][0]["message"])

    def test_what_is_wrong_is_said(self):
        def tool(**function):
            return {"type": "function", "function": function}

        cases = [
            ({"tools": [{"type": "retrieval"}]}, "tools[0].type"),
            ({"tools": [tool(description="x")]}, "tools[0].function.name: is missing"),
            ({"tools": [tool(name="a b")]}, "tools[0].function.name"),
            ({"tools": [WEATHER, WEATHER]}, "get_weather is there already"),
            ({"tools": [tool(name="f", parameters={"type": "string"})]}, "is not object"),
            ({"tools": [tool(name="f", parameters={"type": "object", "properties": {"a": {"uniqueItems": True}}})]}, "uniqueItems"),
            ({"tools": [tool(name="f", colour=1)]}, "colour"),
            ({"tools": [tool(name="f", description=5)]}, "tools[0].function.description: is no text"),
            ({"tools": [tool(name="f", strict="yes")]}, "tools[0].function.strict"),
            ({"tool_choice": "required"}, "tool_choice: needs tools"),
            ({"tools": [WEATHER], "tool_choice": "sometimes"}, "tool_choice"),
            ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "other"}}}, "is none of the tools"),
            ({"tools": [WEATHER], "choice": ["yes"]}, "exclude each other"),
        ]
        for fields, fragment in cases:
            status, document = self.chat(messages=user("Hi"), **fields)
            self.assertEqual(status, 400, document)
            self.assertIn(fragment, document["error"]["message"])

    def test_completions_of_several_prompts_with_logprobs(self):
        _, answer = self.server.ask("POST", "/v1/completions", {"model": "smollm2", "prompt": ["One, two,", "Red, green,"], "n": 2, "max_tokens": 4,
                                                                "temperature": 0, "logprobs": 2})
        self.assertEqual([choice["index"] for choice in answer["choices"]], [0, 1, 2, 3])
        self.assertEqual(answer["choices"][0]["text"], answer["choices"][1]["text"])
        for choice in answer["choices"]:
            logprobs = choice["logprobs"]
            self.assertEqual("".join(logprobs["tokens"]), choice["text"])
            self.assertEqual(logprobs["text_offset"][0], 0)
            self.assertEqual(len(logprobs["top_logprobs"][0]), 2)
        _, ids = self.server.ask("POST", "/tokenize", {"content": "One, two,"})
        _, by_ids = self.server.ask("POST", "/v1/completions", {"model": "smollm2", "prompt": ids["tokens"], "max_tokens": 4, "temperature": 0})
        self.assertEqual(by_ids["choices"][0]["text"], answer["choices"][0]["text"])
        _, by_floats = self.server.ask("POST", "/v1/completions", {"prompt": [float(token) for token in ids["tokens"]], "max_tokens": 4, "temperature": 0})
        self.assertEqual(by_floats["choices"][0]["text"], by_ids["choices"][0]["text"])
        status, document = self.server.ask("POST", "/v1/completions", {"model": "smollm2", "prompt": "a", "suffix": "b"})
        self.assertEqual(status, 400, document)
        self.assertIn("filling in", document["error"]["message"])


@needs_model
class Ollama(CliTestCase):
    def setUp(self):
        super().setUp()
        self.server = Server(self, "-m", "smollm2")
        self.server.wait_ready()

    def test_chat_streamed_and_whole_as_run(self):
        body = {"model": "smollm2", "messages": user("Name three colours."), "options": {"temperature": 0, "num_predict": 24}}
        lines = self.server.lines("/api/chat", body)
        text = "".join(line["message"]["content"] for line in lines)
        self.assertEqual(text, self.hearth_json("run", "--temp", "0", "-n", "24", "Name three colours.")["text"])
        self.assertTrue(all(not line["done"] for line in lines[:-1]))
        last = lines[-1]
        self.assertTrue(last["done"])
        self.assertEqual(last["model"], "smollm2:latest")
        self.assertGreater(last["eval_count"], 0)
        self.assertGreater(last["total_duration"], 1_000_000)
        self.assertGreater(last["prompt_eval_count"], 0)
        status, whole = self.server.ask("POST", "/api/chat", {**body, "model": "smollm2:latest", "stream": False})
        self.assertEqual(status, 200, whole)
        self.assertEqual(whole["message"], {"role": "assistant", "content": text})
        self.assertEqual(whole["done_reason"], last["done_reason"])

    def test_generate(self):
        body = {"model": "smollm2", "prompt": "Name three colours.", "options": {"temperature": 0, "num_predict": 8}}
        text = "".join(line["response"] for line in self.server.lines("/api/generate", body))
        _, whole = self.server.ask("POST", "/api/generate", {**body, "stream": False})
        self.assertEqual(whole["response"], text)
        _, raw = self.server.ask("POST", "/api/generate", {**body, "raw": True, "stream": False})
        self.assertNotEqual(raw["response"], text)
        _, told = self.server.ask("POST", "/api/generate", {**body, "system": "Answer in French.", "stream": False})
        self.assertNotEqual(told["prompt_eval_count"], whole["prompt_eval_count"])

    def test_formats_and_tools(self):
        schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
        _, answer = self.server.ask("POST", "/api/chat", {"model": "smollm2", "messages": user("I am 30. JSON:"), "format": schema, "stream": False,
                                                          "options": {"num_predict": 60}})
        self.assertIsInstance(json.loads(answer["message"]["content"])["age"], int)
        lines = self.server.lines("/api/chat", {"model": "smollm2", "messages": user("Weather in Rome?"), "tools": [WEATHER], "tool_choice": "required",
                                                "options": {"num_predict": 120, "temperature": 0}})
        calls = [call for line in lines for call in line["message"].get("tool_calls", [])]
        self.assertTrue(calls)
        self.assertIn(calls[0]["function"]["arguments"]["city"], ("Rome", "Oslo"))

    def test_models_are_listed_shown_loaded_and_let_go(self):
        _, tags = self.server.ask("GET", "/api/tags")
        [model] = [model for model in tags["models"] if model["name"] == "smollm2:latest"]
        self.assertEqual(model["details"]["family"], "llama")
        self.assertEqual(model["details"]["parameter_size"], "134.52M")
        self.assertEqual(model["details"]["quantization_level"], "Q4_1")
        self.assertRegex(model["digest"], "^[0-9a-f]{64}$")
        _, shown = self.server.ask("POST", "/api/show", {"model": "smollm2"})
        self.assertEqual(shown["model_info"]["general.architecture"], "llama")
        self.assertIn("completion", shown["capabilities"])
        _, loaded = self.server.ask("GET", "/api/ps")
        self.assertEqual([model["name"] for model in loaded["models"]], ["smollm2:latest"])
        _, gone = self.server.ask("POST", "/api/generate", {"model": "smollm2", "keep_alive": 0, "stream": False})
        self.assertEqual(gone["done_reason"], "unload")
        for _ in range(100):
            if not self.server.ask("GET", "/api/ps")[1]["models"]:
                break
            time.sleep(0.1)
        else:
            self.fail("the model was not let go")
        _, back = self.server.ask("POST", "/api/generate", {"model": "smollm2", "keep_alive": "5m", "stream": False})
        self.assertEqual(back["done_reason"], "load")
        self.assertEqual(len(self.server.ask("GET", "/api/ps")[1]["models"]), 1)

    def test_copies_and_deletes(self):
        self.assertEqual(self.server.ask("POST", "/api/copy", {"source": "smollm2", "destination": "second"})[0], 200)
        self.assertIn("second:latest", [model["name"] for model in self.server.ask("GET", "/api/tags")[1]["models"]])
        self.assertEqual(self.server.ask("DELETE", "/api/delete", {"model": "second"})[0], 200)
        self.assertEqual(self.server.ask("DELETE", "/api/delete", {"model": "second"})[0], 404)
        self.assertEqual(self.server.lines("/api/pull", {"model": "smollm2"})[-1], {"status": "success"})

    def test_what_is_wrong_is_said(self):
        cases = [
            ("/api/chat", {"messages": user("Hi")}, 400, "model: is missing"),
            ("/api/chat", {"model": "nobody", "messages": user("Hi")}, 404, "nobody"),
            ("/api/chat", {"model": "smollm2", "messages": [{"role": "wizard"}]}, 400, "messages[0].role"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "options": {"temprature": 1}}, 400, "options.temprature: is not supported"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "options": {"num_ctx": 100000}}, 400, "options.num_ctx"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "keep_alive": "soon"}, 400, "keep_alive"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "keep_alive": "nan"}, 400, "keep_alive"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "keep_alive": "-inf"}, 400, "keep_alive"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "options": {"seed": 2**63}}, 400, "options.seed"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "options": {"seed": -2**63 - 1}}, 400, "options.seed"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "options": {"repeat_last_n": 2**31 - 1}}, 400, "options.repeat_last_n: 2147483647"),
            ("/api/generate", {"model": "smollm2", "options": {"stop": [""]}}, 400, "options.stop: is empty"),
            ("/api/generate", {"model": "smollm2", "options": {"stop": ["x" * 513]}}, 400, "options.stop: 513 bytes"),
            ("/api/generate", {"model": "smollm2", "options": {"stop": ["x"] * 33}}, 400, "options.stop: 33 texts"),
            ("/api/chat", {"model": "smollm2", "messages": user("Hi"), "format": 5}, 400, "format"),
            ("/api/generate", {"model": "smollm2", "prompt": "x", "images": ["aaaa"]}, 400, "images"),
            ("/api/pull", {"model": "nobody"}, 404, "hearth import"),
            ("/api/show", {"model": "nobody"}, 404, "nobody"),
        ]
        for path, body, expected, fragment in cases:
            status, document = self.server.ask("POST", path, body)
            self.assertEqual(status, expected, (path, document))
            self.assertIn(fragment, document["error"])

    def test_tokens(self):
        _, tokens = self.server.ask("POST", "/tokenize", {"content": "Hello, world!"})
        _, text = self.server.ask("POST", "/detokenize", tokens)
        self.assertEqual(text["content"], "Hello, world!")
        _, pieces = self.server.ask("POST", "/tokenize", {"content": "a\u00e9", "with_pieces": True})
        self.assertEqual([token["id"] for token in pieces["tokens"]], self.server.ask("POST", "/tokenize", {"content": "a\u00e9"})[1]["tokens"])
        for wrong in (10**9, -1, 1.5, 2**63, 2**32 + 1, True):
            self.assertEqual(self.server.ask("POST", "/detokenize", {"tokens": [wrong]})[0], 400, wrong)
        self.assertEqual(self.server.ask("POST", "/detokenize", {"tokens": [float(token) for token in tokens["tokens"]]})[1], text)
        _, props = self.server.ask("GET", "/props")
        self.assertEqual(props["total_slots"], 16)
        self.assertEqual(self.server.ask("POST", "/infill", {"input_prefix": "a", "input_suffix": "b"})[0], 400)

    def test_metrics(self):
        def value(name):
            _, text = self.server.ask("GET", "/metrics")
            return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " ") or line.startswith(name + "{"))

        before = value("hearth_answer_tokens_total")
        lines = self.server.lines("/api/chat", {"model": "smollm2", "messages": user("Hi"), "options": {"num_predict": 8}})
        self.assertEqual(value("hearth_answer_tokens_total") - before, lines[-1]["eval_count"] + (lines[-1]["done_reason"] == "stop"))
        self.assertGreaterEqual(value("hearth_first_token_seconds_count"), 1)
        self.assertGreaterEqual(value('hearth_requests_total{route="chat",status="2xx"}'), 1)
        self.assertEqual(value("hearth_models_loaded"), 1)
        self.server.ask("GET", "/v1/nothing")
        self.assertGreaterEqual(value('hearth_requests_total{route="other",status="4xx"}'), 1)


@needs_model
@needs_minilm
class Embeddings(CliTestCase):
    def setUp(self):
        super().setUp()
        self.hearth("import", MINILM, "--name", "minilm")
        self.server = Server(self, "-m", "minilm")
        self.server.wait_ready()

    def test_openai(self):
        texts = ["a cat on a mat", "stock prices fell"]
        status, answer = self.server.ask("POST", "/v1/embeddings", {"model": "minilm", "input": texts})
        self.assertEqual(status, 200, answer)
        run = [json.loads(line)["embedding"] for line in self.hearth("embed", "-m", "minilm", "--json", stdin="\n".join(texts)).splitlines()]
        self.assertEqual([row["embedding"] for row in answer["data"]], run)
        _, packed = self.server.ask("POST", "/v1/embeddings", {"model": "minilm", "input": texts[0], "encoding_format": "base64"})
        data = base64.b64decode(packed["data"][0]["embedding"])
        for number, expected in zip(struct.unpack(f"<{len(data) // 4}f", data), run[0], strict=True):
            self.assertAlmostEqual(number, expected, places=6)

    def test_ollama_and_rerank(self):
        _, one = self.server.ask("POST", "/api/embed", {"model": "minilm", "input": "a cat"})
        _, elder = self.server.ask("POST", "/api/embeddings", {"model": "minilm", "prompt": "a cat"})
        self.assertEqual(one["embeddings"], [elder["embedding"]])
        _, ranked = self.server.ask("POST", "/v1/rerank", {"model": "minilm", "query": "pets at home", "top_n": 2, "return_documents": True,
                                                           "documents": ["interest rates rose", "my dog sleeps on the sofa", {"text": "cats are pets"}]})
        self.assertEqual(len(ranked["results"]), 2)
        self.assertEqual({result["index"] for result in ranked["results"]}, {1, 2})
        self.assertGreaterEqual(ranked["results"][0]["relevance_score"], ranked["results"][1]["relevance_score"])
        self.assertEqual(self.server.ask("POST", "/api/show", {"model": "minilm"})[1]["capabilities"], ["embedding"])

    def test_what_is_wrong_is_said(self):
        cases = [({"input": [1, 2]}, "token ids"), ({"input": []}, "is empty"), ({}, "input: is missing"), ({"input": "x", "dimensions": 5}, "dimensions"),
                 ({"input": "x", "encoding_format": "hex"}, "encoding_format"), ({"input": ["x", "word " * 3000]}, "input[1]: text: its"),
                 ({"input": "x", "colour": 1}, "colour"), ({"input": {"text": "x"}}, "input: is neither text nor"), ({"input": [{"text": "x"}]}, "input: is")]
        for fields, fragment in cases:
            status, document = self.server.ask("POST", "/v1/embeddings", {"model": "minilm", **fields})
            self.assertEqual(status, 400, document)
            self.assertIn(fragment, document["error"]["message"])
        for path, fields, place in (("/v1/rerank", {"query": "word " * 3000, "documents": ["x"]}, "query"), ("/v1/rerank", {"query": "x", "documents": ["x", "word " * 3000]}, "documents[1]")):
            status, document = self.server.ask("POST", path, {"model": "minilm", **fields})
            self.assertEqual((status, document["error"]["param"]), (400, place), document)
        for prompt in (["a", "b"], "word " * 3000):
            status, document = self.server.ask("POST", "/api/embeddings", {"model": "minilm", "prompt": prompt})
            self.assertEqual(status, 400, document)
            self.assertTrue(document["error"].startswith("prompt: "), document)
        status, document = self.server.ask("POST", "/v1/chat/completions", {"model": "minilm", "messages": user("Hi")})
        self.assertEqual(status, 400, document)
        self.assertEqual(self.server.ask("POST", "/v1/embeddings", {"model": "minilm", "input": "x"})[0], 200)  # it goes on


@needs_model
class Pages(CliTestCase):
    """What a page of another site may do: nothing."""

    def ask(self, server, headers, method="GET", path="/v1/models"):
        connection = server.connect()
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()

    def test_origins_and_hosts(self):
        server = Server(self, "-m", "smollm2", "--allow-origin", "https://friend.example")
        own = f"http://127.0.0.1:{server.port}"
        self.assertEqual(self.ask(server, {"Origin": own}).status, 200)
        friend = self.ask(server, {"Origin": "https://friend.example"})
        self.assertEqual((friend.status, friend.getheader("access-control-allow-origin")), (200, "https://friend.example"))
        self.assertEqual(self.ask(server, {"Origin": "https://friend.example"}, method="OPTIONS", path="/v1/chat/completions").status, 204)
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{server.port + 1}", "https://friend.example.evil.example"):
            refused = self.ask(server, {"Origin": origin})
            self.assertEqual((refused.status, refused.getheader("access-control-allow-origin")), (403, None), origin)
        self.assertEqual(self.ask(server, {"Host": "evil.example"}).status, 403)
        self.assertEqual(self.ask(server, {"Host": f"localhost:{server.port}"}).status, 200)
        self.assertEqual(self.ask(server, {"Host": f"[::1]:{server.port}"}).status, 200)

    def test_a_path_says_which_methods_it_has(self):
        server = Server(self, "-m", "smollm2")
        for method, path, allowed in (("GET", "/v1/chat/completions", "POST"), ("POST", "/v1/models", "GET, HEAD"), ("POST", "/api/delete", "DELETE"),
                                      ("PATCH", "/", "GET, HEAD"), ("DELETE", "/icon.svg", "GET, HEAD")):
            status, document = server.ask(method, path)
            self.assertEqual((status, self.ask(server, {}, method, path).getheader("allow")), (405, allowed), path)
            self.assertIn(f"use {allowed}", document["error"] if path.startswith("/api/") else document["error"]["message"])
        self.assertEqual(self.ask(server, {}, "POST", "/nothing").status, 404)

    def test_log_says_nothing_of_what_was_said(self):
        log = self.home / "requests.jsonl"
        server = Server(self, "-m", "smollm2", "--log", log)
        server.wait_ready()
        server.chat("A secret that nobody may read", model="smollm2", max_tokens=4)
        server.stop()
        text = log.read_text(encoding="utf-8")
        self.assertNotIn("secret", text)
        [line] = [line for line in map(json.loads, text.splitlines()) if line["endpoint"] == "chat"]
        self.assertEqual(line["status"], 200)
        self.assertEqual(set(line), {"time", "id", "endpoint", "status", "ms"})


if __name__ == "__main__":
    unittest.main()
