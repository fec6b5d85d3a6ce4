#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web page of hearth serve in Chromium, with the real model: chatting, keys, that nothing is stored and nobody else is asked.
Skipped where no browser can be had."""

import json

from cli_support import CliTestCase, make_adapter, needs_model
from serve_test import Server
from web_page_support import MARKDOWN, PageTestCase, main, stream

KEY = "a-key-that-is-long-enough"


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

    def test_answers_from_elsewhere_say_so(self):
        route = {"target": "edge <b>", "reason": "edge: is expected to be better", "code": "better", "outcome": "answered"}
        self.page.route("**/v1/chat/completions", lambda request: request.fulfill(content_type="text/event-stream", body=stream(
            "Paris.", hearth={"route": route, "confidence": None, "ledger_id": 7, "checks": ["loop"]})))
        self.send("What is the capital of France?")
        text = self.last_answer().inner_text()
        for fragment in ("Not on this device — edge <b>: edge: is expected to be better", "entry 7 of the ledger", "goes round in a circle"):
            self.assertIn(fragment, text)
        self.assertEqual(self.last_answer().locator(".where use").get_attribute("href"), "#icon-away")


@needs_model
class Adapters(PageTestCase):
    """With adapters that change what the real model says, and its real metrics."""

    @classmethod
    def more_arguments(cls):
        for seed in (1, 2):
            make_adapter(cls.home / f"adapters/voice{seed}", seed, alpha=240)
        return ["--adapters", cls.home / "adapters"]

    def test_switching_between_them(self):
        self.set_fields(temperature=0, tokens=12)
        self.page.click("#to-models")
        self.page.locator(".card", has_text="voice1").get_by_role("button").click()
        self.assertEqual(self.page.input_value("#model"), "smollm2+voice1")
        answers = []
        for name in ("smollm2+voice1", "smollm2+voice2", "smollm2"):
            self.page.select_option("#model", name)
            self.send("Why is the sky blue?")
            answer = self.last_answer()
            self.assertIn("On this device — smollm2", answer.inner_text())
            self.assertEqual(self.chat_bodies()[-1]["model"], name)
            _, same = self.server.chat("Why is the sky blue?", model=name, temperature=0, max_tokens=12)
            answers.append(same["choices"][0]["message"]["content"])
            self.assertIn(answers[-1].split("\n")[0].strip()[:20], answer.inner_text())
            self.page.click("#new-chat")
        self.assertEqual(len(set(answers)), 3)

    def test_activity_of_this_server(self):
        self.set_fields(tokens=30)
        self.send("Why is the sky blue?")
        self.last_answer()
        self.page.click("#to-activity")
        self.page.wait_for_selector("#view-activity .line-2[d*=L]", state="attached")
        text = self.server.ask("GET", "/metrics")[1]
        pages = next(line.split()[1] for line in text.splitlines() if line.startswith("hearth_kv_pages{") or line.startswith("hearth_kv_pages "))
        shown = self.page.inner_text("#view-activity")
        self.assertIn(f"of {int(float(pages))}", shown)
        self.assertIn("chat", shown)


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


if __name__ == "__main__":
    main()
