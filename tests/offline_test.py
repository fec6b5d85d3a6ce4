#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the commands do with the network, told by strace and by the kernel: nothing, and the server its one listener."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from cli_support import BINARY, CliTestCase, needs_model
from serve_support import Server, read_all

# Calls that strace counts to the network, and io_uring's.
TRACED = "trace=%network,io_uring_setup,io_uring_enter,io_uring_register"
PROMPT = {"messages": [{"role": "user", "content": "Name a colour."}], "max_tokens": 4, "temperature": 0}


def no_network():
    """The words that run a command without a network; None where that is not permitted."""
    words = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    works = shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if works else None


def can_trace():
    return shutil.which("strace") and subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode == 0


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.path))


def calls_of(trace):
    """The traced calls, by thread and in order: [(name, what strace shows)], those that were cut in two joined."""
    calls, begun = [], {}
    for line in trace.read_text(encoding="utf-8").splitlines():
        thread, _, text = line.partition(" ")
        text = text.strip()
        if text.startswith(("+++", "---")):
            continue
        if resumed := re.match(r"<\.\.\. (\w+) resumed>(.*)", text):
            text = begun.pop(thread) + resumed[2]
        elif text.endswith("<unfinished ...>"):
            begun[thread] = text.removesuffix("<unfinished ...>")
            continue
        calls.append((text.partition("(")[0], text))
    return calls + [(text.partition("(")[0], text) for text in begun.values()]


