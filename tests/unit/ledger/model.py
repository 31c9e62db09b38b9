# SPDX-License-Identifier: Apache-2.0
"""RFC 6962, section 2.1, word for word: recursive, slow, and nothing of the code that it is compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def split(n: int) -> int:
    """k: the largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: Sequence[bytes]) -> bytes:
    """MTH(D[n]), section 2.1."""
    if not d:
        return sha256(b"")
    if len(d) == 1:
        return sha256(b"\x00" + d[0])
    k = split(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]), section 2.1.1."""
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]), section 2.1.2."""
    return subproof(m, d, True)


def subproof(m: int, d: Sequence[bytes], whole: bool) -> list[bytes]:
    if m == len(d):
        return [] if whole else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def tile(level: int, number: int, d: Sequence[bytes]) -> list[bytes]:
    """C2SP tlog-tiles: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]) for each i that the tree has whole."""
    reach = 256**level
    found = []
    for i in range(256):
        start, end = (number * 256 + i) * reach, (number * 256 + i + 1) * reach
        if end <= len(d):
            found.append(mth(d[start:end]))
    return found
