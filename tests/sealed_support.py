# SPDX-License-Identifier: Apache-2.0
"""Opens what hearth sealed, by docs/formats/sealed.md and libsodium alone."""

import ctypes
import ctypes.util
import hashlib
import struct

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
NONCE_BYTES, TAG_BYTES = 24, 16


def derive(key, purpose):
    return hashlib.blake2b(purpose, key=key, digest_size=32).digest()


def unseal(box, nonce, associated, key):
    """XChaCha20-Poly1305; None where the key or what it is bound to is another."""
    text = ctypes.create_string_buffer(max(len(box) - TAG_BYTES, 1))
    size = ctypes.c_ulonglong()
    failed = SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(
        text, ctypes.byref(size), None, box, ctypes.c_ulonglong(len(box)), associated, ctypes.c_ulonglong(len(associated)), nonce, key)
    return None if failed else text.raw[:size.value]


def open_key(folder, name, master):
    """The key in a file NAME.key."""
    data = (folder / f"{name}.key").read_bytes()
    assert data[:12] == b"hearthKY" + struct.pack("<I", 1) and len(data) == 84, data
    return unseal(data[36:], data[12:36], f"hearth key 1 {name}".encode(), derive(master, b"hearth key wrap"))


def open_rows(path, context, key):
    data = path.read_bytes()
    assert data[:12] == b"hearthRW" + struct.pack("<I", 1), data[:12]
    rows, at = [], 12
    while at < len(data):
        size, = struct.unpack_from("<I", data, at)
        nonce, box = data[at + 4:at + 28], data[at + 28:at + 28 + size + TAG_BYTES]
        rows.append(unseal(box, nonce, context.encode() + b" " + struct.pack("<Q", len(rows)), key).decode())
        at += 28 + size + TAG_BYTES
    return rows


def sealed_chats(state):
    """[(id, what was typed)], the oldest first."""
    folder = state / "conversations"
    if not folder.exists():
        return []
    master = (state / "seal.key").read_bytes()
    return [(path.stem, open_rows(path, f"hearth conversation 1 {path.stem}", open_key(folder, path.stem, master)))
            for path in sorted(folder.glob("*.rows"))]
