#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker as seen from outside: TLS, endpoints that misbehave, what it is given and what it connects to."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

from egress_support import DRIVER, PROGRAM, Driver, Endpoint, document, has_ended, kill, make_certificates
from offline_test import calls_of, can_trace

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "tools"
MEGABYTE = b"a" * (1 << 20)
MEMORY_BYTES_MAX = 96 << 20  # libcurl and OpenSSL take 20


def stream(question):
    question.begin_events()
    for piece in ("Bl", "ue", " is é."):
        question.event(piece)
    question.event("", "stop")
    question.done()
    return "close"


def stall(question):
    question.begin_events()
    question.event("begun")
    time.sleep(20)
    return "close"


def half(question):
    question.begin_events()
    question.event("half an ")
    question.send(b'data: {"choices": [{"del')
    return "close"


def garbage_events(question):
    question.begin_events()
    question.send(bytes(range(256)) * 100 + b"\n\n")
    return "close"


def endless(before):
    """A gigabyte of it."""
    def handler(question):
        question.send(before)
        for _ in range(1024):
            question.send(MEGABYTE)
        return "close"
    return handler


def gzip_bomb(question):
    question.reply(b"\x1f\x8b" + bytes(1000), Content_Encoding="gzip")


def cookie(question):
    question.reply(document("Yes."), Set_Cookie="who=you; Path=/", Strict_Transport_Security="max-age=1000", Alt_Svc='h3=":443"')


JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
EVENTS_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
HANDLERS = {
    "json": lambda question: question.reply(document("Blue.")),
    "digest": lambda question: question.reply(document(hashlib.sha256(question.body).hexdigest())),
    "stream": stream,
    "stall": stall,
    "half": half,
    "garbage": garbage_events,
    "cookie": cookie,
    "html": lambda question: question.reply(b"<!DOCTYPE html><title>Log in</title>", "text/html; charset=utf-8"),
    "failed": lambda question: question.reply(b'{"error": "overloaded"}', status="503 Service Unavailable"),
    "bomb": gzip_bomb,
    "gigabyte_text": endless(JSON_HEAD + b'{"choices": [{"message": {"content": "'),
    "gigabyte_event": endless(EVENTS_HEAD + b'data: {"choices": [{"delta": {"content": "'),
    "gigabyte_comment": endless(EVENTS_HEAD + b": "),
    "gigabyte_header": endless(b"HTTP/1.1 200 OK\r\nX-Filler: "),
    "gigabyte_html": endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"),
    "nothing": lambda question: "close",
}


@unittest.skipUnless(DRIVER and PROGRAM, "HEARTH_EGRESS_DRIVER and HEARTH_EGRESS_PROGRAM are not set; ctest sets them")
@unittest.skipUnless(shutil.which("openssl"), "no openssl here to make certificates with")
class EgressTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hearth-egress-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_certificates(cls.folder)
        cls.https = Endpoint(HANDLERS, cls.folder / "good.pem")
        cls.addClassCleanup(cls.https.close)

    def setUp(self):
        self.https.questions.clear()

    def driver(self, targets, *flags, **options):
        driver = Driver(self.folder, targets, *flags, **options)
        self.addCleanup(driver.close)
        return driver

    def edge(self, name, **keys):
        return {"edge": {"url": self.https.url(name), "ca_file": self.folder / "ca.pem", **keys}}

    def ask(self, name, **question):
        return self.driver(self.edge(name), "--lock").ask(**question)


