# SPDX-License-Identifier: Apache-2.0
"""Recovery shares: Shamir's secret sharing over GF(256) (Shamir 1979), as text that a person can copy.

A share reads `WK1-2-3-<set>-<base32 groups>`: threshold, its number, four hex digits that are equal in all shares of one
set, then in groups of four the share's values and a 4-byte checksum over all of this share. What is shared is the secret and
4 bytes of its SHA-256, so that a secret put together wrongly is never handed out. A 32-byte key makes 16 groups.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

from wardkeep.keys.errors import ShareError

EXP = [0] * 510
LOG = [0] * 256
#: Read 0 as O, 1 as I, 8 as B: none of these digits is in base32.
_MISREAD = str.maketrans("018", "OIB")
_x = 1
for _i in range(255):
    EXP[_i] = EXP[_i + 255] = _x
    LOG[_x] = _i
    _x ^= (_x << 1) ^ (0x11B if _x & 0x80 else 0)
    _x &= 0xFF


def _mul(a: int, b: int) -> int:
    return 0 if a == 0 or b == 0 else EXP[LOG[a] + LOG[b]]


def _div(a: int, b: int) -> int:
    return 0 if a == 0 else EXP[LOG[a] - LOG[b] + 255]


def split(secret: bytes, *, threshold: int, shares: int) -> list[str]:
    """`shares` texts of which any `threshold` give `secret` back and fewer say nothing about it."""
    if not 1 < threshold <= shares <= 16:
        raise ShareError(f"{threshold} of {shares} shares: use 2 or more of at most 16")
    polynomials = [[byte, *os.urandom(threshold - 1)] for byte in secret + _mark_of(secret)]
    mark = os.urandom(2).hex()
    texts = []
    for x in range(1, shares + 1):
        values = bytearray()
        for polynomial in polynomials:
            y = 0
            for coefficient in reversed(polynomial):
                y = _mul(y, x) ^ coefficient
            values.append(y)
        texts.append(_write(threshold, x, mark, bytes(values)))
    return texts


def join(texts: Sequence[str]) -> bytes:
    """The secret. Raises ShareError for damaged, repeated, mixed or too few shares."""
    parsed = {x: (threshold, mark, values) for threshold, x, mark, values in map(_read, texts)}
    if not parsed:
        raise ShareError("no recovery share was given")
    kinds = {(threshold, mark, len(values)) for threshold, mark, values in parsed.values()}
    if len(kinds) != 1:
        raise ShareError("the shares are of different sets", hint="use shares whose third group is the same")
    threshold = next(iter(kinds))[0]
    if len(parsed) < threshold:
        raise ShareError(f"{len(parsed)} different shares given, {threshold} needed")
    points = [(x, values) for x, (_, _, values) in list(parsed.items())[:threshold]]
    secret = bytearray()
    for i in range(len(points[0][1])):
        byte = 0
        for xj, values in points:
            term = values[i]
            for xm, _ in points:
                if xm != xj:
                    term = _mul(term, _div(xm, xm ^ xj))
            byte ^= term
        secret.append(byte)
    found = bytes(secret)
    if found[-4:] != _mark_of(found[:-4]):
        raise ShareError(
            "the shares give no key", hint="they are of different sets: compare where each was written down"
        )
    return found[:-4]


def _mark_of(secret: bytes) -> bytes:
    return hashlib.sha256(b"wardkeep share" + secret).digest()[:4]


def _check(head: str, values: bytes) -> bytes:
    return hashlib.sha256(head.encode() + values).digest()[:4]


def _write(threshold: int, x: int, mark: str, values: bytes) -> str:
    head = f"WK1-{threshold}-{x}-{mark}"
    body = base64.b32encode(values + _check(head, values)).decode().rstrip("=")
    return head + "-" + "-".join(body[i : i + 4] for i in range(0, len(body), 4))


def _read(text: str) -> tuple[int, int, str, bytes]:
    parts = "".join(text.upper().split()).split("-")
    try:
        kind, threshold, x, mark = parts[0], int(parts[1]), int(parts[2]), parts[3].lower()
        body = "".join(parts[4:]).translate(_MISREAD)
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except (IndexError, ValueError):
        raise ShareError(
            "a recovery share is not readable", hint="it starts with WK1- and ends in base32 groups"
        ) from None
    head = f"WK1-{threshold}-{x}-{mark}"
    if kind != "WK1" or not 1 <= x <= 16 or len(raw) < 9 or raw[-4:] != _check(head, raw[:-4]):
        raise ShareError(f"recovery share number {x} is mistyped", hint="compare it with the paper, letter by letter")
    return threshold, x, mark, raw[:-4]
