# SPDX-License-Identifier: Apache-2.0
"""The hospital folder: CSV files named for the tables that they hold, as the hospital folder contract fixes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa

from wardkeep.watch.event import Rejected
from wardkeep.watch.hospital.context import Context, FolderError, joined_keys, schema
from wardkeep.watch.hospital.normalise import Normaliser, conflicts, connect
from wardkeep.watch.hospital.sheet import Asked, File, NoHeader, again, bundled, open_sheet, unreadable
from wardkeep.watch.hospital.tables import REQUIRED_TABLES, TABLES


def read_folder(folder: Path, *, zone: str) -> Iterator[Context]:
    """Every table of the folder. Raises FolderError where a required one is missing or has no usable header."""
    check_required(folder)
    for name in TABLES:
        path = folder / f"{name}.csv"
        if path.is_file():
            yield read_table(path, zone=zone)


def check_required(folder: Path) -> None:
    """Raise FolderError unless every required table is there and its header can be read by."""
    if missing := [f"{t}.csv" for t in REQUIRED_TABLES if not (folder / f"{t}.csv").is_file()]:
        raise FolderError(
            f"{folder.name} has no {', '.join(missing)}",
            hint="a hospital folder holds at least staff.csv, accounts.csv and patients.csv",
        )
    for name in REQUIRED_TABLES:
        try:
            _open(folder / f"{name}.csv")
        except NoHeader as problem:
            raise FolderError(
                f"{folder.name}/{name}.csv: {problem}",
                hint="the first line names the columns, comma separated, in UTF-8: see docs/reference/readers-context.md",
            ) from problem


def read_table(path: Path, *, zone: str) -> Context:
    """One file, named for its table."""
    name = path.stem
    try:
        file = _open(path)
    except NoHeader as problem:
        piece = unreadable(path, f"hospital:{name}", str(problem))
        return Context(name=name, table=schema(name).empty_table(), rejected=(piece,), source=path.name, full=False)
    with connect() as con:
        return _read(con, file, name, zone=zone)


def reread_row(piece: Rejected, *, zone: str) -> Iterator[Context]:
    """A row that was set aside, read again; the store keeps the other rows as they are."""
    name = piece.format.removeprefix("hospital:")
    try:
        file = again(piece, _asked(name))
    except NoHeader:
        yield Context(name=name, table=schema(name).empty_table(), rejected=(piece,), source=piece.source, full=False)
        return
    with connect() as con:
        yield replace(_read(con, file, name, zone=zone), full=False)


def _read(con: duckdb.DuckDBPyConnection, file: File, name: str, *, zone: str) -> Context:
    normaliser = Normaliser(con, name, zone=zone, file=file.path.name)
    tables: list[pa.Table] = []
    held: list[pa.Table] = []
    rejected: list[Rejected] = []
    full = True
    for sheet in file.sheets(c.name for c in TABLES[name].columns):
        cast = normaliser.cast(sheet.rows)
        tables.append(cast.good)
        held.append(cast.held)
        full &= not (cast.nameless or sheet.rejected)
        broken = [file.set_aside(int(sheet.block.lines[row]), why, sheet.block.raw(row)) for row, why in cast.bad]
        broken = sorted([*sheet.rejected, *broken], key=_line)
        rejected += bundled(broken, before=len(rejected))
    empty = schema(name).append(pa.field("line", pa.int64())).empty_table()
    rows, differing = conflicts(con, name, pa.concat_tables([empty, *(t.cast(empty.schema) for t in tables)]))
    rejected += _differing(file, differing, name)
    rejected.sort(key=_line)
    return Context(
        name=name,
        table=rows.drop_columns("line"),
        rejected=tuple(rejected),
        source=file.path.name,
        full=full,
        held=joined_keys(name, held),
    )


def _differing(file: File, differing: list[tuple[int, int]], name: str) -> Iterator[Rejected]:
    """Rows of a key that an earlier row has with other content."""
    raws = file.raw_of(line for line, _ in differing)
    key = ", ".join(TABLES[name].key)
    for line, first in differing:
        yield file.set_aside(line, f"conflict: {key} as in line {first}, the rest differs", raws.get(line, b""))


def _line(piece: Rejected) -> int:
    return int(piece.position.partition("-")[0])


def _open(path: Path) -> File:
    return open_sheet(path, _asked(path.stem))


def _asked(name: str) -> Asked:
    table = TABLES[name]
    return Asked(
        format=f"hospital:{name}",
        need=tuple(c.name for c in table.columns if c.required),
        known=tuple(c.name for c in table.columns),
    )
