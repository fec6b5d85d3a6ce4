#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page's view of privacy: the ledger, consent with the bytes of a report, erasing; by pointer and by keyboard. What it says is true
of the files. Skipped where no browser can be had."""

import json
import shutil
import subprocess

from cli_ledger_test import LedgerFiles
from cli_support import BINARY, needs_model
from serve_support import Server
from web_page_support import PageTestCase, main

ENDPOINT = "http://127.0.0.1:4318"


@needs_model
class Privacy(LedgerFiles, PageTestCase):
    def setUp(self):
        self.state = self.home / ".local/state/hearth"
        for path in self.state.iterdir() if self.state.exists() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.make_key()
        for name in ("2026-01-01T00-00-00-aaaa", "2026-01-02T00-00-00-bbbb"):
            for ending in ("key", "rows"):
                path = self.state / "conversations" / f"{name}.{ending}"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(b"x" * 84)
        super().setUp()

    def privacy(self, **options):
        page = self.open("privacy", **options)
        page.wait_for_selector("#privacy-parts", state="visible")
        return page

    def test_nothing_left_nothing_sent(self):
        page = self.privacy()
        self.assertEqual(page.title(), "Privacy – hearth")
        self.assertEqual(page.inner_text("#ledger-summary"), "Nothing. No message has left this machine.")
        self.assertFalse(page.is_visible("#ledger-frame"))
        self.assertIn("you have not agreed", page.inner_text("#telemetry-summary"))
        self.assertFalse(page.is_checked("#telemetry-on"))
        page.click("#view-privacy summary")
        report = json.loads(page.inner_text("#telemetry-report"))
        self.assertEqual(list(report), ["resourceMetrics"])

    def test_the_ledger(self):
        self.write_ledger(130)
        page = self.privacy()
        rows = page.locator("#ledger tr")
        self.assertEqual(rows.count(), 100)
        self.assertIn("edge.example:443", rows.first.inner_text())
        self.assertIn("EMAIL=1", rows.first.inner_text())
        self.assertIn("The last 100", page.inner_text("#ledger-summary"))
        (self.state / "seal.key").write_bytes(bytes(32))
        page.click("#refresh-privacy")
        page.wait_for_selector("#ledger-summary:has-text('is another one')")

    def test_consent_and_withdrawal(self):
        page = self.privacy()
        page.click("#telemetry-on")
        page.wait_for_selector("#privacy-status:has-text('--endpoint')")  # no address: said, and still off
        self.assertFalse(page.is_checked("#telemetry-on"))
        self.assertFalse((self.state / "telemetry").exists())
        page.fill("#telemetry-endpoint", ENDPOINT)
        page.click("#telemetry-on")
        page.wait_for_selector("#privacy-status:has-text('Telemetry is on')")
        self.assertTrue(page.is_checked("#telemetry-on"))
        self.assertIn(ENDPOINT, page.inner_text("#telemetry-summary"))
        page.click("#view-privacy summary")
        shown = page.inner_text("#telemetry-report")
        told = subprocess.run([BINARY, "telemetry", "preview"], env=self.env, capture_output=True, text=True, check=True).stdout
        self.assertEqual(shown.strip(), told.strip())
        page.click("#telemetry-on")
        page.wait_for_selector("#privacy-status:has-text('Telemetry is off')")
        self.assertFalse((self.state / "telemetry").exists())

    def test_erasing_asks_first(self):
        page = self.privacy()
        self.assertIn("2 chats", page.inner_text("#kept"))
        page.get_by_role("button", name="Erase 2 chats").click()
        page.click("#erase-cancel")
        self.assertEqual(len(list((self.state / "conversations").glob("*.rows"))), 2)
        page.get_by_role("button", name="Erase 2 chats").click()
        page.click("#erase-confirm")
        page.wait_for_selector("#privacy-status:has-text('Erased.')")
        self.assertIn("No chats", page.inner_text("#kept"))
        self.assertEqual(list((self.state / "conversations").iterdir()), [])

    def test_by_keyboard(self):
        page = self.privacy()

        def focused():
            return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")

        def tab_to(wanted):
            for _ in range(40):
                page.keyboard.press("Tab")
                self.assertTrue(page.evaluate("document.activeElement === document.body || document.activeElement.matches(':focus-visible')"))
                if focused() == wanted:
                    return
            self.fail(f"Tab does not reach {wanted}")
        tab_to("telemetry-endpoint")
        page.keyboard.type(ENDPOINT)
        page.keyboard.press("Shift+Tab")
        self.assertEqual(focused(), "telemetry-on")
        page.keyboard.press("Space")
        page.wait_for_selector("#privacy-status:has-text('Telemetry is on')")
        tab_to("erase-all")
        page.keyboard.press("Enter")
        self.assertEqual(focused(), "erase-heading")
        page.keyboard.press("Escape")
        self.assertEqual(focused(), "erase-all")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        self.assertEqual(focused(), "erase-confirm")
        page.keyboard.press("Enter")
        page.wait_for_selector("#privacy-status:has-text('Erased.')")
        self.assertEqual(focused(), "erase-all")
        self.assertFalse((self.state / "telemetry").exists())

    def test_axe_finds_nothing_with_all_that_can_be_shown(self):
        from axe_playwright_python.sync_playwright import Axe
        self.write_ledger(3)
        for scheme in ("light", "dark"):
            for viewport in ({"width": 1200, "height": 800}, {"width": 320, "height": 640}):
                page = self.privacy(color_scheme=scheme, viewport=viewport)
                page.click("#view-privacy summary")
                self.assertEqual(page.evaluate("document.documentElement.scrollWidth"), viewport["width"])
                page.wait_for_timeout(250)
                found = Axe().run(page).response["violations"]
                self.assertEqual([(one["id"], one["nodes"][0]["html"]) for one in found], [])
                page.click("#erase-all")
                found = Axe().run(page).response["violations"]
                self.assertEqual([(one["id"], one["nodes"][0]["html"]) for one in found], [])

    def test_a_server_for_others_shows_nothing(self):
        keys = self.home / "keys"
        keys.write_text("0123456789abcdef\n", encoding="utf-8")
        server = Server(self, "-m", "tiny", "--host", "0.0.0.0", "--api-key-file", keys)
        key = {"authorization": "Bearer 0123456789abcdef"}
        self.assertEqual(server.ask("GET", "/v1/privacy")[0], 401)
        for method, path, body in (("GET", "/v1/privacy", None), ("POST", "/v1/privacy/forget", {"what": "all"}), ("POST", "/v1/privacy/telemetry", {"on": True})):
            status, document = server.ask(method, path, body, key)
            self.assertEqual((status, document["error"]["code"]), (403, "refused"))
        self.assertEqual(len(list((self.state / "conversations").glob("*.rows"))), 2)

    def test_what_cannot_be_meant(self):
        for path, body in (("/v1/privacy/forget", {"what": "everything"}), ("/v1/privacy/forget", {"what": "lost"}), ("/v1/privacy/forget", {}),
                           ("/v1/privacy/telemetry", {"on": "yes"}), ("/v1/privacy/telemetry", {"on": True, "endpoint": "ftp://x"}),
                           ("/v1/privacy/telemetry", {"on": True, "more": 1})):
            status, document = self.server.ask("POST", path, body)
            self.assertEqual(status, 400, (body, document))
        status, document = self.server.ask("POST", "/v1/privacy/forget", {"what": "all"}, {"origin": "https://elsewhere.example"})
        self.assertEqual(status, 403)
        self.assertEqual(len(list((self.state / "conversations").glob("*.rows"))), 2)


if __name__ == "__main__":
    main()