class Answers(EgressTestCase):
    def test_by_https_from_within_a_lockdown(self):
        result = self.ask("json", body='{"messages": []}')
        self.assertEqual((result["fault"], result["answer"], result["finish_reason"]), ("none", "Blue.", "stop"))
        self.assertEqual((result["prompt_tokens"], result["answer_tokens"], result["is_estimated"]), (9, 3, False))

    def test_in_a_stream(self):
        driver = self.driver(self.edge("stream"), "--lock")
        number = driver.start()
        result = driver.result(number)
        self.assertEqual((result["fault"], result["answer"], driver.texts[number]), ("none", "Blue is é.", "Blue is é."))

    def test_what_is_sent_is_what_was_declassified(self):
        driver = self.driver(self.edge("digest"), "--lock")
        bodies = ["", "{}", "é\u0000\n\t\u2028" * 1000, "x" * 3_000_000, *(f'{{"n": {i}}}' * (i * 7 % 400) for i in range(200))]
        numbers = [driver.start(body=body) for body in bodies]
        for number, body in zip(numbers, bodies):
            result = driver.result(number)
            self.assertEqual(result["answer"], hashlib.sha256(body.encode()).hexdigest(), result["why"])
            self.assertEqual(result["bytes_sent"], len(body.encode()))
        self.assertEqual(len(self.https.questions), len(bodies))
        self.assertEqual(sorted(question.body for question in self.https.questions), sorted(body.encode() for body in bodies))

    def test_nothing_is_remembered_and_little_is_said(self):
        driver = self.driver(self.edge("cookie"))
        for _ in range(2):
            self.assertEqual(driver.ask()["fault"], "none")
        for question in self.https.questions:
            self.assertEqual(set(question.headers), {"host", "content-type", "accept", "user-agent", "content-length"})
            self.assertEqual(question.headers["user-agent"], "hearth")


class Faults(EgressTestCase):
    def assert_fault(self, name, fault, *fragments, **question):
        started = time.monotonic()
        result = self.ask(name, **question)
        self.assertEqual(result["fault"], fault, result)
        for fragment in ("target edge: ", "; ", *fragments):
            self.assertIn(fragment, result["why"])
        return result, time.monotonic() - started

    def test_redirects_are_not_followed(self):
        elsewhere = Endpoint(HANDLERS)
        self.addCleanup(elsewhere.close)
        for status in (301, 302, 303, 307, 308):
            HANDLERS["moved"] = lambda question, status=status: question.reply(b"", status=f"{status} Moved", Location=elsewhere.url("json", "127.0.0.1"))
            result, _ = self.assert_fault("moved", "not_json", "redirect", str(status))
            self.assertEqual(result["http_status"], status)
        self.assertEqual(elsewhere.connections, 0)

    def test_pages_failures_and_rubbish(self):
        self.assert_fault("html", "not_json", "HTML")
        self.assertEqual(self.assert_fault("failed", "http_status", "503")[0]["http_status"], 503)
        self.assert_fault("garbage", "invalid")
        self.assert_fault("bomb", "invalid", "compressed")
        self.assert_fault("nothing", "unreachable")

    def test_half_a_stream_keeps_its_half(self):
        self.assertEqual(self.assert_fault("half", "broken_stream")[0]["answer"], "half an ")

    def test_slow(self):
        result, seconds = self.assert_fault("stall", "timeout", timeout_ms=700)
        self.assertEqual(result["answer"], "begun")
        self.assertLess(seconds, 5)

    def test_the_policys_timeout_holds_too(self):
        driver = self.driver(self.edge("stall", timeout_ms=500))
        self.assertEqual(driver.ask(timeout_ms=20000)["fault"], "timeout")

    def test_a_gigabyte_is_cut_off_and_takes_no_memory(self):
        faults = {"gigabyte_text": "too_large", "gigabyte_event": "too_large", "gigabyte_comment": "too_large", "gigabyte_html": "not_json", "gigabyte_header": None}
        for name, fault in faults.items():
            with self.subTest(name):
                driver = self.driver(self.edge(name))
                result = driver.ask(answer_bytes_max=1 << 20, quiet=True)
                self.assertIn(result["fault"], [fault] if fault else ["too_large", "invalid", "unreachable", "broken_stream"])
                self.assertLess(result["total_ms"], 10000)
                self.assertLessEqual(result["answer_bytes"], 1 << 20)
                self.assertLess(driver.memory_bytes_max(), MEMORY_BYTES_MAX)

    def test_names_that_are_not_known(self):
        driver = self.driver({"edge": {"url": "https://nothing.invalid/v1"}})
        result = driver.ask(timeout_ms=3000)
        self.assertEqual(result["fault"], "dns", result)
        self.assertLess(result["total_ms"], 5000)
        self.assertEqual(result["bytes_sent"], 0)

    def test_the_broker_killed_in_mid_answer(self):
        driver = self.driver(self.edge("stall"), "--lock")
        numbers = [driver.start() for _ in range(3)]
        for number in numbers:
            driver.wait_text(number)
        kill(driver.broker)
        for number in numbers:
            result = driver.result(number)
            self.assertEqual((result["fault"], result["answer"]), ("broker_gone", "begun"))
            self.assertLess(result["total_ms"], 10000)
        self.assertEqual(driver.ask()["fault"], "broker_gone")


