# SPDX-License-Identifier: Apache-2.0
"""For tests of routing: what an endpoint (egress_support.Endpoint) does when it is asked, rightly and wrongly."""

import itertools
import time

LATE_S = 2.0
ANSWER = "It is late."


def answer(question):
    question.begin_events()
    for word in ("It ", "is "):
        question.event(word)
    question.event("late.", finish="stop")
    question.send(b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}\n\n')
    question.done()
    return "close"


def half(question):
    question.begin_events()
    question.event("It ")
    return "close"


def late(question):
    time.sleep(LATE_S)
    return answer(question)


def garbage(question):
    question.begin_events()
    question.send(b"data: {\xff\n\n\0\0data: [DONE\n\n")
    return "close"


def status_500(question):
    question.reply(b'{"error": {"message": "no"}}', status="500 Internal Server Error")


def html(question):
    question.reply(b"<html>log in first</html>", kind="text/html")


def redirect(question):
    question.reply(b"", status="302 Found", Location="http://127.0.0.2:9/elsewhere")


FAULTS = {function.__name__: function for function in (half, late, garbage, status_500, html, redirect)}


def in_turns(*handlers):
    turns = itertools.cycle(handlers)
    return lambda question: next(turns)(question)
