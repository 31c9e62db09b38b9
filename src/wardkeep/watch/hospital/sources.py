# SPDX-License-Identifier: Apache-2.0
"""Folders of CSV files in another model (Synthea, OMOP): loaded as text, made into our tables by SQL, then normalised.

A model is data: the files with their columns, and for each of our tables the SELECTs that make it. A SELECT reads the
files by name (all cells text, '' where empty), gives our column names and, from the file that its rows come from, `line`.
It may use `moment(x)` and `moment_end(x)`: a local time or date of the source as an ISO 8601 time with the offset of the
hospital's zone; a date alone becomes its first moment, as an end the first moment of the next day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.event import Rejected
from wardkeep.watch.hospital.context import Context, joined_keys, schema
from wardkeep.watch.hospital.normalise import Normaliser, conflicts, connect
from wardkeep.watch.hospital.sheet import Asked, File, NoHeader, again, bundled, open_sheet, unreadable
from wardkeep.watch.hospital.tables import TABLES


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the model: the columns that it must have, those that may be there, and which of them are times."""

    need: tuple[str, ...]
    may: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    #: The table that it only adds to; '' where its rows make rows of their own.
    adds_to: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return self.need + self.may


@dataclass(frozen=True, slots=True)
class Making:
    """How rows of one file become rows of one of our tables."""

    table: str
    #: The file whose rows and lines these are.
    source: str
    select: str


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    sources: Mapping[str, Source]
    makings: tuple[Making, ...]
    #: What its exporters write for a missing value, beside nothing at all.
    blanks: tuple[str, ...] = ()

    def told_with(self, source: str) -> str:
        """The table with which what is wrong in a file is told first."""
        return self.sources[source].adds_to or next(m.table for m in self.makings if m.source == source)


@dataclass(slots=True)
class _Table:
    """One of our tables while it is being made."""

    #: Normalised rows with `line`, which here counts over all files: file number << 40 | line.
    parts: list[pa.Table] = field(default_factory=list)
    #: What broke a rule in a row of this table.
    broken: list[Rejected] = field(default_factory=list)
    source: str = ""
    held: list[pa.Table] = field(default_factory=list)
    full: bool = True


def read_model(model: Model, files: Mapping[str, Path], *, zone: str) -> Iterator[Context]:
    """The tables that the files make. A file without a usable header is set aside, as are rows that break a rule."""
    opened: dict[str, File] = {}
    broken: dict[str, Rejected] = {}
    for name, path in files.items():
        try:
            opened[name] = open_sheet(path, asked(model, name))
        except NoHeader as problem:
            broken[name] = unreadable(path, asked(model, name).format, str(problem))
    with connect() as con:
        pieces = {name: [piece] for name, piece in broken.items()}
        for name, file in opened.items():
            pieces[name] = _load(con, model, name, file)
        yield from _make(con, model, opened, pieces, zone=zone)


def reread_model(model: Model, piece: Rejected, *, zone: str) -> Iterator[Context]:
    """A row that was set aside, read again without the other files: what they would add stays unknown.

    A row that only adds to those of another file cannot be read alone; it comes back as it was.
    """
    name = piece.format.removeprefix(f"{model.name}:")
    if table := model.sources[name].adds_to:
        yield Context(name=table, table=schema(table).empty_table(), rejected=(piece,), source=piece.source, full=False)
        return
    try:
        file = again(piece, asked(model, name))
    except NoHeader:
        table = model.told_with(name)
        yield Context(name=table, table=schema(table).empty_table(), rejected=(piece,), source=piece.source, full=False)
        return
    with connect() as con:
        rejected = _load(con, model, name, file)
        for made in _make(con, model, {name: file}, {name: rejected}, zone=zone):
            yield replace(made, full=False)


def asked(model: Model, name: str) -> Asked:
    """What a file of the model must and may have in its header."""
    source = model.sources[name]
    return Asked(format=f"{model.name}:{name}", need=source.need, known=source.columns, lower=True)