class Certificates(EgressTestCase):
    def test_wrong_ones_are_refused_before_anything_is_said(self):
        ca = {"ca_file": self.folder / "ca.pem"}
        for certificate, keys in (("other", ca), ("old", ca), ("selfmade", ca), ("good", {}), ("selfmade", {})):
            with self.subTest(certificate, **keys):
                endpoint = Endpoint(HANDLERS, self.folder / f"{certificate}.pem")
                self.addCleanup(endpoint.close)
                result = self.driver({"edge": {"url": endpoint.url("json"), **keys}}).ask()
                self.assertEqual(result["fault"], "tls", result)
                self.assertEqual(result["bytes_sent"], 0)
                self.assertEqual(endpoint.questions, [])

    def test_no_tls_at_all(self):
        def greet():
            client, _ = listener.accept()
            with client:
                client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                heard.append(client.recv(65536))

        heard = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        thread = threading.Thread(target=greet)
        thread.start()
        result = self.driver({"edge": {"url": f"https://127.0.0.1:{listener.getsockname()[1]}/v1"}}).ask(body="canary")
        thread.join()
        self.assertEqual(result["fault"], "tls", result)
        self.assertNotIn(b"canary", heard[0])

    def test_a_ca_file_that_is_none(self):
        (self.folder / "empty.pem").write_text("nothing\n", encoding="ascii")
        result = self.driver({"edge": {"url": self.https.url("json"), "ca_file": self.folder / "empty.pem"}}).ask()
        self.assertEqual(result["fault"], "tls", result)
        driver = self.driver({"edge": {"url": self.https.url("json"), "ca_file": self.folder / "none.pem"}})
        self.assertIn("none.pem", driver.first["error"])


