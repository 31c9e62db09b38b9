# SPDX-License-Identifier: Apache-2.0
"""What is known of tables, kept between sessions by a process that loads every few seconds: only new loads are read.

Loads never change, so what was made of some of them stays true; it is thrown away where the store has other loads than these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from wardkeep.watch.store.context import applied, state
from wardkeep.watch.store.manifest import FileRow


class KnownTables:
    """Tables by name, and of feeds alone or of all."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bool], tuple[tuple[str, ...], pa.Table]] = {}

    def known(
        self, name: str, rows: Sequence[FileRow], read: Callable[[FileRow], pa.Table], *, feeds: bool
    ) -> pa.Table:
        """The table after the loads `rows`, oldest first."""
        ids = tuple(row.id for row in rows)
        done, table = self._kept.get((name, feeds), ((), None))
        if table is None or ids[: len(done)] != done:
            done, table = ids, state(name, [read(row) for row in rows])
        for row in rows[len(done) :]:
            table = applied(name, table, read(row))
        self._kept[name, feeds] = (ids, table)
        return table