@needs_model
@unittest.skipUnless(no_network(), "no network namespace can be made here: needs root or user namespaces")
@unittest.skipUnless(can_trace(), "strace is missing or may not trace: tools/install_deps test")
class Traced(CliTestCase):
    def setUp(self):
        super().setUp()
        self.trace = self.home / f"trace-{self.id().rpartition('.')[2]}"
        self.before = [*no_network(), "strace", "-f", "-qq", "-e", TRACED, "-o", str(self.trace)]

    def traced(self, *arguments, stdin=b""):
        done = subprocess.run([*self.before, BINARY, *arguments], input=stdin, env=self.env, capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode(), calls_of(self.trace)

    def test_the_trace_would_show_a_call(self):
        script = "import socket; socket.socket().connect_ex(('127.0.0.1', 1))"
        subprocess.run([*self.before, sys.executable, "-c", script], check=True, capture_output=True)
        self.assertEqual([name for name, _ in calls_of(self.trace)][:2], ["socket", "connect"])

    def test_run(self):
        answer, calls = self.traced("run", "--temp", "0", "-n", "4", "--json", "Name a colour.")
        self.assertTrue(json.loads(answer)["text"])
        self.assertEqual(calls, [])

    def test_chat(self):
        answer, calls = self.traced("chat", "--temp", "0", "-n", "4", stdin=b"Name a colour.\n/bye\n")
        self.assertTrue(answer)
        self.assertEqual(calls, [])

    def test_embed_and_eval(self):
        self.assertEqual(self.traced("tokenize", stdin=b"a text")[1], [])
        self.assertEqual(self.traced("embed", "--pooling", "mean", "a text")[1], [])
        text = self.home / "text"
        text.write_text("The quick brown fox jumps over the lazy dog. " * 20, encoding="utf-8")
        self.assertEqual(self.traced("eval", "perplexity", "-c", "64", "-f", str(text))[1], [])

    def test_serve(self):
        path = self.home / "traced.sock"
        process = subprocess.Popen([*self.before, BINARY, "serve", "-m", "smollm2", "--socket", str(path), "--log", str(self.home / "log")],
                                   env=self.env, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        process.stderr.readline()  # it listens
        for _ in range(2):
            connection = UnixConnection(path)
            connection.request("POST", "/v1/chat/completions", json.dumps(PROMPT))
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200, answer.read())
            answer.read()
            connection.request("POST", "/v1/chat/completions", json.dumps({**PROMPT, "stream": True}))
            self.assertIn(b"[DONE]", connection.getresponse().read())
            connection.close()
        server = self.traced_child(process.pid)
        os.kill(server, signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0, process.stderr.read())
        self.assertFalse(path.exists())
        calls = calls_of(self.trace)
        count = {name: sum(1 for other, _ in calls if other == name) for name, _ in calls}
        self.assertEqual({name: count.get(name, 0) for name in ("socket", "bind", "listen", "connect", "socketpair")},
                         {"socket": 1, "bind": 1, "listen": 1, "connect": 0, "socketpair": 0}, calls)
        allowed = {"socket", "bind", "listen", "setsockopt", "getsockopt", "getsockname", "getpeername", "accept", "accept4", "recvfrom",
                   "sendto", "shutdown"}
        self.assertLessEqual(set(count), allowed, [text for name, text in calls if name not in allowed])
        for name, text in calls:
            if name == "sendto":
                self.assertRegex(text, r", NULL, 0\)")
        self.assertGreaterEqual(count["accept" if "accept" in count else "accept4"], 2)

    def traced_child(self, tracer):
        """The process that strace, or unshare before it, started."""
        children = pathlib.Path(f"/proc/{tracer}/task/{tracer}/children").read_text(encoding="ascii").split()
        return int(children[0])


@needs_model
@unittest.skipIf(os.geteuid(), "only root sees the descriptors of a locked process")
class LockedChat(CliTestCase):
    # A chat that waits for a line is woken by Ctrl-C through a descriptor of its own, which the lock must leave.
    def test_what_ctrl_c_wakes_by_stays_open(self):
        process = self.start_locked_down("chat", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for stream in (process.stdin, process.stdout):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        links = [os.readlink(path) for path in pathlib.Path(f"/proc/{process.pid}/fd").iterdir() if int(path.name) > 2]
        self.assertIn("anon_inode:[eventfd]", links)


@needs_model
class LockedServer(CliTestCase):
    def statuses(self, process):
        return [path.read_text(encoding="utf-8") for path in pathlib.Path(f"/proc/{process.pid}/task").glob("*/status")]

    def test_every_thread_is_locked(self):
        server = Server(self, "-m", "smollm2")
        server.wait_ready()
        started = time.monotonic()
        self.assertEqual(server.ask("POST", "/v1/chat/completions", {**PROMPT, "model": "smollm2"})[0], 200)
        self.assertLess(time.monotonic() - started, 8)  # it is woken by the answer, not by its own limits of 10 s
        statuses = self.statuses(server.process)
        self.assertGreater(len(statuses), 3)
        for status in statuses:
            self.assertRegex(status, r"(?m)^Seccomp:\t2$")
            self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")

    def test_inherited_descriptors_are_closed(self):
        ours, leaked = socket.socketpair()
        with ours:
            ours.settimeout(30)
            process = self.start_hearth("serve", "--port", "0", stderr=subprocess.PIPE, pass_fds=[leaked.fileno()])
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)
            leaked.close()
            self.assertEqual(ours.recv(1), b"")  # end of file: the other end is closed
            process.stderr.readline()

    def test_it_goes_on_with_all_it_does(self):
        log = self.home / "elsewhere/requests.log"
        log.parent.mkdir()
        server = Server(self, "--log", log)
        self.assertEqual(server.ask("POST", "/v1/chat/completions", {**PROMPT, "model": "smollm2"})[0], 200)  # loads on demand
        created = server.lines("/api/create", {"model": "mine", "from": "smollm2", "system": "Be short."})
        self.assertEqual(created[-1], {"status": "success"})
        self.assertEqual(server.ask("POST", "/api/chat", {"model": "mine", "messages": PROMPT["messages"], "stream": False,
                                                          "options": {"num_predict": 2}})[0], 200)
        self.assertEqual(server.ask("DELETE", "/api/delete", {"model": "mine"})[0], 200)
        server.process.terminate()
        self.assertEqual(server.process.wait(timeout=30), 0)
        self.assertGreaterEqual(len(log.read_text(encoding="utf-8").splitlines()), 4)

    def test_a_fresh_home_will_do(self):
        home = self.home / "fresh"
        home.mkdir()
        server = Server(self, env={"HOME": str(home)})
        self.assertEqual(server.ask("GET", "/v1/models")[0], 200)
        read_only = self.home / "read-only"
        read_only.mkdir()
        read_only.chmod(0o500)
        server = Server(self, env={"HOME": str(read_only)})
        self.assertEqual(server.ask("GET", "/v1/models")[0], 200)

    # A slow reader of an answer that streams, and pieces that come one by one.
    def test_small_reads_and_writes(self):
        server = Server(self, "-m", "smollm2")
        server.wait_ready()
        body = json.dumps({**PROMPT, "model": "smollm2", "stream": True, "max_tokens": 40})
        request = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            for i in range(0, len(request), 7):
                client.sendall(request[i:i + 7])
                time.sleep(0.002)
            answer = read_all(client)
        self.assertIn(b"200 OK", answer)
        self.assertIn(b"[DONE]", answer)
        self.assertTrue(answer.endswith(b"0\r\n\r\n"))


if __name__ == "__main__":
    unittest.main()
