# SPDX-License-Identifier: Apache-2.0
"""Streaming clients on plain sockets: what a token costs on the way, without a library's own time."""

import asyncio
import dataclasses
import json
import time


@dataclasses.dataclass
class Streamed:
    """One streamed answer, as its client saw it. Times in seconds."""

    first: float = 0.0  # from the request to the first piece of text
    whole: float = 0.0
    gaps: list[float] = dataclasses.field(default_factory=list)  # between pieces
    text: str = ""
    usage: dict = dataclasses.field(default_factory=dict)
    error: str = ""


def request_bytes(path: str, body: dict) -> bytes:
    data = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
            "Connection: close\r\n\r\n").encode() + data


def piece_of(event: dict) -> str:
    choices = event.get("choices") or []
    if not choices:
        return ""
    return choices[0].get("text") or (choices[0].get("delta") or {}).get("content") or ""


async def stream(port: int, body: dict, path: str = "/v1/completions") -> Streamed:
    """Asks, and reads to the end; what goes wrong is in `error`."""
    result = Streamed()
    started = last = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    except OSError as error:
        result.error = str(error)
        return result
    try:
        writer.write(request_bytes(path, {**body, "stream": True, "stream_options": {"include_usage": True}}))
        await writer.drain()
        status = (await reader.readline()).decode().strip()
        if " 200 " not in f"{status} ":
            result.error = status or "closed"
            return result
        while line := await reader.readline():
            if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
                continue
            event = json.loads(line[6:])
            if "error" in event:
                result.error = str(event["error"])
            result.usage = event.get("usage") or result.usage
            piece = piece_of(event)
            if not piece:
                continue
            now = time.perf_counter()
            if result.text:
                result.gaps.append(now - last)
            else:
                result.first = now - started
            last = now
            result.text += piece
        result.whole = time.perf_counter() - started
        if not result.usage and not result.error:
            result.error = "cut short"
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        result.error = str(error) or type(error).__name__
    finally:
        writer.close()
    return result


def percentile(values: list[float], share: float) -> float:
    """Of no values: 0."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0
