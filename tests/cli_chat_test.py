#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chat: through pipes, and at a pseudo-terminal as a person sees it."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import stat
import struct
import subprocess
import sys
import termios
import time
import unittest

from cli_support import BINARY, CliTestCase, needs_model
from sealed_support import sealed_chats


class Terminal:
    """A hearth at a pseudo-terminal."""

    def __init__(self, arguments, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(BINARY, [BINARY, *arguments], env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self.seen = ""

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side is closed
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, timeout=60):
        """What came up to and with the first match of `pattern`; it is consumed."""
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self.seen)):
            if time.monotonic() > deadline or not self.read(max(0, deadline - time.monotonic())):
                raise AssertionError(f"{pattern!r} did not come: {self.seen!r}")
        text, self.seen = self.seen[:match.end()], self.seen[match.end():]
        return text

    def send(self, text):
        os.write(self.fd, text.encode())

    def finish(self, timeout=20):
        """The exit status."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                self.pid = None
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("it does not end")

    def close(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.fd)


@needs_model
class Pipe(CliTestCase):
    def test_a_line_is_a_message(self):
        out = self.hearth("chat", "-n", "4", "--seed", "1", stdin="Hello.\n\nName a colour.\n")
        self.assertGreaterEqual(out.count("\n"), 2)
        self.assertNotIn(">>>", out)

    def test_json_and_memory_of_the_conversation(self):
        out = self.hearth("chat", "--json", "-n", "6", "--temp", "0", stdin="My name is Ada.\nWhat is my name?\n/bye\nx\n")
        first, second = map(json.loads, out.splitlines())
        self.assertEqual(first["usage"]["cached_tokens"], 0)
        self.assertGreaterEqual(second["usage"]["cached_tokens"], first["usage"]["prompt_tokens"])
        self.assertGreater(second["usage"]["prompt_tokens"], first["usage"]["prompt_tokens"])

    def test_clear_starts_over(self):
        out = self.hearth("chat", "--json", "-n", "4", "--temp", "0", stdin="Hello.\n/clear\nHello.\n")
        first, second = map(json.loads, out.splitlines())
        self.assertEqual(first["text"], second["text"])
        self.assertEqual(first["usage"]["prompt_tokens"], second["usage"]["prompt_tokens"])

    def test_blocks(self):
        out = self.hearth("chat", "--json", "-n", "2", stdin='"""one\ntwo\n"""\n"""three"""\n"""unfinished\n')
        counts = [json.loads(line)["usage"]["prompt_tokens"] for line in out.splitlines()]
        self.assertEqual(len(counts), 3)

    def test_a_bad_turn_does_not_end_the_chat(self):
        done = self.run_hearth("chat", "-n", "3", stdin=b"a\xff\n/nonsense\nHello.\n")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count(b"\n"), 2)
        self.assertIn(b"UTF-8", done.stderr)
        self.assertIn(b"/nonsense", done.stderr)
        self.assertTrue(done.stdout)

    def test_context_overflow_is_told(self):
        done = self.run_hearth("chat", "-c", "60", "-n", "4", stdin="word " * 100 + "\nHello.\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"60", done.stderr)
        self.assertTrue(done.stdout)

    def test_nothing_is_kept(self):
        self.hearth("chat", "-n", "1", stdin="Secret.\n")
        self.assertFalse((self.home / ".local/state").exists())

    def test_interrupt_ends_it(self):
        process = self.start_hearth("chat", "--logit-bias", "2:-inf", "--logit-bias", "0:-inf", stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b"Tell me a story.\n")
        process.stdin.flush()
        os.read(process.stdout.fileno(), 1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)


@needs_model
class AtATerminal(CliTestCase):
    def chat(self, *arguments, command="chat", env=None):
        terminal = Terminal([command, "-n", "4", "--seed", "1", *arguments], {**self.env, **(env or {})})
        self.addCleanup(terminal.close)
        terminal.expect("/help for help")
        terminal.expect(">>> ")
        return terminal

    def setUp(self):
        self.state = self.home / ".local/state/hearth"
        shutil.rmtree(self.state, ignore_errors=True)

    def kept(self):
        """What was typed in all chats, the oldest first, opened as docs/formats/sealed.md says."""
        return [entry for _, entries in sealed_chats(self.state) for entry in entries]

    def test_a_conversation(self):
        terminal = self.chat()
        terminal.send("Hello.\n")
        self.assertTrue(terminal.expect(r"\n>>> ").strip())
        terminal.send("/help\n")
        self.assertIn("/clear", terminal.expect(r"\n>>> "))
        terminal.send("/clear\n")
        terminal.expect(r"started over[^>]*>>> ")
        terminal.send("/nonsense\n")
        terminal.expect(r"unknown command[^>]*>>> ")
        terminal.send("/bye\n")
        self.assertEqual(terminal.finish(), 0)

    def test_run_without_a_prompt_chats(self):
        terminal = self.chat(command="run")
        terminal.send("\x04")  # Ctrl-D
        self.assertEqual(terminal.finish(), 0)

    def test_what_is_typed_ahead_counts(self):
        terminal = Terminal(["chat", "-n", "30"], self.env)
        self.addCleanup(terminal.close)
        terminal.send("Hello.\n")  # before there is a prompt
        terminal.expect(r"Hello.[^>]*\n>>> ")
        terminal.send("Hello.\n")
        terminal.send("\x04")  # while it answers
        self.assertEqual(terminal.finish(), 0)

    def test_blocks(self):
        terminal = self.chat()
        terminal.send('"""one\n')
        terminal.expect(r"\.\.\. ")
        terminal.send('two\n')
        terminal.expect(r"\.\.\. ")
        terminal.send('"""\n')
        terminal.expect(r"\n>>> ")
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.kept(), ["one\ntwo"])

    def test_interrupt_stops_the_answer_only(self):
        terminal = Terminal(["chat", "--logit-bias", "2:-inf", "--logit-bias", "0:-inf"], self.env)
        self.addCleanup(terminal.close)
        terminal.expect(">>> ")
        terminal.send("Tell me a story.\n")
        terminal.expect(r"\n[^\n]{20}")
        terminal.send("\x03")  # Ctrl-C
        terminal.expect(r"\(stopped\)")
        terminal.expect(">>> ")
        terminal.send("half a li")
        terminal.expect("half a li")
        terminal.send("\x03")  # drops the line
        terminal.expect(r"leaves\)")
        terminal.expect(">>> ")
        terminal.send("\x03")
        terminal.expect(">>> ")
        terminal.send("/bye\n")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.kept(), ["Tell me a story."])

    def test_no_interrupt_is_missed(self):
        # Ctrl-C at once after the echo of a key: it may come before the next key is waited for.
        # Busy processes beside it make that likely.
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
        self.addCleanup(lambda: [process.kill() or process.wait() for process in busy])
        terminal = self.chat()
        for _ in range(3000):
            terminal.send("a")
            terminal.expect("a")
            terminal.send("\x03")
            terminal.expect(r"leaves\)[^>]*>>> ")
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)

    def test_history(self):
        terminal = self.chat()
        terminal.send("What is 1+1?\n")
        terminal.expect(r"\n>>> ")
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.kept(), ["What is 1+1?"])
        for path in (self.state / "conversations").iterdir():
            self.assertNotIn(b"1+1", path.read_bytes())
            if path.name != "lock":  # which is empty
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
        terminal = self.chat()
        terminal.send("\x1b[A")  # arrow up
        terminal.expect(re.escape("What is 1+1?"))
        terminal.send("\n")
        terminal.expect(r"\n>>> ")
        terminal.send("/forget\n")
        terminal.expect(r"forgotten[^>]*>>> ")
        self.assertEqual(self.kept(), [])
        terminal.send("\x1b[A\x1b[A")
        time.sleep(0.3)
        terminal.read(0.3)
        self.assertNotIn("1+1", terminal.seen)
        terminal.send("\x15\x04")
        self.assertEqual(terminal.finish(), 0)

    def say(self, *texts, **options):
        terminal = self.chat(**options)
        for text in texts:
            terminal.send(text + "\n")
            terminal.expect(r"\n>>> ")
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)

    def test_each_chat_has_a_key_of_its_own(self):
        self.say("One.")
        self.say("Two.", "Three.")
        self.assertEqual([texts for _, texts in sealed_chats(self.state)], [["One."], ["Two.", "Three."]])
        first, second = (path.read_bytes() for path in sorted((self.state / "conversations").glob("*.key")))
        self.assertNotEqual(first[36:], second[36:])
        self.assertEqual((self.state / "conversations").stat().st_mode & 0o777, 0o700)

    def test_what_was_plain_text_is_sealed_once(self):
        self.state.mkdir(parents=True)
        plain = self.state / "history"
        plain.write_text("one\\ntwo\nC:\\\\x\n")
        os.link(plain, self.home / "other-name")
        self.addCleanup((self.home / "other-name").unlink)
        terminal = Terminal(["chat", "-n", "2"], self.env)
        self.addCleanup(terminal.close)
        terminal.expect(r"hearth: history: \S+/history was plain text; its 2 entries are sealed now")
        terminal.expect(">>> ")
        terminal.send("\x1b[A")
        terminal.expect(re.escape("C:\\x"))
        terminal.send("\x15\x04")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.kept(), ["one\ntwo", "C:\\x"])
        self.assertFalse(plain.exists())
        self.assertEqual((self.home / "other-name").read_bytes().strip(b"\0"), b"")  # it was overwritten
        terminal = self.chat()
        self.assertNotIn("plain text", terminal.seen)
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)

    def test_old_chats_are_forgotten(self):
        self.say("Old.")
        for path in (self.state / "conversations").glob("*.rows"):
            os.utime(path, (time.time() - 10 * 86400,) * 2)
        self.say("New.")
        self.assertEqual(self.kept(), ["Old.", "New."])
        self.say(env={"HEARTH_HISTORY_DAYS": "9"})
        self.assertEqual(self.kept(), ["New."])
        for path in (self.state / "conversations").glob("*.rows"):
            os.utime(path, (time.time() + 10 * 86400,) * 2)  # written before the clock was set back
        self.say(env={"HEARTH_HISTORY_DAYS": "9"})
        self.assertEqual(self.kept(), ["New."])

    def test_a_lost_key_is_told_and_no_obstacle(self):
        self.say("Before.")
        key = self.state / "seal.key"
        old = key.read_bytes()
        for change, fragment in ((key.unlink, "is gone"), (lambda: (key.write_bytes(bytes(32)), key.chmod(0o600)), "is another one")):
            change()
            terminal = Terminal(["chat", "-n", "2"], self.env)
            self.addCleanup(terminal.close)
            terminal.expect(rf"hearth: history: off: key \S+/seal.key: {fragment}[^\n]*cannot be read by anybody[^\n]*hearth forget lost")
            terminal.expect(">>> ")
            terminal.send("\x04")
            self.assertEqual(terminal.finish(), 0)
        key.write_bytes(old)
        self.assertEqual(self.kept(), ["Before."])
        self.say("After.")
        self.assertEqual(self.kept(), ["Before.", "After."])

    def test_a_damaged_chat_is_told(self):
        self.say("Kept.")
        [rows] = (self.state / "conversations").glob("*.rows")
        data = bytearray(rows.read_bytes())
        data[-1] ^= 1
        rows.write_bytes(data)
        terminal = Terminal(["chat", "-n", "2"], self.env)
        self.addCleanup(terminal.close)
        terminal.expect("hearth: history: 1 of 1 chats were changed")
        terminal.expect(">>> ")
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)

    def test_no_history(self):
        for arguments, env in ((["--no-history"], {}), ([], {"HEARTH_HISTORY": "false"})):
            terminal = self.chat(*arguments, env=env)
            terminal.send("Hello.\n")
            terminal.expect(r"\n>>> ")
            terminal.send("\x04")
            self.assertEqual(terminal.finish(), 0)
            self.assertFalse(self.state.exists())

    def test_unwritable_history_is_told_and_no_obstacle(self):
        (self.home / "file").write_text("")
        terminal = Terminal(["chat", "-n", "2"], {**self.env, "XDG_STATE_HOME": str(self.home / "file")})
        self.addCleanup(terminal.close)
        terminal.expect("hearth: history: off")
        terminal.expect(">>> ")
        terminal.send("Hello.\n")
        terminal.expect(r"\n>>> ")
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)

    def test_utf8_editing_without_a_utf8_locale(self):
        terminal = self.chat(env={"LANG": "C"})
        terminal.send("caf\u00e9 \u4f60\u597d \U0001f600x\x7f!\n")  # a character is taken back
        terminal.expect(r"\n>>> ")
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.kept(), ["caf\u00e9 \u4f60\u597d \U0001f600!"])

    def test_the_terminal_is_left_as_it_was(self):
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        process = subprocess.Popen([BINARY, "chat", "-n", "2"], stdin=slave, stdout=slave, stderr=slave, env=self.env)
        seen = b""
        while b">>> " not in seen:
            seen += os.read(master, 65536)
        os.write(master, b"/bye\n")
        process.wait(timeout=20)
        self.assertEqual(termios.tcgetattr(slave), before)
        os.close(master)
        os.close(slave)


if __name__ == "__main__":
    unittest.main()
