# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets in bytes, however they are disguised: raw, as UTF-16, in hexadecimal, base64 at each of its three alignments,
percent signs, and all of that inside gzip and zlib."""

import base64
import re
import zlib

DEPTH_MAX = 3  # of streams inside streams


def disguises(secret):
    """{name: bytes to look for, in lower case where the case does not matter}."""
    raw = secret.encode()
    forms = {"raw": raw, "utf-16le": secret.encode("utf-16-le"), "utf-16be": secret.encode("utf-16-be"),
             "hex": raw.hex().encode(), "url": "".join(f"%{byte:02x}" for byte in raw).encode(), "reversed": raw[::-1]}
    for shift in range(3):
        # Only the characters that do not depend on what stands before and after.
        coded = base64.b64encode(bytes(shift) + raw + bytes(3))
        first, last = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
        forms[f"base64+{shift}"] = coded[first:last]
        forms[f"base64url+{shift}"] = coded[first:last].translate(bytes.maketrans(b"+/", b"-_"))
    return forms


def streams(data):
    """What is packed inside: each gzip member and each zlib stream that can be read, as far as it goes."""
    for match in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data):
        unpacker = zlib.decompressobj(wbits=47)  # either
        try:
            text = unpacker.decompress(data[match.start():], 1 << 24)
        except zlib.error:
            continue
        if len(text) >= 8:
            yield text


def find(secrets, data, depth=0):
    """[(secret, disguise)] of all that is in `data`."""
    found, lower = [], data.lower()
    squeezed = re.sub(rb"[\s:\\x-]+", b"", lower) if len(data) < 1 << 22 else b""  # hexadecimal with separators, wrapped base64
    wrapped = re.sub(rb"[\r\n]+", b"", data)
    for secret in secrets:
        for name, form in disguises(secret).items():
            if name.startswith("base64"):
                is_there = form in wrapped
            else:
                is_there = form.lower() in lower or name == "hex" and form in squeezed
            if is_there:
                found.append((secret, name))
    if depth < DEPTH_MAX:
        for text in streams(data):
            found += [(secret, f"packed {name}") for secret, name in find(secrets, text, depth + 1)]
    return found
