# SPDX-License-Identifier: Apache-2.0
"""Where the act lies that sealed a row: among the acts that the index of places offers, the newest that names it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol

from wardkeep.ledger import LedgerError
from wardkeep.seal.models import Placed, Sealed

#: Entries that lie together in one file of the ledger.
TOGETHER = 256


class Reader(Protocol):
    def size(self, log: str) -> int: ...

    def bodies(self, log: str, first: int, last: int) -> list[bytes]: ...


def place_of(row: Sealed, among: Iterable[Placed], reader: Reader, *, since: int | None = None) -> Placed | None:
    """The first of `among` (newest first) whose act names `row`, None where none does or none is placed yet.

    since: microseconds; an act that is older ends the search. An act that cannot be read is passed over: verification
    names it.
    """
    table, key = row._meta.db_table, str(row.pk)
    together: dict[tuple[str, int], list[bytes]] = {}
    for placed in among:
        act = _read(placed, reader, together)
        if act is None:
            continue
        if since is not None and int(act.get("at", since)) < since:
            return None
        if any(named[:2] == [table, key] for named in act.get("rows", ())):
            return placed
    return None


def _read(placed: Placed, reader: Reader, together: dict[tuple[str, int], list[bytes]]) -> dict[str, Any] | None:
    """An act; the parts of a large one lie side by side, so their file is read once."""
    place = placed.log, placed.index // TOGETHER
    try:
        if place not in together:
            together.clear()
            first = place[1] * TOGETHER
            together[place] = reader.bodies(placed.log, first, min(first + TOGETHER, reader.size(placed.log)) - 1)
        act: dict[str, Any] = json.loads(together[place][placed.index % TOGETHER])
    except (ValueError, LookupError, LedgerError):
        return None
    return act