class Process(EgressTestCase):
    def key(self, text="sk-canary-5c1d", mode=0o600):
        path = self.folder / "edge.key"
        path.write_text(text + "\n", encoding="ascii")
        path.chmod(mode)
        return path

    def test_keys_go_to_the_endpoint_alone(self):
        driver = self.driver(self.edge("json", key_file=self.key()), "--lock")
        self.assertEqual(driver.ask()["fault"], "none")
        self.assertEqual(self.https.questions[0].headers["authorization"], "Bearer sk-canary-5c1d")
        for process in (driver.process.pid, driver.broker):
            self.assertNotIn(b"sk-canary", pathlib.Path(f"/proc/{process}/cmdline").read_bytes())
        if os.geteuid() != 0:
            self.skipTest("only root can look into the processes")
        self.assertNotIn(b"sk-canary", self.memory_of(driver.process.pid))
        self.assertIn(b"sk-canary", self.memory_of(driver.broker))  # so the search can find it

    @staticmethod
    def memory_of(process):
        """All that it may write."""
        found = b""
        with open(f"/proc/{process}/mem", "rb") as memory:
            for line in pathlib.Path(f"/proc/{process}/maps").read_text(encoding="utf-8").splitlines():
                if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line):
                    begin, end = (int(number, 16) for number in match.groups())
                    memory.seek(begin)
                    found += memory.read(end - begin)
        return found

    def test_keys_that_others_may_read_are_refused(self):
        driver = self.driver(self.edge("json", key_file=self.key(mode=0o644)))
        self.assertIn("chmod 600", driver.first["error"])

    def test_it_is_given_nothing(self):
        driver = self.driver(self.edge("json"), "--lock")
        self.assertEqual(driver.ask()["fault"], "none")
        status = pathlib.Path(f"/proc/{driver.broker}/status").read_text(encoding="ascii")
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("NoNewPrivs:\t1", status)
        limits = pathlib.Path(f"/proc/{driver.broker}/limits").read_text(encoding="ascii")
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        driver.ours.settimeout(5)
        self.assertEqual(driver.ours.recv(1), b"")  # the end that leaked is closed, in both processes
        if os.geteuid() != 0:
            self.skipTest("only root can look into the broker")
        self.assertEqual(pathlib.Path(f"/proc/{driver.broker}/environ").read_bytes(), b"")
        self.assertEqual(os.readlink(f"/proc/{driver.broker}/cwd"), "/")
        opened = {int(name): os.readlink(f"/proc/{driver.broker}/fd/{name}") for name in os.listdir(f"/proc/{driver.broker}/fd")}
        self.assertEqual((opened[0], opened[1]), ("/dev/null", "/dev/null"))

    def test_it_ends_with_its_parent(self):
        driver = self.driver(self.edge("stall"))
        number = driver.start()
        driver.wait_text(number)
        driver.process.kill()
        self.assertTrue(has_ended(driver.broker))

    def test_it_ends_with_its_channel(self):
        driver = self.driver(self.edge("json"))
        driver.process.stdin.close()
        self.assertEqual(driver.process.wait(timeout=10), 0)
        self.assertTrue(has_ended(driver.broker, 1))

    def test_started_by_hand_it_says_who_starts_it(self):
        done = subprocess.run([PROGRAM], capture_output=True, timeout=10, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r"\Ahearth-egress: [^\n]+; run hearth\n\Z")

    @unittest.skipUnless(can_trace(), "strace is missing or may not trace: tools/install_deps test")
    def test_it_connects_to_its_targets_and_to_nobody_else(self):
        trace = self.folder / "trace"
        driver = self.driver(self.edge("json"), before=["strace", "-f", "-qq", "-e", "trace=%network,execve", "-o", str(trace)])
        for _ in range(3):
            self.assertEqual(driver.ask()["fault"], "none")
        driver.close()
        lines = trace.read_text(encoding="utf-8").splitlines()
        self.assertEqual(len([line for line in lines if "execve(" in line and " = 0" in line]), 2)  # the driver, the broker
        connects = [text for name, text in calls_of(trace) if name == "connect"]
        self.assertTrue(connects)
        for text in connects:
            self.assertRegex(text, rf"sin6?_port=htons\({self.https.port}\)")
            self.assertRegex(text, r'inet_addr\("127\.0\.0\.1"\)|inet_pton\(AF_INET6, "::1"')
        named = [text for name, text in calls_of(trace) if name in ("sendto", "sendmsg") and "sa_family=AF_INET" in text]
        self.assertEqual(named, [])
        # The driver, which stands for hearth, opens none: its one socket is the channel.
        tracee = next(line for line in lines if "execve(" in line).split(" ")[0]
        driver_calls = [line for line in lines if line.startswith(f"{tracee} ")]
        self.assertTrue(driver_calls)
        self.assertEqual([line for line in driver_calls if re.search(r"\b(connect|bind|listen|socket)\(", line)], [])


