# SPDX-License-Identifier: Apache-2.0
"""For tests of the web page: a server with the real model, Chromium beside it, and what people do there."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import unittest

from cli_support import ROOT, CliTestCase
from serve_support import Server

TINY = ROOT / "tests/golden/tiny/llama.gguf"
CHROMIUM = shutil.which("chromium")

METRICS = """# HELP hearth_requests_total Requests.
# TYPE hearth_requests_total counter
hearth_requests_total{route="chat",status="200"} 12
hearth_requests_total{route="models",status="401"} 3
hearth_prompt_tokens_total 4000
hearth_cached_tokens_total 1000
hearth_answer_tokens_total %d
hearth_requests_running 2
hearth_requests_waiting 1
hearth_kv_pages_used 64
hearth_kv_pages 256
hearth_models_loaded 1
hearth_first_token_seconds_bucket{le="0.1"} %d
hearth_first_token_seconds_bucket{le="0.2"} %d
hearth_first_token_seconds_bucket{le="+Inf"} %d
hearth_token_gap_seconds_bucket{le="0.02"} %d
hearth_token_gap_seconds_bucket{le="+Inf"} %d
"""

MARKDOWN = """# Title <script>document.body.textContent = ""</script>

Some **bold**, *slanted* and `code` text, 2*3*4 and a [link](https://example.org).
<img src="/none.png" onerror="document.body.textContent = ''">

1. one
   - inside
2. two

```html
<b>not bold</b>

```

| a | b |
|---|---|
| 1 | 2 |

> said

""" + "long" * 100


def stream(*pieces, **last):
    """What the server streams, at once."""
    events = [{"model": "smollm2", "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    events.append({"model": "smollm2", "choices": [], **last})
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


class ForClass:
    """What Server needs of a test case, for one that lasts as long as a class."""

    def __init__(self, test_class):
        self.start_hearth = test_class.start_hearth
        self.addCleanup = test_class.addClassCleanup


class PageTestCase(CliTestCase):
    serve_arguments = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from playwright.sync_api import sync_playwright
        imported = cls.run_hearth("import", TINY, "--name", "tiny")
        assert imported.returncode == 0, imported.stderr
        cls.server = Server(ForClass(cls), "-m", "smollm2", *cls.more_arguments())
        cls.server.wait_ready()
        cls.origin = f"http://127.0.0.1:{cls.server.port}"
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        # Containers forbid the sandbox, which is there for pages of strangers.
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def more_arguments(cls):
        return []

    def setUp(self):
        super().setUp()
        self.requests, self.complaints = [], []
        self.page = self.open()

    def open(self, view="chat", **options):
        """A page in a context of its own; what it asks for and complains of is looked at in the end."""
        context = self.browser.new_context(viewport={"width": 1200, "height": 800}, **options) if "viewport" not in options else self.browser.new_context(**options)
        self.addCleanup(context.close)
        context.set_default_timeout(60_000)
        context.on("request", lambda request: self.requests.append(request))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("console", lambda message: self.complaints.append(message.text)
                   if message.type in ("error", "warning") and "Failed to load resource" not in message.text else None)
        page = context.new_page()
        page.goto(f"{self.origin}/#/{view}")
        return page

    def tearDown(self):
        self.assertTrue(self.requests)
        for request in self.requests:
            self.assertTrue(request.url.startswith(self.origin + "/"), request.url)
        self.assertEqual(self.complaints, [])

    # ---- what people do ----

    def send(self, text, page=None):
        page = page or self.page
        page.fill("#question", text)
        page.press("#question", "Enter")

    def last_answer(self, page=None):
        """The last turn's answer, once it has ended."""
        page = page or self.page
        page.wait_for_selector(".turn:last-child .answer[aria-busy=false]")
        return page.locator(".turn:last-child .answer")

    def set_fields(self, page=None, **fields):
        page = page or self.page
        page.click("#open-settings")
        for name, value in fields.items():
            page.fill(f"#{name}", str(value))
        page.click("#close-settings")

    def chat_bodies(self):
        return [json.loads(request.post_data) for request in self.requests if request.url.endswith("/v1/chat/completions")]

    def answer_with(self, *pieces, page=None, **last):
        (page or self.page).route("**/v1/chat/completions", lambda route: route.fulfill(content_type="text/event-stream", body=stream(*pieces, **last)))

    def fake_metrics(self, page):
        readings = iter(range(1, 1000))

        def answer(route):
            n = next(readings)
            route.fulfill(content_type="text/plain", body=METRICS % (50 * n, 0, 10 * n, 10 * n, 100 * n, 100 * n))
        page.context.route("**/metrics", answer)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def main():
    """Runs the tests, in the Python that has Playwright."""
    if not CHROMIUM:
        skip("there is no chromium here; tools/install_deps test installs it")
    if importlib.util.find_spec("playwright"):
        return unittest.main(module="__main__")
    made = subprocess.run([ROOT / "tools/browser_python"], stdout=subprocess.PIPE, text=True)
    if made.returncode != 0:
        skip("Playwright cannot be installed (tools/browser_python)")
    python = made.stdout.strip()
    os.execv(python, [python, *sys.argv])
