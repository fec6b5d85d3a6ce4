#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web page of hearth serve in Chromium, with the real model: what people do there, by mouse, by keyboard, on a phone and with a
screen reader; that nothing is stored and nobody else is asked. Skipped where no browser can be had."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from cli_support import CliTestCase, needs_model
from serve_test import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
TINY = ROOT / "tests/golden/tiny/llama.gguf"
CHROMIUM = shutil.which("chromium")
KEY = "a-key-that-is-long-enough"
VIEWS = ("chat", "models", "activity")

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


@needs_model
class Chat(PageTestCase):
    def test_streams_and_says_what_it_took(self):
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.set_fields(temperature=0, tokens=48)
        self.page.evaluate("""() => {
            window.lengths = [];
            new MutationObserver(() => window.lengths.push(document.querySelector(".answer .text")?.textContent.length ?? 0))
                .observe(document.getElementById("messages"), {childList: true, subtree: true, characterData: true});
        }""")
        self.send("Name three colours.")
        answer = self.last_answer()
        self.assertGreater(len(set(self.page.evaluate("window.lengths"))), 5)  # it came piece by piece
        status, same = self.server.chat("Name three colours.", model="smollm2", temperature=0, max_tokens=48)
        self.assertEqual(status, 200)
        answer.get_by_role("button", name="Copy the answer").click()
        self.assertEqual(self.page.evaluate("navigator.clipboard.readText()"), same["choices"][0]["message"]["content"])
        facts = answer.locator(".facts").inner_text()
        self.assertIn("On this device — smollm2", facts)
        self.assertRegex(facts, r"first token after [\d.]+ m?s")
        self.assertRegex(facts, r"[\d.]+ tokens/s")
        self.assertIn(f"{same['usage']['prompt_tokens']} tokens read", facts)
        self.assertIn(f"{same['usage']['completion_tokens']} tokens written", facts)

    def test_a_talk_is_sent_whole(self):
        self.set_fields(system="You are brief.", temperature=0, tokens=8, seed=5)
        for text in ("Hello!", "And again?"):
            self.send(text)
            self.last_answer()
        first, second = self.chat_bodies()
        self.assertEqual([message["role"] for message in second["messages"]], ["system", "user", "assistant", "user"])
        self.assertEqual(second["messages"][:2], first["messages"])
        second.pop("messages")  # no model was chosen: the server's default answers
        self.assertEqual(second, {"temperature": 0, "max_tokens": 8, "seed": 5, "stream": True, "stream_options": {"include_usage": True}})
        self.page.click("#new-chat")
        self.send("Anew.")
        self.last_answer()
        self.assertEqual(len(self.chat_bodies()[2]["messages"]), 2)

    def test_stop_by_escape_and_by_button(self):
        for stop in (lambda: self.page.keyboard.press("Escape"), lambda: self.page.click("#stop")):
            self.send("Tell me a very long story about a lighthouse.")
            self.page.wait_for_selector(".turn:last-child .text :text('e')")
            self.assertFalse(self.page.is_visible("#send"))
            stop()
            self.assertIn("stopped by you", self.last_answer().inner_text())
            self.assertTrue(self.page.is_visible("#send"))
        self.assertEqual(self.server.chat("Hi", model="smollm2", max_tokens=2)[0], 200)

    def test_answer_again_and_edit(self):
        self.set_fields(tokens=8)
        self.send("One.")
        self.last_answer().get_by_role("button", name="Answer again").click()
        self.page.wait_for_selector(".answer[aria-busy=true]")
        self.last_answer()
        self.page.get_by_role("button", name="Edit your message").click()
        field = self.page.get_by_role("textbox", name="Edit your message")
        self.assertEqual(field.input_value(), "One.")
        self.page.keyboard.press("Escape")
        self.assertEqual(self.page.locator(".bubble").inner_text(), "One.")
        self.page.get_by_role("button", name="Edit your message").click()
        field.fill("Two.")
        field.press("Enter")
        self.last_answer()
        self.assertEqual(self.page.locator(".turn").count(), 1)
        self.assertEqual([body["messages"] for body in self.chat_bodies()],
                         [[{"role": "user", "content": text}] for text in ("One.", "One.", "Two.")])

    def test_json_by_a_schema(self):
        schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}, "people": {"type": "integer", "minimum": 1, "maximum": 99999999}},
                  "required": ["city", "people"]}
        self.page.click("#open-settings")
        self.page.get_by_role("switch", name="Answer as JSON that fits a schema").check()
        self.assertEqual(self.page.inner_text("#schema-state"), "Valid JSON.")
        self.page.fill("#schema", '{"type": ')
        self.assertIn("not JSON yet", self.page.inner_text("#schema-state"))
        self.assertEqual(self.page.get_attribute("#schema", "aria-invalid"), "true")
        self.send("Berlin?")
        self.assertEqual(self.chat_bodies(), [])  # nothing is sent before the schema is mended
        self.assertEqual(self.page.input_value("#question"), "Berlin?")
        self.page.fill("#schema", json.dumps(schema))
        self.assertEqual(self.page.get_attribute("#schema", "aria-invalid"), "false")
        self.page.click("#close-settings")
        self.assertTrue(self.page.is_visible("#schema-chip"))
        self.send("Berlin has four million people. As JSON:")
        answer = self.last_answer()
        self.assertEqual(self.chat_bodies()[0]["response_format"],
                         {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}})
        text = answer.locator("pre").inner_text()
        self.assertEqual(list(json.loads(text)), ["city", "people"])
        self.assertRegex(text, r'^\{\n  "city": ".*",\n  "people": \d+\n\}$')
        self.assertIn("valid", answer.locator("figcaption").inner_text())

    def test_json_is_shown_as_it_was_written(self):
        """Numbers that JavaScript would round, what is in strings, and half a document."""
        self.page.goto(f"{self.origin}/#/chat")
        pretty = self.page.evaluate("""async () => {
            const {pretty_json} = await import("/json_text.js");
            return ['{"a":12345678901234567890,"b":[1,{}, [ ]],"c":"{,\\\\"}"}', '[1,{"a":"b'].map(pretty_json);
        }""")
        self.assertEqual(pretty[0], '{\n  "a": 12345678901234567890,\n  "b": [\n    1,\n    {},\n    []\n  ],\n  "c": "{,\\"}"\n}')
        self.assertEqual(pretty[1], '[\n  1,\n  {\n    "a": "b')

    def test_another_model(self):
        self.page.wait_for_selector("#model option[value=tiny]", state="attached")
        self.page.select_option("#model", "tiny")
        self.set_fields(tokens=4)
        self.send("Hello!")
        self.last_answer()
        self.assertEqual(self.chat_bodies()[0]["model"], "tiny")
        self.page.reload()
        self.page.wait_for_selector("#model option[value=tiny]", state="attached")
        self.assertEqual(self.page.input_value("#model"), "tiny")  # the last choice is remembered

    def test_adapters_are_models(self):
        page = self.open()
        page.route("**/v1/models", lambda route: route.fulfill(json={"data": [{"id": "smollm2"}, {"id": "smollm2+pirate"}]}))
        self.answer_with("Arr!", page=page, hearth={"route": {"target": "local", "reason": "the only target"}})
        page.goto(f"{self.origin}/#/models")
        page.reload()
        page.locator(".card", has_text="pirate").get_by_role("button").click()
        self.assertEqual(page.input_value("#model"), "smollm2+pirate")
        self.send("Hello!", page)
        self.assertIn("On this device — smollm2: the only target", self.last_answer(page).inner_text())
        self.assertEqual(self.chat_bodies()[-1]["model"], "smollm2+pirate")

    def test_nothing_is_stored(self):
        self.send("A secret that stays here.")
        self.last_answer()
        self.page.click("#theme")
        self.page.reload()
        self.page.wait_for_selector("#welcome", state="visible")
        self.assertEqual(self.page.locator(".turn").count(), 0)
        stored = self.page.evaluate("async () => ({local: Object.keys(localStorage), session: Object.keys(sessionStorage),"
                                    " databases: await indexedDB.databases(), caches: await caches.keys(), cookie: document.cookie})")
        self.assertLessEqual(set(stored.pop("local")), {"theme", "model"})
        self.assertEqual(stored, {"session": [], "databases": [], "caches": [], "cookie": ""})

    def test_errors_are_shown_as_the_server_says_them(self):
        self.set_fields(tokens=99999999)
        self.send("Hello!")
        alert = self.last_answer().get_by_role("alert")
        status, refused = self.server.chat("Hello!", model="smollm2", max_tokens=99999999)
        self.assertEqual(status, 400)
        self.assertEqual(alert.inner_text(), refused["error"]["message"])
        self.set_fields(tokens=4)
        self.send("Are you there?")  # the turn that failed is not part of the talk
        self.last_answer()
        self.assertEqual(len(self.chat_bodies()[-1]["messages"]), 1)
        self.page.context.set_offline(True)
        self.send("And now?")
        self.assertIn("does not answer", self.last_answer().get_by_role("alert").inner_text())

    def test_a_stream_that_breaks_off(self):
        self.page.route("**/v1/chat/completions", lambda route: route.fulfill(
            content_type="text/event-stream", body=stream("Half an ans").removesuffix("data: [DONE]\n\n")))
        self.send("Hello!")
        answer = self.last_answer()
        self.assertIn("Half an ans", answer.inner_text())
        self.assertIn("broke off", answer.get_by_role("alert").inner_text())

    def test_what_a_model_writes_is_text(self):
        self.answer_with(*[MARKDOWN[at:at + 7] for at in range(0, len(MARKDOWN), 7)])
        self.send("Write Markdown.")
        text = self.last_answer().locator(".text")
        self.assertEqual(text.locator("script, img, a, b").count(), 0)
        self.assertIn('<script>document.body.textContent = ""</script>', text.inner_text())
        for selector, shown in (("h3", "Title"), ("strong", "bold"), ("em", "slanted"), ("p > code", "code"), ("ol > li", "one"), ("ol ul li", "inside"),
                                ("pre", "<b>not bold</b>"), ("td", "1"), ("blockquote", "said")):
            self.assertIn(shown, text.locator(selector).first.inner_text(), selector)
        self.assertIn("2*3*4 and a [link](https://example.org)", text.inner_text())
        self.assertEqual(text.locator("ol > li").count(), 2)

    def test_odd_markdown_is_shown_in_time(self):
        for odd in (">" * 20000, "`" * 4999, "**a " * 1200, "* " * 5000, "\n".join(" " * at + "- a" for at in range(300)), "|a" * 3000 + "\n" + "|-" * 3000):
            took_ms = self.page.evaluate("""async (text) => {
                const {MarkdownBox} = await import("/markdown.js");
                const box = document.createElement("div"), started = performance.now();
                new MarkdownBox(box).show(text);
                return [performance.now() - started, box.textContent.length];
            }""", odd)
            self.assertLess(took_ms[0], 500, odd[:20])
            self.assertGreater(took_ms[1], 0, odd[:20])

    def test_thoughts_are_apart(self):
        self.page.route("**/v1/chat/completions", lambda route: route.fulfill(content_type="text/event-stream", body=(
            'data: {"choices": [{"delta": {"reasoning_content": "Hmm."}}]}\n\n' + stream("Yes."))))
        self.send("Well?")
        answer = self.last_answer()
        self.assertEqual(answer.locator(".text").inner_text(), "Yes.")
        answer.get_by_text("Thoughts").click()
        self.assertTrue(answer.get_by_text("Hmm.").is_visible())


