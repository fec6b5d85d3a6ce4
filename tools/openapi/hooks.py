# SPDX-License-Identifier: Apache-2.0
"""What tools/check_openapi tells schemathesis: how streams are read, and what no schema says of a request.

What is generated is changed only where it would be refused for another reason than its schema's (a grammar that is none, a model
that is not here), or where its answer would be long: then it is exchanged for something like it. schemathesis looks at the body anew
after that, so that one that is wrong stays wrong.
"""

import json
import re
import zlib

import schemathesis

VOCABULARY = 49152  # tokens of SmolLM2
STORE_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}(:latest)?"
TOKENS_MAX = 2  # of an answer
GRAMMAR = 'root ::= "yes" | "no"'
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "maximum": 9}}, "required": ["a"]}
FORMS = ("response_format", "grammar", "json_schema", "choice")
EMBEDDING_PATHS = ("/v1/embeddings", "/v1/rerank", "/api/embed", "/api/embeddings")


@schemathesis.deserializer("text/event-stream")
def events(_context, response):
    data = [line.removeprefix("data: ") for line in response.content.decode().split("\n\n")]
    return [json.loads(text) for text in data if text not in ("", "[DONE]")]


@schemathesis.deserializer("application/x-ndjson")
def lines(_context, response):
    return [json.loads(line) for line in response.content.decode().splitlines()]


def is_whole(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value)


def choose_creation(body):
    """One further name, of a model that is here, with a template that is one."""
    for field, value in (("model", "made"), ("name", "made"), ("from", "smollm2")):
        if isinstance(body.get(field), str) and re.fullmatch(STORE_NAME, body[field]):
            body[field] = value
    parameters = body.get("parameters")
    if isinstance(parameters, dict) and is_whole(parameters.get("num_ctx")) and 1024 < parameters["num_ctx"] <= 1 << 24:
        parameters["num_ctx"] = 1024  # more than the model has is refused
    if isinstance(body.get("template"), str):
        body["template"] = "{% for message in messages %}{{ message.content }}{% endfor %}"


def choose_model(body, path):
    """Most requests name a model that is here, and what removes one must not remove those."""
    if path == "/api/create":
        return choose_creation(body)
    own = "minilm" if path in EMBEDDING_PATHS else "smollm2"
    if path in ("/v1/embeddings", "/v1/rerank") and body.get("model") is None:
        body["model"] = own  # smollm2 is what none means
    for field in ("model", "name", "source"):
        name = body.get(field)
        if not isinstance(name, str):
            continue
        if path == "/api/delete":
            if name.split(":")[0] in ("smollm2", "minilm"):
                body[field] = "second"
        elif name in ("", "0") or zlib.crc32(name.encode("utf-8", "replace")) % 8:
            body[field] = own
    destination = body.get("destination")
    if path == "/api/copy" and isinstance(destination, str) and re.fullmatch(STORE_NAME, destination):
        body["destination"] = "second"  # no other names come to be, which requests would hit by chance


def shorten(body, path):
    """So that answers take less than a second."""
    name = {"/infill": "n_predict", "/api/chat": "num_predict", "/api/generate": "num_predict"}.get(path, "max_tokens")
    fields = body
    if path.startswith("/api/"):
        if body.get("options") is None:
            body["options"] = {}
        fields = body["options"]
        if not isinstance(fields, dict):
            return
        if is_whole(fields.get("num_ctx")) and fields["num_ctx"] > 1024:
            fields["num_ctx"] = 1024
    lowest = {"num_predict": -2, "n_predict": -1}.get(name, 1)
    value = fields.get(name)
    if value is None or is_whole(value) and (value > TOKENS_MAX or lowest <= value < 1):
        fields[name] = TOKENS_MAX
    if name == "max_tokens":
        other = body.get("max_completion_tokens")
        if is_whole(other) and other >= 1 and is_whole(body[name]) and body[name] >= 1:
            body["max_completion_tokens"] = body[name]
        if is_whole(body.get("n")) and 2 < body["n"] <= 16:
            body["n"] = 2


