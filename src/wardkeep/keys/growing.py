# SPDX-License-Identifier: Apache-2.0
"""A sealed file that grows: what is appended is sealed part by part, and a part that is on the disk can be read by itself.

    header   "WKG1" · nonce 12 · wrapped file key 48         AES-256-GCM(KEK, nonce, file key; aad = "WKG1" ‖ aad)
    part     "WKP1" · index u32 · length u32 · AES-256-GCM(file key, nonce of the index; aad = header ‖ the 12 bytes before)

A file key is used for one file only and an index once in it, so that nonces never repeat under one key. The writer syncs; a
part that was being written when the power went is torn, and nothing stands behind it. What does not hold and has whole parts
behind it is damage, which is told, and which costs no other part. Parts that were cut off at the end are not missed here: who
keeps numbers inside the parts sees it by them.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wardkeep.keys.errors import SealedError

MAGIC, PART = b"WKG1", b"WKP1"
TAG = 16
HEADER = len(MAGIC) + 12 + 32 + TAG
_PART = struct.Struct(">4sII")
#: A part may hold so much.
LONGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no part, with whole parts behind them."""

    at: int
    size: int


class Growing:
    """The writing side of one file: gives bytes, touches no disk."""

    def __init__(self, *, kek: bytes, aad: bytes) -> None:
        key, nonce = os.urandom(32), os.urandom(12)
        self.header = MAGIC + nonce + AESGCM(kek).encrypt(nonce, key, MAGIC + aad)
        self._cipher, self._next = AESGCM(key), 0

    def part(self, plaintext: bytes) -> bytes:
        """The next part's bytes. An index is spent also where they could not be written: never two contents under one nonce."""
        if len(plaintext) > LONGEST:
            raise ValueError(f"a part of {len(plaintext)} bytes, more than {LONGEST}")
        head = _PART.pack(PART, self._next, len(plaintext) + TAG)
        sealed = self._cipher.encrypt(_nonce(self._next), plaintext, self.header + head)
        self._next += 1
        return head + sealed


class Following:
    """The reading side of one file while it grows: each part once, as soon as it is whole."""

    def __init__(self, header: bytes, *, kek: bytes, aad: bytes, name: object) -> None:
        """`header`: the first HEADER bytes. Raises SealedError."""
        self._header, self._cipher, self._wanted = header, _cipher_of(header, kek, aad, name), 0

    def parts(self, raw: bytes, *, ended: bool) -> Iterator[tuple[int, bytes]]:
        """Each whole part in `raw`, which begins where the last one ended, with where it ends in there.

        What does not hold may still be being written: it is passed over only where the file has `ended`.
        """
        at = 0
        while at < len(raw):
            found = _part_at(raw, at, self._cipher, self._header)
            if found is None or found[0] < self._wanted:
                after = _next_whole(raw, at + 1, self._cipher, self._header, self._wanted) if ended else None
                if after is None:
                    return
                at = after
                continue
            index, plaintext, at = found
            self._wanted = index + 1
            yield at, plaintext


def parts_of(raw: bytes, *, kek: bytes, aad: bytes, name: object) -> Iterator[tuple[int, bytes] | Damage]:
    """Each part with the place where it ends, and each damage. What is torn at the end is left out. Raises SealedError."""
    header = raw[:HEADER]
    cipher, at, wanted = _cipher_of(header, kek, aad, name), HEADER, 0
    while at < len(raw):
        found = _part_at(raw, at, cipher, header)
        if found is None or found[0] < wanted:
            after = _next_whole(raw, at + 1, cipher, header, wanted)
            if after is None:
                return
            yield Damage(at, after - at)
            at = after
            continue
        index, plaintext, end = found
        yield end, plaintext
        at, wanted = end, index + 1


def _cipher_of(header: bytes, kek: bytes, aad: bytes, name: object) -> AESGCM:
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise SealedError(name, "is no sealed file that grows")
    try:
        return AESGCM(AESGCM(kek).decrypt(header[4:16], header[16:], MAGIC + aad))
    except InvalidTag:
        raise SealedError(name, "its header was changed, or it was sealed for another place or key") from None


def _part_at(raw: bytes, at: int, cipher: AESGCM, header: bytes) -> tuple[int, bytes, int] | None:
    if at + _PART.size > len(raw):
        return None
    magic, index, length = _PART.unpack_from(raw, at)
    begin = at + _PART.size
    if magic != PART or length > LONGEST + TAG or begin + length > len(raw):
        return None
    try:
        plaintext = cipher.decrypt(_nonce(index), raw[begin : begin + length], header + raw[at:begin])
    except InvalidTag:
        return None
    return index, plaintext, begin + length


def _next_whole(raw: bytes, at: int, cipher: AESGCM, header: bytes, wanted: int) -> int | None:
    while (at := raw.find(PART, at)) >= 0:
        found = _part_at(raw, at, cipher, header)
        if found is not None and found[0] >= wanted:
            return at
        at += 1
    return None


def _nonce(index: int) -> bytes:
    return struct.pack(">7xIB", index, 0)
