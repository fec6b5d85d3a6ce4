# SPDX-License-Identifier: Apache-2.0
"""For tests of hearth serve: a server on a free port, and how to ask it."""

import http.client
import json
import signal
import subprocess
import time


def read_all(client):
    client.settimeout(30)
    data = b""
    while part := client.recv(65536):
        data += part
    return data


class Server:
    """A server on a free port, ready to answer."""

    def __init__(self, case, *arguments, env=None):
        self.process = case.start_hearth("serve", "--json", "--port", "0", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        case.addCleanup(self.stop)
        self.address = json.loads(self.process.stdout.readline())
        self.port = self.address["port"]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)
        self.process.stdout.close()
        self.process.stderr.close()

    def wait_ready(self):
        for _ in range(300):
            if self.ask("GET", "/health")[0] == 200:
                return
            time.sleep(0.1)
        raise AssertionError("the model did not load")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body=json.dumps(body) if isinstance(body, (dict, list)) else body,
                               headers={"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode()
            is_json = (response.getheader("content-type") or "").startswith("application/json")
            return response.status, json.loads(text) if is_json else text
        finally:
            connection.close()

    def lines(self, path, body):
        """The documents of an answer in NDJSON."""
        status, text = self.ask("POST", path, body)
        assert status == 200, text
        return [json.loads(line) for line in text.splitlines()]

    def chat(self, content, **fields):
        return self.ask("POST", "/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": content}], **fields})

    def events(self, path, body):
        connection = self.connect()
        try:
            connection.request("POST", path, body=json.dumps({**body, "stream": True}))
            response = connection.getresponse()
            assert response.status == 200 and response.getheader("content-type") == "text/event-stream", response.read()
            lines = response.read().decode().split("\n\n")
        finally:
            connection.close()
        assert lines[-2:] == ["data: [DONE]", ""], lines[-3:]
        return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