def choose_form(body):
    """At most one form, and one that can be compiled."""
    if isinstance(body.get("grammar"), str) and len(body["grammar"]) <= 1 << 20:
        body["grammar"] = GRAMMAR
    if isinstance(body.get("json_schema"), (dict, bool)):
        body["json_schema"] = SCHEMA
    form = body.get("response_format")
    if isinstance(form, dict):
        if isinstance(form.get("pattern"), str):
            form["pattern"] = "yes|no"
        inner = form.get("json_schema")
        if isinstance(inner, dict) and isinstance(inner.get("schema"), (dict, bool)):
            inner["schema"] = SCHEMA
    if isinstance(body.get("format"), dict):
        body["format"] = SCHEMA
    given = [name for name in FORMS if body.get(name) is not None]
    if body.get("tools"):
        given.insert(0, "tools")
    for name in given[1:]:
        del body[name]


def choose_tools(body):
    """Names that differ, arguments that can be compiled, and a choice of what there is."""
    names = []
    for i, tool in enumerate(body["tools"] if isinstance(body.get("tools"), list) else []):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict):
            continue
        if isinstance(function.get("name"), str) and function["name"] in names:
            function["name"] = f"f{i}"
        names.append(function.get("name"))
        parameters = function.get("parameters")
        if isinstance(parameters, dict) and parameters.get("type", "object") == "object":
            function["parameters"] = SCHEMA
    choice = body.get("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    names_one = isinstance(function, dict) and isinstance(function.get("name"), str)
    if names_one and names:
        function["name"] = names[0]
    elif names_one or choice == "required" and not names:
        body["tool_choice"] = "auto"


def choose_tokens(body):
    """Ids that the model has, and texts that have any."""
    def known(value):
        if isinstance(value, list):
            return [known(one) for one in value]
        if isinstance(value, str) and value:
            return value if value[0].isalnum() else f"a{value}"  # SmolLM2 has no tokens for some control characters
        return int(value) % VOCABULARY if is_whole(value) and value >= VOCABULARY else value

    for name in ("tokens", "prompt"):
        if name in body:
            body[name] = known(body[name])
    bias = body.get("logit_bias")
    if isinstance(bias, dict):
        body["logit_bias"] = {str(int(key) % VOCABULARY) if key.isascii() and key.isdigit() and len(key) <= 9 else key: value for key, value in bias.items()}


def complete(body, path):
    """What one field needs of another."""
    if isinstance(body.get("stream_options"), dict) and body.get("stream") in (None, False):
        body["stream"] = True
    if path == "/v1/chat/completions" and is_whole(body.get("top_logprobs")) and body.get("logprobs") in (None, False):
        body["logprobs"] = True
    if path != "/infill" and isinstance(body.get("suffix"), str):
        body["suffix"] = None
    deadline = body.get("deadline_ms")
    if isinstance(deadline, (int, float)) and 0.001 <= deadline < 60_000 and zlib.crc32(str(deadline).encode()) % 8:
        body["deadline_ms"] = 60_000
    if is_whole(body.get("dimensions")) and 1 <= body["dimensions"] <= 1 << 20:
        body["dimensions"] = 384
    for message in body["messages"] if isinstance(body.get("messages"), list) else []:
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        for call in calls if isinstance(calls, list) else []:
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and isinstance(function.get("arguments"), str):
                function["arguments"] = "{}"


@schemathesis.hook
def before_call(_context, case, _kwargs):
    if not isinstance(case.body, dict):
        return
    body, path = json.loads(json.dumps(case.body)), case.operation.path
    choose_model(body, path)
    if path in ("/v1/chat/completions", "/v1/completions", "/api/chat", "/api/generate", "/infill"):
        shorten(body, path)
        choose_form(body)
        choose_tools(body)
    choose_tokens(body)
    complete(body, path)
    if body != case.body:
        case.body = body