@needs_model
class Access(PageTestCase):
    """For everybody: by keyboard, with a screen reader, on a phone."""

    def focused(self):
        return self.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim().slice(0, 40)")

    def tab_to(self, wanted):
        for _ in range(40):
            self.page.keyboard.press("Tab")
            outline = self.page.evaluate("""() => {
                if (document.activeElement === document.body) return true;  // behind the last element
                const style = getComputedStyle(document.activeElement), box = getComputedStyle(document.activeElement.closest(".composer") ?? document.body);
                return document.activeElement.matches(":focus-visible") && (style.outlineStyle !== "none" || box.boxShadow !== "none");
            }""")
            self.assertTrue(outline, f"no visible focus at {self.focused()}")
            if self.focused() == wanted:
                return
        self.fail(f"Tab does not reach {wanted}")

    def test_by_keyboard_alone(self):
        self.page = self.open("models")
        self.page.keyboard.press("Tab")
        self.assertEqual(self.focused(), "Skip to the content")
        self.page.keyboard.press("Enter")
        self.assertEqual(self.focused(), "content")
        self.tab_to("to-chat")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#view-chat", state="visible")
        self.assertEqual(self.focused(), "chat-heading")
        self.tab_to("open-settings")
        self.page.keyboard.press("Enter")
        self.assertEqual(self.focused(), "settings-heading")
        self.tab_to("tokens")
        self.page.keyboard.type("400")
        self.page.keyboard.press("Escape")
        self.assertFalse(self.page.is_visible("#settings"))
        self.assertEqual(self.focused(), "open-settings")
        self.page.keyboard.press("Shift+Tab")
        self.assertEqual(self.focused(), "question")
        self.page.keyboard.type("Tell me a long")
        self.page.keyboard.press("Shift+Enter")
        self.page.keyboard.type("story.")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".answer .text :text('e')")
        self.page.keyboard.press("Escape")
        self.last_answer()
        self.assertEqual(self.chat_bodies()[0]["messages"][-1]["content"], "Tell me a long\nstory.")
        self.assertEqual(self.focused(), "question")
        self.page.evaluate("document.querySelector('.brand').focus()")
        self.tab_to("to-models")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#models .card")
        self.assertEqual(self.focused(), "models-heading")
        self.assertEqual(self.page.title(), "Models – hearth")
        self.tab_to("refresh-models")
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")  # chat with the first one
        self.page.wait_for_selector("#view-chat", state="visible")
        self.assertEqual(self.page.input_value("#model"), "smollm2")
        self.assertEqual(self.page.locator(".turn").count(), 1)

    def test_a_screen_reader_hears_sentences(self):
        self.page.evaluate("""() => {
            window.said = [];
            new MutationObserver((changes) => changes.forEach(({addedNodes}) => addedNodes.forEach((node) => window.said.push(node.textContent))))
                .observe(document.getElementById("announcer"), {childList: true});
        }""")
        self.set_fields(tokens=200, temperature=0)
        self.send("Explain in ten sentences how bread is made.")
        self.last_answer()
        said = self.page.evaluate("window.said")
        tokens = self.server.chat("Explain in ten sentences how bread is made.", model="smollm2", max_tokens=200, temperature=0)[1]
        bare = lambda text: "".join(text.split()).translate({ord(mark): None for mark in "*`#>"})
        self.assertEqual(bare("".join(said)), bare(tokens["choices"][0]["message"]["content"]))
        self.assertLess(len(said), tokens["usage"]["completion_tokens"] / 8)
        for region in ("banner", "navigation", "main"):
            self.assertEqual(self.page.get_by_role(region).count(), 1, region)

    def test_narrow_screens_scroll_down_only(self):
        for width in (360, 320):  # a phone, and a wide screen at 400 %
            self.check_narrow(width)

    def check_narrow(self, width):
        page = self.open(viewport={"width": width, "height": 640}, has_touch=True)
        self.fake_metrics(page)
        page.reload()
        self.answer_with(MARKDOWN, page=page)

        def check(what):
            self.assertEqual(page.evaluate("document.documentElement.scrollWidth"), width, (what, width))
            small = page.evaluate("""() => [...document.querySelectorAll("button, a, select, input, summary")].filter((one) => {
                const {width, height} = one.getBoundingClientRect();
                return one.checkVisibility() && !one.matches(".skip") && width > 0 && (width < 24 || height < 18);
            }).map((one) => one.outerHTML)""")
            self.assertEqual(small, [], what)
        check("welcome")
        page.fill("#question", "Long " + "word" * 60)
        page.click("#send")
        self.last_answer(page)
        check("answer")
        page.click("#open-settings")
        page.check("#schema-on")
        check("settings")
        self.assertTrue(page.evaluate("document.getElementById('settings').matches(':modal')"))
        page.click("#close-settings")
        check("chip")
        for view in VIEWS[1:]:
            page.click(f"#to-{view}")
            page.wait_for_selector(f"#view-{view} .card")
            check(view)

    def assert_accessible(self, page, what):
        from axe_playwright_python.sync_playwright import Axe
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
        self.assertEqual(len(ids), len(set(ids)), sorted(ids))
        page.wait_for_timeout(250)  # colours that change slowly
        found = Axe().run(page).response["violations"]
        self.assertEqual([(what, one["id"], one["impact"], one["nodes"][0]["html"]) for one in found], [])

    def test_axe_finds_nothing(self):
        for scheme in ("light", "dark"):
            page = self.open(color_scheme=scheme)
            self.fake_metrics(page)
            page.reload()
            self.answer_with(MARKDOWN, page=page, usage={"prompt_tokens": 9, "completion_tokens": 90})
            self.assert_accessible(page, f"{scheme} welcome")
            self.send("Write Markdown.", page)
            self.last_answer(page)
            self.assert_accessible(page, f"{scheme} answer")
            page.get_by_role("button", name="Edit your message").click()
            self.assert_accessible(page, f"{scheme} edit")
            page.click("#open-settings")
            page.check("#schema-on")
            self.assertEqual(page.get_by_role("dialog", name="Settings").count(), 1)
            page.fill("#temperature", "99")
            page.fill("#schema", "[")
            self.assert_accessible(page, f"{scheme} settings")
            page.evaluate("import('/key.js').then((module) => { module.ask_for_key('Wrong.'); })")
            self.assert_accessible(page, f"{scheme} key")
            page.click("#key-cancel")
            for view in VIEWS[1:]:
                page.click(f"#to-{view}")
                page.wait_for_selector(f"#view-{view} .card")
                for table in page.locator(f"#view-{view} summary").all():
                    table.click()
                self.assert_accessible(page, f"{scheme} {view}")

    def test_themes(self):
        paper = "getComputedStyle(document.body).backgroundColor"
        dark = self.open(color_scheme="dark")
        self.assertNotEqual(dark.evaluate(paper), self.page.evaluate(paper))
        dark.click("#theme")  # as the system has it -> light
        self.assertEqual(dark.evaluate(paper), self.page.evaluate(paper))
        dark.reload()
        self.assertEqual(dark.evaluate(paper), self.page.evaluate(paper))
        dark.click("#theme")
        self.assertEqual(dark.get_attribute("html", "data-theme"), "dark")
        still = self.open(reduced_motion="reduce")
        still.evaluate("document.getElementById('messages').innerHTML = '<p class=dots><i></i></p>'")
        self.assertEqual(still.evaluate("getComputedStyle(document.querySelector('.dots i')).animationName"), "none")