def _load(con: duckdb.DuckDBPyConnection, model: Model, name: str, file: File) -> list[Rejected]:
    """The file's rows as a table of text; what is no row is handed back."""
    columns = ", ".join(f'"{c}" VARCHAR' for c in model.sources[name].columns)
    con.execute(f'CREATE TABLE "{name}" ({columns}, line BIGINT)')
    blanks = ", ".join(f"'{b}'" for b in model.blanks)
    cells = ", ".join(
        f"CASE WHEN {_q(c)} IN ({blanks}) THEN '' ELSE {_q(c)} END" if blanks else _q(c)
        for c in model.sources[name].columns
    )
    rejected: list[Rejected] = []
    for sheet in file.sheets(model.sources[name].columns):
        con.register("incoming", sheet.rows)
        con.execute(f'INSERT INTO "{name}" SELECT {cells}, line FROM incoming')  # noqa: S608 - a name of the model
        con.unregister("incoming")
        rejected += sheet.rejected
    return rejected


def _make(
    con: duckdb.DuckDBPyConnection,
    model: Model,
    opened: Mapping[str, File],
    pieces: Mapping[str, list[Rejected]],
    *,
    zone: str,
) -> Iterator[Context]:
    """Every table that has a making whose file is there."""
    for name in model.sources.keys() - opened.keys():
        con.execute(
            f'CREATE TABLE "{name}" ({", ".join(f"{_q(c)} VARCHAR" for c in model.sources[name].columns)}, line BIGINT)'
        )
    _moments(con, [(n, c) for n in opened for c in model.sources[n].times], ZoneInfo(zone))
    numbers = {name: number for number, name in enumerate(model.sources)}
    told: set[tuple[str, str]] = set()
    for table in TABLES:
        makings = [m for m in model.makings if m.table == table and m.source in pieces]
        if not makings:
            continue
        made = _Table(source=(opened[makings[0].source].path.name if makings[0].source in opened else ""))
        for name, source in model.sources.items():
            if source.adds_to == table:
                made.broken += pieces.get(name, [])
        made.full = not made.broken
        for making in makings:
            made.broken += pieces[making.source]
            made.full &= not pieces[making.source]
            if making.source in opened:
                _one(con, making, opened[making.source], numbers[making.source], made, zone=zone)
        yield _finish(con, table, made, opened, list(model.sources), told=told)


def _one(
    con: duckdb.DuckDBPyConnection,
    making: Making,
    file: File,
    number: int,
    made: _Table,
    *,
    zone: str,
) -> None:
    """One SELECT of one table."""
    columns = {c.name for c in TABLES[making.table].columns}
    given = con.sql(making.select)
    filler = ", ".join(f"'' AS {_q(c)}" for c in sorted(columns - set(given.columns)))
    text = f"SELECT m.*{', ' + filler if filler else ''} FROM ({making.select}) AS m ORDER BY line"  # noqa: S608 - ours
    rows = con.sql(text).to_arrow_table()
    blank = [pc.fill_null(rows[c], "") if c != "line" else rows[c] for c in rows.column_names]
    rows = pa.table(blank, names=rows.column_names)
    cast = Normaliser(con, making.table, zone=zone, file=file.path.name).cast(rows)
    made.held.append(cast.held)
    made.full &= not cast.nameless
    lines = rows["line"].take(pa.array([row for row, _ in cast.bad], pa.int64())).to_pylist()
    found = file.raw_of(lines)
    made.broken += [file.set_aside(n, why, found.get(n, b"")) for n, (_, why) in zip(lines, cast.bad, strict=True)]
    shifted = pc.add(cast.good["line"], pa.scalar(number << 40, pa.int64()))
    made.parts.append(cast.good.set_column(cast.good.column_names.index("line"), "line", shifted))


