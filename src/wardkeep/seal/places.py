# SPDX-License-Identifier: Apache-2.0
"""The acts that the index of places names, and which of them sealed a row: the newest that names it."""

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


class Acts:
    """Reads the acts that the index of places names, each file of the ledger once while they lie together."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._place: tuple[str, int] | None = None
        self._together: list[bytes] = []

    def read(self, placed: Placed) -> dict[str, Any] | None:
        """The act, None where it cannot be read or is another one: verification names it."""
        place = placed.log, placed.index // TOGETHER
        try:
            if place != self._place:
                first, self._place = place[1] * TOGETHER, None
                last = min(first + TOGETHER, self._reader.size(placed.log)) - 1
                self._together, self._place = self._reader.bodies(placed.log, first, last), place
            act = json.loads(self._together[placed.index % TOGETHER])
        except (ValueError, LookupError, LedgerError):
            return None
        return act if isinstance(act, dict) and act.get("act") == placed.act else None


def place_of(row: Sealed, among: Iterable[Placed], reader: Reader, *, since: int | None = None) -> Placed | None:
    """The first of `among` (newest first) whose act names `row`, None where none does or none is placed yet.

    since: microseconds; an act that is older ends the search. An act that cannot be read is passed over.
    """
    table, key = row._meta.db_table, str(row.pk)
    acts = Acts(reader)
    for placed in among:
        act = acts.read(placed)
        if act is None:
            continue
        if since is not None and int(act.get("at", since)) < since:
            return None
        if any(named[:2] == [table, key] for named in act.get("rows", ())):
            return placed
    return None
