#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hearth serve with the real model: OpenAI's API over HTTP, what is refused, and many clients at once."""

import http.client
import json
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import unittest

from cli_support import BINARY, CliTestCase, needs_model
from serve_support import Server, read_all


@needs_model
class OpenAi(CliTestCase):
    def setUp(self):
        super().setUp()
        self.server = Server(self, "-m", "smollm2")
        self.server.wait_ready()

    def chat(self, content, **fields):
        return self.server.chat(content, **{"model": "smollm2", **fields})

    def test_chat_whole_streamed_and_as_run(self):
        status, answer = self.chat("Name three colours.", temperature=0, max_tokens=24)
        self.assertEqual(status, 200)
        self.assertEqual(answer["object"], "chat.completion")
        choice = answer["choices"][0]
        self.assertEqual(choice["message"]["role"], "assistant")
        text = choice["message"]["content"]
        self.assertEqual(answer["usage"]["total_tokens"], answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"])
        ran = self.hearth_json("run", "--temp", "0", "-n", "24", "Name three colours.")
        self.assertEqual(text, ran["text"])
        self.assertEqual(answer["usage"]["prompt_tokens"], ran["usage"]["prompt_tokens"])
        events = self.server.events("/v1/chat/completions", {
            "model": "smollm2", "messages": [{"role": "user", "content": "Name three colours."}], "temperature": 0, "max_tokens": 24,
            "stream_options": {"include_usage": True}})
        self.assertEqual("".join(event["choices"][0]["delta"].get("content", "") for event in events if event["choices"]), text)
        self.assertEqual(events[-1]["usage"]["completion_tokens"], answer["usage"]["completion_tokens"])
        self.assertEqual([event["choices"][0]["finish_reason"] for event in events if event["choices"]][-1],
                         choice["finish_reason"])

    def test_prefix_is_cached_and_the_answer_the_same(self):
        content = "The quick brown fox jumps over the lazy dog. " * 60
        status, cold = self.chat(content, temperature=0, max_tokens=8)
        self.assertEqual(status, 200)
        self.assertEqual(cold["usage"]["prompt_tokens_details"]["cached_tokens"], 0)
        _, warm = self.chat(content, temperature=0, max_tokens=8)
        self.assertGreater(warm["usage"]["prompt_tokens_details"]["cached_tokens"], 0.9 * cold["usage"]["prompt_tokens"] - 64)
        self.assertEqual(warm["choices"][0]["message"], cold["choices"][0]["message"])

    def test_structured(self):
        schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 30}, "people": {"type": "integer", "minimum": 1}},
                  "required": ["city", "people"], "additionalProperties": False}
        status, answer = self.chat("Berlin has four million people. As JSON:", max_tokens=80, response_format={
            "type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": schema}})
        self.assertEqual(status, 200)
        self.assertEqual(list(json.loads(answer["choices"][0]["message"]["content"])), ["city", "people"])
        _, answer = self.chat("Is water wet?", choice=["yes", "no"], n=3)
        self.assertEqual(len(answer["choices"]), 3)
        for choice in answer["choices"]:
            self.assertIn(choice["message"]["content"], ("yes", "no"))
        _, answer = self.chat("A number:", response_format={"type": "regex", "pattern": r"\d{3}-\d{2}"})
        self.assertRegex(answer["choices"][0]["message"]["content"], r"^\d{3}-\d{2}$")

    def test_logprobs(self):
        _, answer = self.chat("Say hello.", temperature=0, max_tokens=4, logprobs=True, top_logprobs=3)
        content = answer["choices"][0]["logprobs"]["content"]
        self.assertEqual(len(content), answer["usage"]["completion_tokens"])
        for token in content:
            self.assertEqual(len(token["top_logprobs"]), 3)
            self.assertEqual(token["top_logprobs"][0]["token"], token["token"])  # the best one was drawn
            self.assertAlmostEqual(token["top_logprobs"][0]["logprob"], token["logprob"], places=4)
            self.assertEqual(bytes(token["bytes"]).decode(errors="replace"), token["token"])

    def test_completions(self):
        status, answer = self.server.ask("POST", "/v1/completions", {"model": "smollm2", "prompt": "Once upon a time", "max_tokens": 8})
        self.assertEqual(status, 200)
        self.assertEqual(answer["object"], "text_completion")
        self.assertTrue(answer["choices"][0]["text"])

    def test_what_is_wrong_is_said(self):
        cases = [
            ({"messages": []}, "messages: is empty"), ({"messages": "hi"}, "messages: is no list"),
            ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
            ({"temperature": 101}, "temperature: 101 is outside 0 to 100"), ({"temperature": "hot"}, "temperature: is no number"),
            ({"max_tokens": 1000000000}, "max_tokens: 1000000000 is outside 1 to"), ({"colour": 1}, "colour: is not supported"),
            ({"n": 0}, "n: 0 is outside"), ({"stop": 5}, "stop: is neither"), ({"top_logprobs": 2}, "top_logprobs: needs logprobs"),
            ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array", "uniqueItems": True}}}},
             "uniqueItems is not supported"),
            ({"grammar": "root ::= ["}, "grammar: "), ({"logit_bias": {"x": 1}}, "logit_bias"), ({"store": True}, "store: true is not supported"),
            ({"messages": [{"role": "user", "content": "word " * 9000}]}, "do not fit the context"),
        ]
        for fields, fragment in cases:
            status, document = self.chat("Hi", **fields)
            self.assertEqual(status, 400, document)
            self.assertIn(fragment, document["error"]["message"])
            self.assertEqual(document["error"]["type"], "invalid_request_error")
        for name in ("nobody", "/etc/passwd", "../smollm2", "x.gguf"):
            self.assertEqual(self.server.chat("Hi", model=name)[0], 404, name)
        for body in ("", "{", "[]", '"x"', '{"messages": NaN}', "{\"a\":" * 500, b"\xff\xfe"):
            status, document = self.server.ask("POST", "/v1/chat/completions", body)
            self.assertEqual(status, 400, (body, document))
        self.assertEqual(self.server.ask("GET", "/v1/nothing")[0], 404)
        self.assertEqual(self.chat("Hi", max_tokens=2)[0], 200)  # it goes on

    def test_oldest_messages_are_dropped_where_that_is_asked_for(self):
        messages = [{"role": "system", "content": "You are a parrot."}]
        for number in range(40):
            messages += [{"role": "user", "content": f"Question {number}: " + "word " * 250}, {"role": "assistant", "content": "Yes."}]
        messages.append({"role": "user", "content": "And now?"})
        asked = {"model": "smollm2", "messages": messages, "temperature": 0, "max_tokens": 8}
        for fields in ({}, {"overflow": "error"}, {"overflow": None}):
            status, document = self.server.ask("POST", "/v1/chat/completions", {**asked, **fields})
            self.assertEqual(status, 400)
            self.assertIn("do not fit the context", document["error"]["message"])
        status, answer = self.server.ask("POST", "/v1/chat/completions", {**asked, "overflow": "drop_oldest", "privacy": "local_only"})
        self.assertEqual(status, 200, answer)
        dropped = answer["hearth"]["dropped_messages"]
        self.assertEqual(dropped % 2, 0)
        kept = messages[:1] + messages[1 + dropped:]  # the fewest that fit: with two more it does not
        _, same = self.server.ask("POST", "/v1/chat/completions", {**asked, "messages": kept})
        self.assertEqual(same["choices"][0]["message"], answer["choices"][0]["message"])
        self.assertEqual(same["usage"]["prompt_tokens"], answer["usage"]["prompt_tokens"])
        self.assertNotIn("dropped_messages", same["hearth"])
        self.assertGreater(answer["usage"]["prompt_tokens"] + 8 + 250, 8192)
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.request("POST", "/api/chat", body=json.dumps({
            "model": "smollm2", "messages": messages, "truncate": True, "options": {"num_predict": 8, "temperature": 0}}))
        response = connection.getresponse()
        self.assertEqual(response.getheader("hearth-dropped-messages"), str(dropped))
        last = json.loads(response.read().decode().splitlines()[-1])
        self.assertEqual((last["dropped_messages"], last["prompt_eval_count"]), (dropped, answer["usage"]["prompt_tokens"]))

    def test_what_was_read_outlives_the_server(self):
        folder = self.home / "sessions"
        content = "The quick brown fox jumps over the lazy dog. " * 60
        fields = {"model": "smollm2", "temperature": 0, "max_tokens": 8}

        def ask():
            server = Server(self, "-m", "smollm2", "--sessions", folder)
            server.wait_ready()
            status, answer = server.chat(content, **fields)
            self.assertEqual(status, 200, answer)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(timeout=30), 0)
            said = server.process.stderr.read().decode()
            return answer["usage"]["prompt_tokens_details"]["cached_tokens"], answer["choices"][0]["message"], said

        cold, message, said = ask()
        self.assertEqual((cold, said), (0, ""))
        [kept] = folder.iterdir()
        key = self.home / ".local/state/hearth/seal.key"
        self.assertEqual([path.stat().st_mode & 0o777 for path in (folder, kept, key)], [0o700, 0o600, 0o600])
        _, fox = self.server.ask("POST", "/tokenize", {"content": " quick brown fox jumps over the lazy dog."})
        ids = struct.pack(f"<{len(fox['tokens'])}i", *fox["tokens"])
        self.assertNotIn(ids, kept.read_bytes())
        warm, again, said = ask()
        self.assertGreater(warm, 500)
        self.assertEqual((again, said), (message, ""))

        damaged = bytearray(kept.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        kept.write_bytes(damaged)
        cold, again, said = ask()
        self.assertLess(cold, warm)
        self.assertEqual(again, message)
        self.assertRegex(said, r"\Ahearth: .*/sessions/[0-9a-f]+\.prefixes: was changed, .*; remove it, .*\n\Z")
        self.assertEqual(ask()[0], warm)  # it was made anew
        self.assertGreaterEqual(json.loads(self.hearth("forget", "sessions", "--yes", "--json"))["erased"]["session_keys"], 1)
        cold, _, said = ask()
        self.assertEqual(cold, 0)
        self.assertIn("sealed with another key", said)
        self.assertEqual(ask()[0], warm)
        key.unlink()
        done = self.run_hearth("serve", "--port", "0", "--sessions", folder)
        self.assertEqual(done.returncode, 9, done.stderr)
        self.assertRegex(done.stderr.decode(), r"\Ahearth: key \S+/seal.key: is gone: .*hearth forget lost\n\Z")
        self.assertIn("the keys of 1 session folders", self.hearth("forget", "lost", "--yes"))
        self.assertEqual(ask()[0], cold)
        kept.write_bytes(b"")
        self.assertIn("is no sealed file", ask()[2])

    def test_two_servers_share_a_state_folder(self):
        folder = self.home / "shared-sessions"
        content = "Two servers at once. " * 60
        servers = [Server(self, "-m", "smollm2", "--sessions", folder, "--log", self.home / f"log-{i}") for i in range(2)]
        for server in servers:
            server.wait_ready()
            self.assertEqual(server.chat(content, model="smollm2", max_tokens=2, temperature=0)[0], 200)
            self.assertEqual(server.ask("GET", "/v1/privacy")[0], 200)
        for server in servers:
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(timeout=30), 0)
            self.assertEqual(server.process.stderr.read(), b"")
        server = Server(self, "-m", "smollm2", "--sessions", folder)
        server.wait_ready()
        _, answer = server.chat(content, model="smollm2", max_tokens=2, temperature=0)
        self.assertGreater(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 200)

    def test_a_question_that_is_too_long_by_itself_is_refused(self):
        messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "word " * 9000}]
        status, document = self.chat("", messages=messages, overflow="drop_oldest")
        self.assertEqual(status, 400)
        self.assertIn("do not fit the context", document["error"]["message"])
        for fields, fragment in [({"overflow": "drop"}, "overflow: is neither"), ({"privacy": "cloud"}, "privacy: is not local_only")]:
            status, document = self.chat("Hi", **fields)
            self.assertEqual(status, 400)
            self.assertIn(fragment, document["error"]["message"])

    def test_many_clients_get_their_own_answers(self):
        alone = {}
        for number in range(4):
            alone[number] = self.chat(f"Count to {number}.", temperature=0, max_tokens=20)[1]["choices"][0]["message"]["content"]
        answers = {}

        def ask(index):
            answers[index] = self.chat(f"Count to {index % 4}.", temperature=0, max_tokens=20)[1]["choices"][0]["message"]["content"]

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for index, answer in answers.items():
            self.assertEqual(answer, alone[index % 4])

    def test_a_client_that_goes_is_forgotten(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port))
        body = json.dumps({"model": "smollm2", "messages": [{"role": "user", "content": "Tell a story."}], "stream": True, "max_tokens": 2000})
        connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        connection.recv(100)
        connection.close()
        started = time.monotonic()
        self.assertEqual(self.chat("Hi", max_tokens=2)[0], 200)
        self.assertLess(time.monotonic() - started, 5)

    def test_models(self):
        status, document = self.server.ask("GET", "/v1/models")
        self.assertEqual((status, document["object"]), (200, "list"))


