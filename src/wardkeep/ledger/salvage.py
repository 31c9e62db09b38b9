# SPDX-License-Identifier: Apache-2.0
"""Reading what is left of a damaged entry bundle: with the leaf hashes known, each entry can be found again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from wardkeep.ledger.errors import LedgerDamaged
from wardkeep.ledger.tiles import unpack_bundle
from wardkeep.ledger.tree import leaf_hash

#: Times that a lost length is searched for in one bundle: 64 KiB of hashing each.
SEARCHES = 8


def read_entries(raw: bytes, leaves: Sequence[bytes]) -> tuple[list[bytes | None], list[int]]:
    """The entries of a bundle, None for what cannot be told apart, and which of them have a wrong length in the file.

    `leaves` are the leaf hashes that the entries should have; their number is the number of entries.
    """
    width = len(leaves)
    try:
        whole = unpack_bundle(raw, "")
    except LedgerDamaged:
        whole = []
    if len(whole) >= width:
        return list(whole[:width]), []
    return _walk(raw, leaves)


def _walk(raw: bytes, leaves: Sequence[bytes]) -> tuple[list[bytes | None], list[int]]:
    """Entry after entry as long as each, or the one behind it, is where its length says; else by its hash."""
    found: list[bytes | None] = []
    wrong: list[int] = []
    at, searches = 0, SEARCHES
    while len(found) < len(leaves) and at + 2 <= len(raw):
        k = len(found)
        body, behind = _entry_at(raw, at)
        if body is not None and (leaf_hash(body) == leaves[k] or not body or _fits(raw, behind, leaves, k + 1)):
            found.append(body)
            at = behind
            continue
        size = _search(raw, at + 2, leaves[k]) if searches else None
        searches -= 1
        if size is None:
            break
        found.append(raw[at + 2 : at + 2 + size])
        wrong.append(k)
        at += 2 + size
    return found + [None] * (len(leaves) - len(found)), wrong


def _entry_at(raw: bytes, at: int) -> tuple[bytes | None, int]:
    behind = at + 2 + int.from_bytes(raw[at : at + 2], "big")
    return (raw[at + 2 : behind], behind) if behind <= len(raw) else (None, at)


def _fits(raw: bytes, at: int, leaves: Sequence[bytes], k: int) -> bool:
    """Whether entry `k` begins at `at`."""
    if k == len(leaves):
        return at == len(raw)
    body, _ = _entry_at(raw, at) if at + 2 <= len(raw) else (None, at)
    return body is not None and leaf_hash(body) == leaves[k]


def _search(raw: bytes, start: int, leaf: bytes) -> int | None:
    """The length at which the bytes from `start` have this leaf hash."""
    state = hashlib.sha256(b"\x00")
    for size in range(min(65_535, len(raw) - start) + 1):
        if state.copy().digest() == leaf:
            return size
        state.update(raw[start + size : start + size + 1])
    return None