@needs_model
class Views(PageTestCase):
    def test_models(self):
        self.page.click("#to-models")
        self.page.wait_for_selector("#models .card")
        self.assertEqual(self.page.locator("#models h2").all_inner_texts(), ["smollm2", "tiny"])
        details = {"family": "llama", "parameter_size": "134.5M", "quantization_level": "Q4_1"}
        model = {"name": "smollm2:latest", "model": "smollm2:latest", "size": 98362432, "details": details}
        self.page.route("**/api/tags", lambda route: route.fulfill(json={"models": [model]}))
        self.page.route("**/api/ps", lambda route: route.fulfill(json={"models": [{**model, "size": 134000000}]}))
        self.page.click("#refresh-models")
        self.page.wait_for_selector(".badge.on")
        card = self.page.locator(".card", has_text="smollm2").inner_text()
        for shown in ("Loaded", "98 MB", "134 MB", "Q4_1", "134.5M", "llama"):
            self.assertIn(shown, card)
        self.assertIn("2 installed, 1 in memory.", self.page.inner_text("#models-status"))

    def test_activity(self):
        page = self.open()
        page.context.route("**/metrics", lambda route: route.fulfill(status=404, json={"error": {"message": "no"}}))
        page.goto(f"{self.origin}/#/activity")
        page.reload()
        page.wait_for_selector("#view-chat", state="visible")
        self.assertFalse(page.is_visible("#to-activity"))  # where there are no metrics, there is no view of them
        page.context.unroute_all()
        self.fake_metrics(page)
        page.reload()
        page.wait_for_selector("#view-activity .line-2[d*=L]", state="attached")
        page.wait_for_selector("#charts .chart:nth-child(3) :text('150 ms')")  # half of ten between 0.1 s and 0.2 s
        shown = page.inner_text("#view-activity")
        for text in ("195 ms", "64 of 256", "1,000 (25 %)", "Running\n2", "Waiting\n1", "Median\n10 ms", "models\t401\t3"):
            self.assertIn(text, shown)
        self.assertIn("Running 2, Waiting 1", page.locator("#charts svg").nth(1).get_attribute("aria-label"))
        page.get_by_text("As a table").nth(1).click()
        self.assertIn("now\t2\t1", page.locator("#charts .chart").nth(1).inner_text())
        page.click("#pause")
        page.wait_for_timeout(1200)
        count = len(self.requests)
        page.wait_for_timeout(2200)
        self.assertEqual(len(self.requests), count)
        page.click("#pause")
        page.wait_for_timeout(2200)
        self.assertGreater(len(self.requests), count)

    def test_quantiles(self):
        values = self.page.evaluate("""async () => {
            const {buckets, parse_metrics, quantile, sum} = await import("/metrics.js");
            const text = (a, b, c) => `h_bucket{x="1",le="1"} ${a}\\nh_bucket{x="2",le="1"} ${a}\\nh_bucket{le="2"} ${b}\\nh_bucket{le="+Inf"} ${c}\\nn{a="\\\\"}"} 2\\nn 3`;
            const before = buckets(parse_metrics(text(5, 10, 10)), "h"), after = buckets(parse_metrics(text(10, 30, 40)), "h");
            return [quantile(0.5, before, after), quantile(0.99, before, after), quantile(0.5, after, after), sum(parse_metrics(text(1, 1, 1)), "n")];
        }""")
        self.assertEqual(values, [1.5, 2, None, 5])


