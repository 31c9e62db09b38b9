# SPDX-License-Identifier: Apache-2.0
"""A reader of C2SP static logs over HTTP that shares no code with the product, and lets nothing pass that is not exact.

Written from tlog-tiles, tlog-checkpoint and signed-note: full and partial tiles of exactly their size, entry bundles of
exactly their entries, every hash of every level, one Ed25519 signature under the verifier key.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import threading
import urllib.request
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def mth(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash as RFC 6962 defines it, over leaf hashes."""
    if not leaves:
        return digest(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return digest(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path_of(number: int) -> str:
    text = f"{number:03d}"
    text = "0" * (-len(text) % 3) + text
    parts = [text[i : i + 3] for i in range(0, len(text), 3)]
    return "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])


class Outsider:
    """Reads the log at `prefix` as a monitor would."""

    def __init__(self, prefix: str, vkey: str) -> None:
        self.prefix = prefix.rstrip("/")
        self.name, key_id, key = vkey.split("+", 2)
        raw = base64.b64decode(key, validate=True)
        assert raw[0] == 1 and len(raw) == 33
        assert key_id == digest(self.name.encode() + b"\n" + raw)[:4].hex()
        self.key_id, self.public = bytes.fromhex(key_id), raw[1:]

    def fetch(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.prefix}/{path}", timeout=10) as answer:
            return bytes(answer.read())

    def checkpoint(self) -> tuple[int, bytes]:
        note = self.fetch("checkpoint").decode()
        text, _, signatures = note.rpartition("\n\n")
        text += "\n"
        origin, size, root, end = text.split("\n")
        assert origin == self.name and end == "" and str(int(size)) == size
        good = 0
        for line in signatures.splitlines():
            dash, name, encoded = line.split(" ")
            signed = base64.b64decode(encoded, validate=True)
            assert dash == "—"
            if name == self.name and signed[:4] == self.key_id:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signed[4:], text.encode())
                good += 1
        assert good == 1
        return int(size), base64.b64decode(root, validate=True)

    def tile(self, level: int | str, number: int, width: int) -> bytes:
        return self.fetch(f"tile/{level}/{path_of(number)}" + ("" if width == 256 else f".p/{width}"))

    def read_all(self) -> list[bytes]:
        """Every entry; fails where any byte of the log is not as the specification wants it."""
        size, root = self.checkpoint()
        entries: list[bytes] = []
        for number in range(-(-size // 256)):
            width = min(256, size - number * 256)
            raw, found = self.tile("entries", number, width), []
            while raw:
                length = int.from_bytes(raw[:2], "big")
                assert len(raw) >= 2 + length
                found.append(raw[2 : 2 + length])
                raw = raw[2 + length :]
            assert len(found) == width
            entries += found
        row, level = [digest(b"\x00" + entry) for entry in entries], 0
        assert mth(row) == root
        while row:
            for number in range(-(-len(row) // 256)):
                part = row[number * 256 : (number + 1) * 256]
                assert self.tile(level, number, len(part)) == b"".join(part)
            row = [mth(row[i : i + 256]) for i in range(0, len(row) - 255, 256)]
            level += 1
        return entries


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def static(folder: Path) -> Iterator[str]:
    """A web server that knows nothing but files; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