def _finish(
    con: duckdb.DuckDBPyConnection,
    name: str,
    made: _Table,
    opened: Mapping[str, File],
    order: list[str],
    *,
    told: set[tuple[str, str]],
) -> Context:
    """The table with one row a key."""
    empty = schema(name).append(pa.field("line", pa.int64())).empty_table()
    rows, differing = conflicts(con, name, pa.concat_tables([empty, *(t.cast(empty.schema) for t in made.parts)]))
    by_file: dict[int, list[int]] = {}
    for place, _ in differing:
        by_file.setdefault(place >> 40, []).append(place & ((1 << 40) - 1))
    key = ", ".join(TABLES[name].key)
    for number, lines in by_file.items():
        file = opened[order[number]]
        found = file.raw_of(lines)
        made.broken += [
            file.set_aside(line, f"conflict: an earlier row has the same {key}, the rest differs", found.get(line, b""))
            for line in lines
        ]
    # A row of a file that makes several tables is set aside once.
    new = {(p.source, p.position): p for p in reversed(made.broken) if (p.source, p.position) not in told}
    told.update(new)
    pieces: list[Rejected] = []
    for _, mine in groupby(sorted(new.values(), key=_place), key=lambda p: p.source):
        pieces += bundled(list(mine), before=0)
    return Context(
        name=name,
        table=rows.drop_columns("line"),
        rejected=tuple(pieces),
        source=made.source,
        full=made.full,
        held=joined_keys(name, made.held),
    )


def _place(piece: Rejected) -> tuple[str, int]:
    return piece.source, int(piece.position)


def _moments(con: duckdb.DuckDBPyConnection, columns: list[tuple[str, str]], zone: ZoneInfo) -> None:
    """Make `moment` and `moment_end`, with the zone's offset at every local hour that the columns name."""
    hours: set[str] = set()
    for table, column in columns:
        texts = con.execute(
            f"SELECT DISTINCT replace(substr({_q(column)}, 1, 13), ' ', 'T') FROM {_q(table)} "  # noqa: S608
            f"WHERE regexp_matches({_q(column)}, '^\\d{{4}}-\\d\\d-\\d\\d')"
        ).fetchall()
        hours |= {text for (text,) in texts}
    offsets = [(hour, _offset(hour, zone)) for hour in sorted(hours | {_next(h) for h in hours if len(h) == 10})]
    hour_table = pa.table(
        {"hour": [h if len(h) > 10 else f"{h}T00" for h, o in offsets if o], "off": [o for _, o in offsets if o]},
        schema=pa.schema([("hour", pa.string()), ("off", pa.string())]),
    )
    con.register("hour_rows", hour_table)
    con.execute("CREATE TABLE hour_offset AS SELECT hour, any_value(off) AS off FROM hour_rows GROUP BY hour")
    con.unregister("hour_rows")
    con.execute(
        """
        CREATE MACRO offset_at(x) AS
            (SELECT h.off FROM hour_offset AS h WHERE h.hour = replace(substr(x, 1, 13), ' ', 'T'));
        CREATE MACRO local_moment(x) AS CASE
            WHEN regexp_full_match(x, '\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?')
            THEN replace(x, ' ', 'T') || offset_at(x)
            WHEN regexp_full_match(x, '\\d{4}-\\d\\d-\\d\\d[ T].*') THEN replace(x, ' ', 'T')
            ELSE x END;
        CREATE MACRO moment(x) AS CASE
            WHEN regexp_full_match(x, '\\d{4}-\\d\\d-\\d\\d') THEN local_moment(x || 'T00:00:00') ELSE local_moment(x) END;
        CREATE MACRO moment_end(x) AS CASE
            WHEN regexp_full_match(x, '\\d{4}-\\d\\d-\\d\\d')
            THEN coalesce(local_moment(strftime(TRY_CAST(x AS DATE) + 1, '%Y-%m-%d') || 'T00:00:00'), x)
            ELSE local_moment(x) END;
        """
    )


def _next(day: str) -> str:
    try:
        return (datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    except (ValueError, OverflowError):
        return day


def _offset(hour: str, zone: ZoneInfo) -> str | None:
    """`+08:00` at a local hour (of a day alone: its first moment); None where there is no such hour."""
    try:
        local = datetime.strptime(hour, "%Y-%m-%dT%H" if len(hour) > 10 else "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError:
        return None
    offset = local.utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset is not None else 0
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _q(name: str) -> str:
    return f'"{name}"'
