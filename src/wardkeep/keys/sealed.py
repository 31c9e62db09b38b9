# SPDX-License-Identifier: Apache-2.0
"""The sealed file: chunked AES-256-GCM with one random key a file, wrapped under a key-encryption key (KEK).

    header   "WKS1" · nonce 12 · wrapped file key 48         AES-256-GCM(KEK, nonce, file key; aad = "WKS1" ‖ aad)
    chunks   AES-256-GCM(file key, nonce, <= 1 MiB; aad = header)   nonce = 7 zero bytes · counter u32 · last flag u8

The counter and the last flag in the nonce make a moved, repeated, cut or added chunk fail (the STREAM construction: Hoang,
Reyhanitabar, Rogaway, Vizár 2015). A file key is used for one file only, so counters never repeat under one key.
"""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wardkeep.keys.errors import SealedError

MAGIC = b"WKS1"
CHUNK = 1 << 20
TAG = 16
HEADER = len(MAGIC) + 12 + 32 + TAG


def _nonce(counter: int, last: bool) -> bytes:
    return struct.pack(">7xIB", counter, last)


def seal(plaintext: bytes | memoryview, *, kek: bytes, aad: bytes) -> Iterator[bytes]:
    """Yield the sealed file's bytes: the header, then each chunk. An empty plaintext still has one (empty) chunk."""
    key, nonce = os.urandom(32), os.urandom(12)
    header = MAGIC + nonce + AESGCM(kek).encrypt(nonce, key, MAGIC + aad)
    yield header
    view, cipher = memoryview(plaintext).cast("B"), AESGCM(key)
    count = max(1, -(-len(view) // CHUNK))
    for i in range(count):
        yield cipher.encrypt(_nonce(i, i == count - 1), view[i * CHUNK : (i + 1) * CHUNK], header)


def write_sealed(path: Path, plaintext: bytes | memoryview, *, kek: bytes, aad: bytes) -> None:
    """Seal `plaintext` into `path`: complete and on disk when this returns, or not there at all. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in seal(plaintext, kek=kek, aad=aad):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new name in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_sealed(sealed: bytes | memoryview, *, kek: bytes, aad: bytes, name: object) -> Iterator[bytes]:
    """Yield the plaintext chunk by chunk. Raises SealedError naming `name` and the first chunk that does not hold."""
    view = memoryview(sealed)
    header = bytes(view[:HEADER])
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise SealedError(name, "is no sealed file")
    try:
        key = AESGCM(kek).decrypt(header[4:16], header[16:], MAGIC + aad)
    except InvalidTag:
        raise SealedError(name, "its header was changed, or it was sealed for another place or key") from None
    cipher, body = AESGCM(key), view[HEADER:]
    count = max(1, -(-len(body) // (CHUNK + TAG)))
    for i in range(count):
        piece = body[i * (CHUNK + TAG) : (i + 1) * (CHUNK + TAG)]
        try:
            yield cipher.decrypt(_nonce(i, i == count - 1), piece, header)
        except (InvalidTag, ValueError):
            what = "is changed, moved, or not where the file ends"
            raise SealedError(name, what, chunk=i) from None


def read_sealed(path: Path, *, kek: bytes, aad: bytes) -> bytes:
    """The whole plaintext of a sealed file. Raises SealedError, OSError."""
    return b"".join(open_sealed(path.read_bytes(), kek=kek, aad=aad, name=path))


def sealed_memfd(path: Path, *, kek: bytes, aad: bytes) -> int:
    """Decrypt into an anonymous file in memory and return its descriptor; the caller closes it. No disk is touched."""
    descriptor = os.memfd_create("wardkeep", os.MFD_CLOEXEC)
    try:
        for piece in open_sealed(path.read_bytes(), kek=kek, aad=aad, name=path):
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