@needs_model
class Access(CliTestCase):
    def test_keys(self):
        keys = self.home / "keys"
        keys.write_text("a-key-that-is-long-enough\n", encoding="utf-8")
        server = Server(self, "-m", "smollm2", "--api-key-file", keys)
        server.wait_ready()
        self.assertEqual(server.ask("GET", "/v1/models")[0], 401)
        self.assertEqual(server.ask("GET", "/v1/models", headers={"Authorization": "Bearer wrong"})[0], 401)
        self.assertEqual(server.ask("GET", "/v1/models", headers={"Authorization": "Bearer a-key-that-is-long-enough"})[0], 200)

    def test_unix_socket(self):
        path = self.home / "hearth.sock"
        Server(self, "-m", "smollm2", "--socket", path)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /v1/models HTTP/1.0\r\n\r\n")
            self.assertIn(b'"object":"list"', read_all(client))

    def test_passed_socket(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            process = subprocess.Popen(
                ["sh", "-c", f'exec 3<&{listening.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve -m smollm2', BINARY],
                env=self.env, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /v1/models HTTP/1.0\r\n\r\n")
                self.assertIn(b'"object":"list"', read_all(client))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze here")
    def test_units(self):
        folder = pathlib.Path(__file__).resolve().parent.parent / "packaging/systemd"
        service = (folder / "hearth.service.in").read_text(encoding="utf-8").replace("@CMAKE_INSTALL_FULL_BINDIR@/hearth", BINARY)
        (self.home / "hearth.service").write_text(service, encoding="utf-8")
        shutil.copy(folder / "hearth.socket", self.home)
        done = subprocess.run(["systemd-analyze", "verify", self.home / "hearth.service", self.home / "hearth.socket"], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_sigterm_stops_it_as_a_service_manager_does(self):
        server = Server(self, "-m", "smollm2")
        server.process.terminate()
        self.assertEqual(server.process.wait(timeout=30), 0)

    @unittest.skipUnless(shutil.which("openssl"), "no openssl here")
    def test_tls(self):
        certificate, key = self.home / "cert.pem", self.home / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        server = Server(self, "-m", "smollm2", "--tls-cert", certificate, "--tls-key", key)
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=30)
        self.addCleanup(connection.close)
        for _ in range(2):  # on one connection
            connection.request("GET", "/v1/models")
            self.assertEqual(json.loads(connection.getresponse().read())["object"], "list")
        self.assert_refused(["serve", "--port", "0", "--tls-cert", certificate, "--tls-key", certificate], 2, "TLS key")
        self.assert_refused(["serve", "--port", "0", "--tls-cert", "/nowhere.pem", "--tls-key", key], 3, "TLS certificate")

    def test_stops_at_once_with_idle_clients(self):
        server = Server(self, "-m", "smollm2")
        idle, kept = server.connect(), server.connect()
        self.addCleanup(idle.close)
        self.addCleanup(kept.close)
        idle.connect()
        kept.request("GET", "/v1/models")
        kept.getresponse().read()
        started = time.monotonic()
        server.stop()
        self.assertEqual(server.process.returncode, 0)
        self.assertLess(time.monotonic() - started, 5)

    def test_limits(self):
        server = Server(self, "-m", "smollm2")

        def raw(request):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(request)
                return read_all(client)

        self.assertIn(b"HTTP/1.1 431", raw(b"GET / HTTP/1.1\r\nx: " + b"a" * 20000 + b"\r\n\r\n"))
        self.assertIn(b"HTTP/1.1 413", raw(b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"))
        self.assertIn(b"HTTP/1.1 400", raw(b"nonsense\r\n\r\n"))
        server.wait_ready()

    def test_refusals(self):
        self.assert_refused(["serve", "--host", "0.0.0.0", "--port", "0"], 2, "without a key")
        self.assert_refused(["serve", "--host", "somewhere", "--insecure", "--port", "0"], 2, "is no address")
        keys = self.home / "keys"
        keys.write_text("short\n", encoding="utf-8")
        self.assert_refused(["serve", "--api-key-file", keys, "--port", "0"], 2, "too short")
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        self.assert_refused(["serve", "--port", str(taken.getsockname()[1])], 7, "listen: 127.0.0.1")
        self.assert_refused(["serve", "--tls-cert", "nowhere.pem", "--port", "0"], 2, "needs its key")


if __name__ == "__main__":
    unittest.main()
