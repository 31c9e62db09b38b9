# SPDX-License-Identifier: Apache-2.0
"""The part of our vectors that is about the spool of a care path: whole ones, and ones that must be named or refused."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conformance.ledger.note_vectors import MOMENT
from wardkeep.ledger import spool as made
from wardkeep.ledger.errors import LedgerDamaged
from wardkeep.ledger.spool import DIGEST, SLOT, START, Spool

LIFE = bytes(range(16))
NAME = "gateway"
SIZE = START + 1024
BODIES = (b"\x01" + bytes(32), b'{"act":"care:read"}', b"\x01" + bytes(range(32)), b"x")


@dataclass(frozen=True)
class Parts:
    """A spool file: two header slots and what follows, zeros at their ends left out."""

    slots: tuple[bytes, bytes]
    records: bytes

    def file(self) -> bytes:
        return b"".join(slot.ljust(SLOT, b"\0") for slot in self.slots) + self.records.ljust(SIZE - START, b"\0")

    def said(self) -> dict[str, Any]:
        slots = [slot.rstrip(b"\0").hex() for slot in self.slots]
        return {"size": SIZE, "slots": slots, "records": self.records.rstrip(b"\0").hex()}


def header(generation: int) -> bytes:
    return made._header(generation, LIFE, NAME)


def records(generation: int, first: int, bodies: tuple[bytes, ...]) -> list[bytes]:
    """Records one after another, each chained to the one before."""
    digest, found = header(generation)[-DIGEST:], []
    for n, body in enumerate(bodies):
        head = struct.pack(">4sQQQI", b"WKS1", generation, first + n, MOMENT * 1_000_000 + n, len(body))
        digest = hashlib.sha256(digest + head + body).digest()
        found.append(head + body + digest)
    return found


def read(parts: Parts) -> Spool:
    """What our code makes of the file. Raises LedgerDamaged where no header holds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.wks"
        path.write_bytes(parts.file())
        found = Spool(path, look_only=True)
        found.close()
        return found


def spools() -> dict[str, Any]:
    one, two, three, four = whole = records(0, 7, BODIES)
    new = records(1, 11, BODIES[:1])
    empty, zero, first = b"", header(0), header(1)
    torn = zero[:-1] + bytes([zero[-1] ^ 1])
    longer = bytearray(two)
    longer[28:32] = (500).to_bytes(4, "big")
    good = [
        ("new, nothing in it", Parts((zero, empty), b"")),
        ("four entries", Parts((zero, empty), b"".join(whole))),
        (
            "emptied, and written again over what was there",
            Parts((zero, first), new[0] + b"".join(whole)[len(new[0]) :]),
        ),
        ("emptied, nothing written since", Parts((zero, first), b"".join(whole))),
        ("the last record torn", Parts((zero, empty), b"".join(whole[:3]) + four[:-9])),
        ("the next header torn while it was written", Parts((zero, first[:40]), b"".join(whole))),
        ("the older of two headers unreadable", Parts((torn, first), new[0])),
    ]
    bad = [
        ("a byte of an entry changed", Parts((zero, empty), one + two[:-33] + b"?" + two[-32:] + three)),
        ("a record left out", Parts((zero, empty), one + three + four)),
        ("two records exchanged", Parts((zero, empty), one + three + two + four)),
        ("a length that was changed", Parts((zero, empty), one + bytes(longer) + three)),
        ("a number that was changed", Parts((zero, empty), one + two[:19] + bytes([two[19] ^ 1]) + two[20:] + three)),
        ("a digest that is not chained", Parts((zero, empty), one[:-32] + hashlib.sha256(one[:-32]).digest() + two)),
        ("no header", Parts((empty, empty), b"".join(whole))),
        ("two headers that do not hold", Parts((torn, first[:-1] + b"?"), b"".join(whole))),
    ]
    return {
        "spools": [_good(what, parts) for what, parts in good],
        "no_spools": [_bad(why, parts) for why, parts in bad],
    }


def _good(what: str, parts: Parts) -> dict[str, Any]:
    found = read(parts)
    assert found.damage is None, what
    return {
        "what": what,
        **parts.said(),
        "name": found.name,
        "producer": found.producer,
        "entries": [{"number": e.number, "at_us": e.at_us, "body": e.body.hex()} for e in found.entries],
        "digest": found.digest.hex(),
    }


def _bad(why: str, parts: Parts) -> dict[str, Any]:
    try:
        found = read(parts)
    except LedgerDamaged:
        return {"why": why, **parts.said(), "header": False}
    assert found.damage, why
    return {"why": why, **parts.said(), "header": True, "entries": len(found.entries)}