@needs_model
class Keys(PageTestCase):
    @classmethod
    def more_arguments(cls):
        keys = cls.home / "keys"
        keys.write_text(KEY + "\n", encoding="utf-8")
        return ["--api-key-file", keys]

    def give(self, key, keeps=False):
        self.page.get_by_role("dialog", name="This server asks for a key").wait_for()
        self.page.fill("#key", key)
        self.page.set_checked("#key-keep", keeps)
        self.page.keyboard.press("Enter")

    def test_asked_for_and_kept_in_memory(self):
        self.give("a-key-that-is-wrong-here")
        self.page.wait_for_selector("#key-problem:text('not known')")
        self.give(KEY)
        self.page.wait_for_selector("#model option[value=smollm2]", state="attached")
        self.set_fields(tokens=4)
        self.send("Hello!")
        self.assertIn("On this device", self.last_answer().inner_text())
        self.assertEqual(self.page.evaluate("Object.keys(sessionStorage).concat(Object.keys(localStorage))"), [])
        self.page.reload()
        self.give(KEY, keeps=True)
        self.page.wait_for_selector("#model option[value=smollm2]", state="attached")
        self.page.reload()
        self.page.wait_for_selector("#model option[value=smollm2]", state="attached")
        self.assertFalse(self.page.is_visible("#key-dialog"))
        self.assertEqual(self.page.evaluate("Object.keys(localStorage)"), [])

    def test_without_one(self):
        self.page.wait_for_selector("#key-dialog[open]")
        self.page.keyboard.press("Escape")
        self.send("Hello!")
        self.page.wait_for_selector("#key-dialog[open]")
        self.page.click("#key-cancel")
        self.assertIn("key: is missing", self.last_answer().get_by_role("alert").inner_text())
        self.set_fields(tokens=4)
        self.page.get_by_role("button", name="Answer again").click()
        self.give(KEY)
        self.assertIn("On this device", self.last_answer().inner_text())
        self.page.wait_for_selector("#model option[value=smollm2]", state="attached")


