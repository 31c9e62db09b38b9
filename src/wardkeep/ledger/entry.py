# SPDX-License-Identifier: Apache-2.0
"""The two kinds of leaf, the index of an entry, and the receipt.

    event   0x01 ‖ SHA-256(salt16 ‖ canonical row)       33 bytes; says nothing without the row and its salt
    act     canonical JSON of an object                 starts with `{` (0x7b), so that the kinds never meet

Canonical JSON here: UTF-8, keys sorted by code point, no white space, no floats, whole numbers within ±(2^53 − 1) (the
subset of RFC 8785 on which no two readers differ; so keys stay in the Basic Multilingual Plane).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from wardkeep.ledger.errors import EntryTooLarge, UnknownEntry

EVENT_LEAF_VERSION = 1
SALT_SIZE = 16
EVENT_LEAF_SIZE = 33
MAX_ENTRY = 65_535
MAX_NUMBER = (1 << 53) - 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a batch went: the entries `first` to `last`, inclusive, of `log`."""

    log: str
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def event_leaf(salt: bytes, canonical_row: bytes) -> bytes:
    """The entry of one event: a commitment to its row. `salt` is 16 random bytes that stay with the row."""
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} bytes, not {len(salt)}")
    return bytes([EVENT_LEAF_VERSION]) + hashlib.sha256(salt + canonical_row).digest()


def act_leaf(act: dict[str, object]) -> bytes:
    """The entry of one act. Raises ValueError for floats and other things that JSON has no one form for, EntryTooLarge."""
    _plain(act, "act")
    body = json.dumps(act, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()
    if len(body) > MAX_ENTRY:
        raise EntryTooLarge(f"an act of {len(body):,} bytes is over {MAX_ENTRY:,}", hint="put its bulk in by its hash")
    return body


def is_act(body: bytes) -> bool:
    return body[:1] == b"{"


def _plain(value: object, path: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{path} has the key {key!r}, which is no text")
            if any(c > "\uffff" for c in key):
                raise ValueError(f"{path} has the key {key!r}, which others may sort elsewhere")
            _plain(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            _plain(inner, f"{path}[{i}]")
    elif isinstance(value, int) and not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise ValueError(f"{path} is beyond 2^53: write it as text")
    elif not (value is None or isinstance(value, str | bool | int)):
        raise ValueError(f"{path} is a {type(value).__name__}: an act holds text, whole numbers, true, false and null")


def format_index(log: str, n: int) -> str:
    """`2026:123`."""
    return f"{log}:{n}"


def parse_index(text: str, *, current: str) -> tuple[str, int]:
    """`2026:123`, or a bare number for the current log. Raises UnknownEntry for anything else."""
    log, colon, number = text.rpartition(":")
    good = number.isascii() and number.isdigit() and len(number) <= 15
    if not good or (colon and not (log.isascii() and log.isdigit())):
        raise UnknownEntry(f"{text!r} is no index", hint="write it as 2026:123, or as 123 for the current log")
    return (log or current), int(number)
