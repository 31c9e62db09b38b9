# SPDX-License-Identifier: Apache-2.0
"""The body of `add-checkpoint`: what a log sends to its witness."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from wardkeep.ledger.note import decode
from wardkeep.ledger.tree import HASH

MOST_HASHES = 63
#: Bytes of a body: the hashes, and a checkpoint with as many large signatures as a note may have.
MOST_BYTES = 600_000


class BadRequest(ValueError):
    """The body is none of `add-checkpoint`."""


@dataclass(frozen=True, slots=True)
class Request:
    """A checkpoint, and the proof that it extends what the witness saw last."""

    #: The size of the witness's last checkpoint, as the log knows it.
    old: int
    proof: tuple[bytes, ...]
    #: The signed note.
    note: str


def write_request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body of a request."""
    hashes = "".join(base64.b64encode(step).decode() + "\n" for step in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


def read_request(body: bytes) -> Request:
    """Read a body. Raises BadRequest."""
    if len(body) > MOST_BYTES:
        raise BadRequest(f"more than {MOST_BYTES:,} bytes")
    try:
        head, gap, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise BadRequest("no UTF-8") from None
    first, *hashes = head.split("\n")
    number = first.removeprefix("old ")
    if not gap or not first.startswith("old ") or (old := read_size(number)) is None:
        raise BadRequest("it begins with `old`, a size, the proof's hashes and an empty line")
    if len(hashes) > MOST_HASHES:
        raise BadRequest(f"more than {MOST_HASHES} hashes")
    try:
        proof = tuple(decode(line) for line in hashes)
    except ValueError:
        raise BadRequest("a hash is not in base 64") from None
    if any(len(step) != HASH for step in proof):
        raise BadRequest(f"a hash has not {HASH} bytes")
    return Request(old, proof, note)


def read_size(text: str) -> int | None:
    """A size in ASCII digits without leading zeros, None for anything else."""
    plain = text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0")) and len(text) < 20
    return int(text) if plain else None