@needs_model
class Files(CliTestCase):
    """Over HTTP, without a browser."""

    def test_headers_and_cache(self):
        keys = self.home / "keys"
        keys.write_text(KEY + "\n", encoding="utf-8")
        server = Server(self, "-m", "smollm2", "--api-key-file", keys)

        def ask(method, path, **headers):
            connection = server.connect()
            self.addCleanup(connection.close)
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response, response.read()
        for path, kind in (("/", "text/html"), ("/main.js", "text/javascript"), ("/chat.css", "text/css"), ("/icon.svg", "image/svg+xml"), ("/?x=1", "text/html")):
            response, body = ask("GET", path)
            self.assertEqual(response.status, 200)
            self.assertTrue(response.getheader("content-type").startswith(kind))
            policy = response.getheader("content-security-policy")
            for rule in ("default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"):
                self.assertIn(rule, policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(response.getheader("x-content-type-options"), "nosniff")
            self.assertEqual(response.getheader("referrer-policy"), "no-referrer")
            self.assertEqual(response.getheader("cache-control"), "no-cache")
            head, nothing = ask("HEAD", path)
            self.assertEqual((head.status, nothing, int(head.getheader("content-length"))), (200, b"", len(body)))
            again, nothing = ask("GET", path, **{"If-None-Match": response.getheader("etag")})
            self.assertEqual((again.status, nothing), (304, b""))
            self.assertEqual(ask("GET", path, **{"If-None-Match": '"other"'})[0].status, 200)
        self.assertEqual(ask("POST", "/")[0].status, 401)
        self.assertEqual(ask("GET", "/nothing.js")[0].status, 401)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def go_on_in_browser_python():
    """Starts again in the Python that has Playwright."""
    if not CHROMIUM:
        skip("there is no chromium here; tools/install_deps test installs it")
    made = subprocess.run([ROOT / "tools/browser_python"], stdout=subprocess.PIPE, text=True)
    if made.returncode != 0:
        skip("Playwright cannot be installed (tools/browser_python)")
    python = made.stdout.strip()
    os.execv(python, [python, *sys.argv])


if __name__ == "__main__":
    if not importlib.util.find_spec("playwright"):
        go_on_in_browser_python()
    unittest.main()
