#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The web page of hearth serve for everybody: by keyboard alone, with a screen reader, on a phone, in light and dark; and the views
beside the chat. Skipped where no browser can be had."""

from cli_support import needs_model
from web_page_support import MARKDOWN, PageTestCase, main

VIEWS = ("chat", "models", "activity", "privacy")


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
        page.wait_for_selector("#charts .chart:nth-child(2) table tr:has-text('now')")
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


if __name__ == "__main__":
    main()
