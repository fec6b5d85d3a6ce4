#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What hearth serve says of itself at /openapi.yaml: that it is there for anybody, and, by tools/check_openapi, that it is true.

schemathesis comes from PyPI into the user's cache; without a network and without it there, that test is skipped. For longer:
tools/check_openapi --seconds 600.
"""

import os
import subprocess
import sys
import unittest

from cli_support import BINARY, MINILM, MODEL, ROOT, CliTestCase, needs_minilm, needs_model
from serve_support import Server

SECONDS = 40
STATUS_SKIPPED = 77


@needs_model
class OpenApi(CliTestCase):
    def test_is_served_to_anybody(self):
        keys = self.home / "keys"
        keys.write_text("0123456789abcdef\n", encoding="utf-8")
        server = Server(self, "-m", "smollm2", "--api-key-file", keys)
        self.assertEqual(server.ask("GET", "/v1/models")[0], 401)
        for name in ("openapi.yaml", "openapi-requests.yaml", "openapi-llama-cpp.yaml", "openapi-answers.yaml", "openapi-models.yaml", "openapi-routes.yaml", "openapi-privacy.yaml"):
            connection = server.connect()
            self.addCleanup(connection.close)
            connection.request("GET", f"/{name}")
            response = connection.getresponse()
            self.assertEqual((response.status, response.getheader("content-type")), (200, "application/yaml"))
            self.assertEqual(response.read(), (ROOT / "src/page/files" / name).read_bytes())

    @needs_minilm
    def test_is_true(self):
        env = {**os.environ, "HEARTH_BINARY": BINARY, "HEARTH_TEST_MODEL": MODEL, "HEARTH_TEST_MINILM": MINILM}
        done = subprocess.run([sys.executable, ROOT / "tools/check_openapi", "--seconds", str(SECONDS)], env=env, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode == STATUS_SKIPPED:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
