# SPDX-License-Identifier: Apache-2.0
"""`Context`: one of the hospital's tables as a reader understood it, and what went wrong with a folder as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from wardkeep.watch.event import Rejected
from wardkeep.watch.hospital.tables import KEPT, TABLES, Table, Type

#: The engine's type of each type of column.
ARROW_TYPES: dict[Type, pa.DataType] = {
    "text": pa.string(),
    "time": pa.int64(),
    "date": pa.int32(),
    "list": pa.string(),
    "flag": pa.bool_(),
}


class FolderError(Exception):
    """The folder as a whole cannot be read as hospital context; nothing of it was loaded."""

    exit_status = 2

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """One table of one export, normalised, with the rows that broke a rule set aside."""

    #: A key of TABLES or KEPT.
    name: str
    #: The columns of `schema(name)`.
    table: pa.Table
    rejected: tuple[Rejected, ...]
    #: File name without its folder; the first one where several files make the table.
    source: str
    #: The table and `held` name all rows that there are: rows of an earlier export that are absent now are retracted. False
    #: where a row was rejected whose key cannot be read, because the absent row may be that one.
    full: bool = True
    #: Natural keys (in the normalised form's names) of rejected rows: what an earlier export says of them stays.
    held: pa.Table | None = None
    #: Whether it comes from a feed, which tells of rows one by one: an export in which they are absent does not retract them.
    feed: bool = False
    #: Natural keys of rows that a feed says are no more.
    gone: pa.Table | None = None


def schema(name: str) -> pa.Schema:
    """The normalised columns of a table, `src` last."""
    columns = [pa.field(c.engine_name, ARROW_TYPES[c.type]) for c in (TABLES.get(name) or KEPT[name]).columns]
    return pa.schema([*columns, pa.field("src", pa.string())])


def engine_key(table: Table) -> tuple[str, ...]:
    """The natural key in the normalised form's names."""
    names = {c.name: c.engine_name for c in table.columns}
    return tuple(names[k] for k in table.key)


def joined_keys(name: str, parts: list[pa.Table]) -> pa.Table | None:
    """`held` of a table from the keys that its parts hold; None where they hold none."""
    some = [part for part in parts if part.num_rows]
    wanted = pa.schema([schema(name).field(k) for k in engine_key(TABLES[name])])
    return pa.concat_tables([part.cast(wanted) for part in some]) if some else None
