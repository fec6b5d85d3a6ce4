# SPDX-License-Identifier: Apache-2.0
"""For tests of the broker: endpoints that misbehave, certificates, and the driver that asks."""

import contextlib
import itertools
import json
import os
import pathlib
import queue
import signal
import socket
import ssl
import subprocess
import threading
import time

DRIVER = os.environ.get("HEARTH_EGRESS_DRIVER", "")
PROGRAM = os.environ.get("HEARTH_EGRESS_PROGRAM", "")


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_certificates(folder):
    """A CA (ca.pem), and certificates by it: good (localhost, 127.0.0.1, edge.test), other (another name), old (expired);
    and one by itself: selfmade. Each NAME.pem holds the key too."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/CN=test CA",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    names = {"good": "DNS:localhost,IP:127.0.0.1,DNS:edge.test", "other": "DNS:other.test", "old": "DNS:localhost,IP:127.0.0.1"}
    for name, hosts in names.items():
        openssl("req", *key, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr", "-subj", f"/CN={name}")
        (folder / f"{name}.ext").write_text(f"subjectAltName={hosts}\n", encoding="ascii")
        days = ["-days", "1"] if name != "old" else ["-days", "-1"]
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial",
                "-out", folder / f"{name}.crt", "-extfile", folder / f"{name}.ext", *days)
    openssl("req", "-x509", *key, "-days", "1", "-keyout", folder / "selfmade.key", "-out", folder / "selfmade.crt", "-subj", "/CN=localhost",
            "-addext", f"subjectAltName={names['good']}")
    for name in [*names, "selfmade"]:
        (folder / f"{name}.pem").write_bytes((folder / f"{name}.key").read_bytes() + (folder / f"{name}.crt").read_bytes())


class Question:
    """What an endpoint was asked, and the connection to answer by."""

    def __init__(self, connection):
        self.connection = connection
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                raise ConnectionError("closed")
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        self.method, self.path, _ = line.split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        while len(body) < int(self.headers.get("content-length", 0)):
            part = connection.recv(65536)
            if not part:
                raise ConnectionError("closed")
            body += part
        self.body = body

    def send(self, data):
        self.connection.sendall(data)

    def reply(self, body, kind="application/json", status="200 OK", **headers):
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.send(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def begin_events(self):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")

    def event(self, text, finish=None):
        self.send(b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}).encode() + b"\n\n")

    def done(self):
        self.send(b"data: [DONE]\n\n")


def document(text):
    return json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 9, "completion_tokens": 3}}).encode()


class Endpoint:
    """Listens on loopback, with TLS where a certificate is given. Answers by the first part of the path, which names one of
    `handlers`: functions of a Question."""

    def __init__(self, handlers, certificate=None):
        self.handlers = handlers
        self.questions = []
        self.connections = 0
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, name, host="localhost"):
        return f"http{'s' if self.context else ''}://{host}:{self.port}/{name}"

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            connection.settimeout(60)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                while True:
                    question = Question(connection)
                    self.questions.append(question)
                    if self.handlers[question.path.split("/")[1]](question) == "close":
                        return
        except (OSError, ConnectionError):  # the other end has gone
            pass

    def close(self):
        self.listener.close()


class Driver:
    """Asks through a broker of its own, for a policy with these targets: {name: {"url": ..., more keys}}."""

    def __init__(self, folder, targets, *flags, before=(), env=None, policy=None):
        text = 'default = "local"\n'
        for name, keys in targets.items():
            text += f"[targets.{name}]\n" + "".join(f"{key} = {json.dumps(str(value) if isinstance(value, pathlib.Path) else value)}\n" for key, value in keys.items())
            text += 'model = "m"\naccepts = "public"\nprice_usd_per_mtok = { input = 0, output = 0 }\n'
        text += f"[[rules]]\nallow = {json.dumps(list(targets))}\n"
        self.policy = pathlib.Path(folder) / "policy.toml"
        self.policy.write_text(policy or text, encoding="utf-8")
        # A secret of the environment and a descriptor that leaks, neither of which may reach the broker.
        self.ours, leaked = socket.socketpair()
        self.process = subprocess.Popen([*before, DRIVER, PROGRAM, str(self.policy), *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        pass_fds=[leaked.fileno()], env={"PATH": os.environ["PATH"], "SECRET_TOKEN": "hunter2", **(env or {})})
        leaked.close()
        self.lines = queue.Queue()
        self.texts = {}
        self.results = {}
        self.ids = itertools.count(1)
        first = self.process.stdout.readline()
        self.first = json.loads(first) if first else {}
        self.broker = self.first.get("process")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def start(self, **question):
        question["id"] = next(self.ids)
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return question["id"]

    def step(self, timeout):
        line = self.lines.get(timeout=timeout)
        assert line is not None, "the driver has ended"
        if "fault" in line:
            self.results[line["id"]] = line
        else:
            self.texts[line["id"]] = self.texts.get(line["id"], "") + line["text"]

    def wait_text(self, number, timeout=30):
        while number not in self.texts:
            self.step(timeout)

    def result(self, number, timeout=60):
        while number not in self.results:
            self.step(timeout)
        return self.results[number]

    def ask(self, **question):
        return self.result(self.start(**question))

    def memory_bytes_max(self):
        status = pathlib.Path(f"/proc/{self.broker}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.ours.close()


def has_ended(process, seconds=5):
    """Whether the process is gone, or only waits for somebody to ask how it ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2][0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def kill(process):
    os.kill(process, signal.SIGKILL)
