# SPDX-License-Identifier: Apache-2.0
"""What a bundle says of itself. Every field follows from the rest of the bundle, so that none can lie unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from wardkeep.evidence.errors import BundleRefused
from wardkeep.evidence.query import Query
from wardkeep.evidence.record import canonical
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.tiles import tile_path
from wardkeep.ledger.tree import TILE_WIDTH

FORMAT = "wardkeep-evidence/1"
MANIFEST, QUERY, RESULT, CHECKPOINT, KEYS = "manifest.json", "query.toml", "result.jsonl", "checkpoint", "keys.jsonl"
#: Beyond this no whole number of JSON is safe.
MOST = 1 << 53


@dataclass(frozen=True, slots=True)
class Range:
    """The entries `first` to `last`, inclusive, of a log."""

    log: str
    first: int
    last: int

    def tiles(self, size: int) -> list[tuple[int, int, int]]:
        """The tiles that prove the range in a tree of `size`, as (level, number, width): each above those below it, and
        the right edge, which gives the root."""
        found, level = [], 0
        while (whole := size >> (8 * level)) > 0:
            shift = 8 * (level + 1)
            numbers = set(range(self.first >> shift, (self.last >> shift) + 1))
            if whole % TILE_WIDTH:
                numbers.add(whole // TILE_WIDTH)
            found += [
                (level, number, min(TILE_WIDTH, whole - number * TILE_WIDTH))
                for number in sorted(numbers)
                if number * TILE_WIDTH < whole
            ]
            level += 1
        return found

    def bundles(self, size: int) -> list[tuple[int, int]]:
        """The bundles of entries that cover the range, as (number, width)."""
        numbers = range(self.first // TILE_WIDTH, self.last // TILE_WIDTH + 1)
        return [(number, min(TILE_WIDTH, size - number * TILE_WIDTH)) for number in numbers]


def proof_name(n: int) -> str:
    return f"proofs/{n}.tlog-proof"


def entry_name(n: int) -> str:
    return f"proofs/{n}.entry"


def tile_names(where: Range, size: int) -> list[str]:
    """What a bundle over acts holds of the log, in C2SP's own places."""
    tiles = [tile_path(level, number, width) for level, number, width in where.tiles(size)]
    return tiles + [tile_path("entries", number, width) for number, width in where.bundles(size)]


def describe(
    query: Query,
    values: dict[str, str],
    where: Range,
    checkpoint: Checkpoint,
    *,
    rows: int,
    result: bytes,
    gone: int,
) -> bytes:
    """The manifest's bytes."""
    return canonical(
        {
            "format": FORMAT,
            "query": {"name": query.name, "version": query.version, "sha256": query.sha256},
            "parameters": values,
            "range": {"log": where.log, "from": where.first, "to": where.last},
            "checkpoint": {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
            },
            "result": {"rows": rows, "sha256": hashlib.sha256(result).hexdigest()},
            # Over acts the bundle holds every entry of the range, so that nothing can have been left out.
            "complete": query.over == "acts" and not gone,
            # Entries of the range whose body an act has expunged: what they said cannot be asked any more.
            "gone": gone,
        }
    )


def read_manifest(raw: bytes) -> dict[str, Any]:
    """A manifest of the right form; whether it is true is seen later. Raises BundleRefused."""
    try:
        said = json.loads(raw)
        if not isinstance(said, dict) or canonical(said) != raw:
            raise ValueError
        if said["format"] != FORMAT:
            raise BundleRefused(f"{MANIFEST}: it is not of the form {FORMAT}")
        query, where, values = said["query"], said["range"], said["parameters"]
        texts: Iterable[Any] = (query["name"], where["log"], *values.values())
        numbers = (query["version"], where["from"], where["to"])
        if not all(isinstance(text, str) for text in texts) or not all(type(n) is int for n in numbers):
            raise ValueError
        log = where["log"]
        if not (log.isascii() and log.isdigit() and len(log) <= 9) or not 0 <= where["from"] <= where["to"] < MOST:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BundleRefused(f"{MANIFEST}: it is not readable, or not in its one form") from None
    return said