HTTP2_SERVER = """
const {createSecureServer} = require("http2"), fs = require("fs");
const pem = fs.readFileSync(process.argv[1]);
const server = createSecureServer({key: pem, cert: pem});
server.on("stream", (stream, headers) => {
  let size = 0;
  stream.on("error", () => {});
  stream.on("data", (data) => { size += data.length; });
  stream.on("end", () => {
    if (headers[":path"].startsWith("/reset")) return stream.close(2);
    stream.respond({":status": 200, "content-type": "text/event-stream"});
    stream.write(`data: {"choices": [{"delta": {"content": "${stream.session.alpnProtocol} ${size}"}}]}\\n\\n`);
    if (headers[":path"].startsWith("/done")) stream.write("data: [DONE]\\n\\n");
    if (headers[":path"].startsWith("/half")) setTimeout(() => stream.close(2), 100);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


@unittest.skipUnless(shutil.which("node"), "no node here, whose server speaks HTTP/2")
class Http2(EgressTestCase):
    def test_answers_resets_and_halves(self):
        server = subprocess.Popen(["node", "-e", HTTP2_SERVER, str(self.folder / "good.pem")], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.addCleanup(server.stdout.close)
        url, ca = f"https://localhost:{server.stdout.readline().strip()}", self.folder / "ca.pem"
        driver = self.driver({name: {"url": f"{url}/{name}", "ca_file": ca} for name in ("done", "half", "reset")}, "--lock")
        numbers = {name: driver.start(target=name, body="x" * 100000) for name in ("done", "half", "reset", "done")}
        results = {name: driver.result(number) for name, number in numbers.items()}
        self.assertEqual((results["done"]["fault"], results["done"]["answer"]), ("none", "h2 100000"), results)
        self.assertLess(results["done"]["total_ms"], 8000)  # the stream stays open behind [DONE]
        self.assertEqual((results["half"]["fault"], results["half"]["answer"]), ("broken_stream", "h2 100000"), results)
        self.assertEqual(results["reset"]["fault"], "unreachable", results)


class Proxies(EgressTestCase):
    """https_proxy is honoured, but for this machine."""

    def setUp(self):
        super().setUp()
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        threading.Thread(target=self.serve, daemon=True).start()
        self.env = {"https_proxy": f"http://127.0.0.1:{self.listener.getsockname()[1]}"}

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            self.asked.append(head.split(b"\r\n")[0].decode())
            onward = socket.create_connection(("127.0.0.1", self.https.port))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            for source, target in ((client, onward), (onward, client)):
                threading.Thread(target=self.copy, args=(source, target), daemon=True).start()

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def test_for_other_machines(self):
        driver = self.driver({"edge": {"url": "https://edge.test/json", "ca_file": self.folder / "ca.pem"}}, env=self.env)
        result = driver.ask()
        self.assertEqual((result["fault"], result["answer"]), ("none", "Blue."), result)
        self.assertEqual(self.asked, ["CONNECT edge.test:443 HTTP/1.1"])

    def test_not_for_this_one(self):
        driver = self.driver(self.edge("json"), env=self.env)
        self.assertEqual(driver.ask()["fault"], "none")
        self.assertEqual(self.asked, [])


class Toxics(EgressTestCase):
    """Bad connections, by Toxiproxy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        found = subprocess.run([str(TOOLS / "fetch_toxiproxy")], capture_output=True, text=True)
        if found.returncode == 77:
            raise unittest.SkipTest(found.stderr.strip().splitlines()[-1])
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as other:
            cls.api_port, cls.port = listener.getsockname()[1], other.getsockname()[1]
        server = subprocess.Popen([found.stdout.strip(), "-host", "127.0.0.1", "-port", str(cls.api_port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.terminate)
        for _ in range(100):
            try:
                cls.api("POST", "/proxies", name="edge", listen=f"127.0.0.1:{cls.port}", upstream=f"127.0.0.1:{cls.https.port}")
                break
            except OSError:
                time.sleep(0.1)

    @classmethod
    def api(cls, method, path, **fields):
        request = urllib.request.Request(f"http://127.0.0.1:{cls.api_port}{path}", json.dumps(fields).encode() if fields else None, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    @contextlib.contextmanager
    def toxic(self, kind, **attributes):
        self.api("POST", "/proxies/edge/toxics", name=kind, type=kind, stream="downstream", attributes=attributes)
        try:
            yield
        finally:
            self.api("DELETE", f"/proxies/edge/toxics/{kind}")

    def ask_through(self, name, **question):
        driver = self.driver({"edge": {"url": f"https://localhost:{self.port}/{name}", "ca_file": self.folder / "ca.pem"}}, "--lock")
        return driver.ask(**question)

    def test_without_any(self):
        self.assertEqual(self.ask_through("stream")["answer"], "Blue is é.")

    def test_latency(self):
        with self.toxic("latency", latency=200):
            result = self.ask_through("json")
            self.assertEqual(result["fault"], "none", result)
            self.assertGreater(result["first_token_ms"], 400)  # TLS and the answer
            self.assertEqual(self.ask_through("json", timeout_ms=300)["fault"], "timeout")

    def test_timeout(self):
        with self.toxic("timeout", timeout=0):  # all data stops
            result = self.ask_through("json", timeout_ms=800)
            self.assertEqual(result["fault"], "timeout", result)
            self.assertLess(result["total_ms"], 3000)

    def test_slicer(self):
        with self.toxic("slicer", average_size=3, size_variation=2, delay=10):
            self.assertEqual(self.ask_through("stream")["answer"], "Blue is é.")

    def test_reset_peer(self):
        with self.toxic("reset_peer", timeout=100):
            self.assertIn(self.ask_through("stall")["fault"], ("unreachable", "tls", "broken_stream"))

    def test_limit_data(self):
        for count in (0, 1000, 2500, 60000):
            with self.subTest(count), self.toxic("limit_data", bytes=count):
                result = self.ask_through("gigabyte_event", answer_bytes_max=1 << 20)
                self.assertIn(result["fault"], ("unreachable", "tls", "broken_stream"), result)


if __name__ == "__main__":
    unittest.main()
