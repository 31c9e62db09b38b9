# SPDX-License-Identifier: Apache-2.0
"""From text cells to the normalised form: every rule of a column as SQL, over whole tables at once.

`Normaliser` is given rows whose columns are those of one table of TABLES, all text, '' where empty, and `line`; it answers
with the rows that keep every rule, cast, and with row, reason and key of those that break one. A reason names the rule and the
column, never the value, which may be a patient's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from wardkeep.watch.hospital.context import engine_key, schema
from wardkeep.watch.hospital.tables import TABLES, Column, Table

DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = (
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d(:\d\d(\.\d{1,9})?)?"  # the day and the time of day
    r"(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)"  # the offset
)
_DATE = r"\d{4}-\d\d-\d\d"


def connect() -> duckdb.DuckDBPyConnection:
    """A connection that fetches nothing and spills nothing to disk."""
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": "4GB",
            "temp_directory": "",
            "threads": 2,
        }
    )


class Normaliser:
    """Casts the rows of one table. `file` is what `src` names where the table has no id column; '' where rows bring `src`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, name: str, *, zone: str, file: str) -> None:
        self.table = TABLES[name]
        self._con = con
        self._schema = schema(name)
        earliest, latest = _bounds(zone)
        casts = [f'{_cast(c)} AS "{c.engine_name}"' for c in self.table.columns]
        named = _quoted(self.table.id) if self.table.id else f"{_text(file + ':')} || line"
        src = named if file else "src"
        rules = [rule for c in self.table.columns for rule in _rules(c, earliest, latest)]
        rules += _row_rules(self.table)
        why = " ".join(f"WHEN {broken} THEN {_text(reason)}" for broken, reason in rules)
        cells = ", ".join(_quoted(c.name) for c in self.table.columns)
        kept = ", ".join(f"{_quoted(c.name)} AS {_raw(c)}" for c in self.table.columns)
        # Two steps, so that each cell is cast once and its rules see both the cell and its value.
        self._sql = f"""
            WITH text_row AS (SELECT {cells}, line{"" if file else ", src"}, row_number() OVER () - 1 AS row_ FROM text_rows),
            cast_row AS (
                SELECT {", ".join(casts)}, CAST({src} AS VARCHAR) AS src, line AS line_, row_, {kept} FROM text_row
            )
            SELECT *, CASE {why} END AS why_ FROM cast_row
        """  # noqa: S608 - names and values of our own tables

    def cast(self, rows: pa.Table) -> Cast:
        """Sort the rows into those that keep every rule and those that do not."""
        self._con.register("text_rows", rows)
        try:
            self._con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {self._sql}")
        finally:
            self._con.unregister("text_rows")
        kept = ", ".join(_quoted(n) for n in self._schema.names)
        good = f"SELECT {kept}, line_ AS line FROM judged WHERE why_ IS NULL ORDER BY row_"  # noqa: S608 - our names
        bad = self._con.execute("SELECT row_, why_ FROM judged WHERE why_ IS NOT NULL ORDER BY row_").fetchall()
        key = ", ".join(_quoted(k) for k in engine_key(self.table))
        named = " AND ".join(_named(c) for c in self.table.columns if c.name in self.table.key)
        held = f"SELECT {key} FROM judged WHERE why_ IS NOT NULL AND {named}"  # noqa: S608 - our names
        return Cast(self._con.sql(good).to_arrow_table(), bad, self._con.sql(held).to_arrow_table())


@dataclass(frozen=True, slots=True)
class Cast:
    """What became of the rows."""

    #: Normalised, with `line`.
    good: pa.Table
    #: (row, reason) of the others, in order.
    bad: list[tuple[int, str]]
    #: The natural keys of those of the others that have one.
    held: pa.Table

    @property
    def nameless(self) -> bool:
        """Whether a bad row cannot be named by its key."""
        return bool(self.held.num_rows < len(self.bad))


def conflicts(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> tuple[pa.Table, list[tuple[int, int]]]:
    """Rows of one natural key: the first stays, a repetition is dropped, and (line, first line) of those that differ.

    `rows` are normalised, with `line`.
    """
    table = TABLES[name]
    key = ", ".join(_quoted(k) for k in engine_key(table))
    con.register("keyed", rows)
    try:
        twice = f"SELECT count(*) FROM (SELECT 1 FROM keyed GROUP BY {key} HAVING count(*) > 1)"  # noqa: S608 - our names
        if con.execute(twice).fetchall() == [(0,)]:
            return rows, []
        values = ", ".join(_quoted(c.engine_name) for c in table.columns)
        same = f"(PARTITION BY {key} ORDER BY line)"
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE ranked AS
            SELECT *, row_number() OVER {same} AS nth_, first_value(line) OVER {same} AS first_,
                first_value(row({values})) OVER {same} IS DISTINCT FROM row({values}) AS differs_
            FROM keyed
            """  # noqa: S608 - names of our own tables
        )
        kept = ", ".join(_quoted(n) for n in rows.column_names)
        good = con.sql(f"SELECT {kept} FROM ranked WHERE nth_ = 1 ORDER BY line").to_arrow_table()  # noqa: S608
        bad = con.execute("SELECT line, first_ FROM ranked WHERE nth_ > 1 AND differs_ ORDER BY line").fetchall()
    finally:
        con.unregister("keyed")
    return good, bad


def longest(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> pa.Table:
    """Intervals of one natural key as one that ends when the last of them does; the rest as the first says."""
    key = engine_key(TABLES[name])
    ends = "CASE WHEN count(*) > count(end_us) THEN NULL ELSE max(end_us) END"
    told = {"end_us": ends, "line": "min(line)"}
    columns = [
        _quoted(c) if c in key else f"{told.get(c, f'arg_min({_quoted(c)}, line)')} AS {_quoted(c)}"
        for c in rows.column_names
    ]
    con.register("intervals", rows)
    by = ", ".join(_quoted(k) for k in key)
    text = f"SELECT {', '.join(columns)} FROM intervals GROUP BY {by} ORDER BY line"  # noqa: S608 - names of our own tables
    try:
        return con.sql(text).to_arrow_table().cast(rows.schema)
    finally:
        con.unregister("intervals")


def _cast(column: Column) -> str:
    """The normalised value of a text cell; NULL where the cell is empty or no such value."""
    cell = _quoted(column.name)
    match column.type:
        case "time":
            return f"CASE WHEN regexp_full_match({cell}, '{_TIME}') THEN epoch_us(TRY_CAST({cell} AS TIMESTAMPTZ)) END"
        case "date":
            return (
                f"CASE WHEN regexp_full_match({cell}, '{_DATE}') "
                f"THEN CAST(TRY_CAST({cell} AS DATE) - DATE '1970-01-01' AS INTEGER) END"
            )
        case "list":
            items = f"trim(regexp_replace({cell}, ';+', ';', 'g'), ';')"
            return f"CASE WHEN {items} = '' THEN '' ELSE ';' || {items} || ';' END"
        case "flag":
            return f"({cell} = '1')"
        case "text" if column.fallback:
            return f"CASE WHEN {cell} IN ({_values(column)}) THEN {cell} ELSE {_text(column.fallback)} END"
        case _:
            return f"nullif({cell}, '')"


def _rules(column: Column, earliest: int, latest: int) -> list[tuple[str, str]]:
    """(SQL that is true where a cell breaks a rule, reason)."""
    cell, value, name = _raw(column), _quoted(column.engine_name), column.name
    rules: list[tuple[str, str]] = []
    if column.required:
        rules.append((f"{cell} = ''", f"missing: {name} is empty"))
    if column.type == "time":
        rules += [
            (f"{cell} <> '' AND {value} IS NULL", f"time: {name} is no ISO 8601 time with an offset"),
            (f"{value} NOT BETWEEN {earliest} AND {latest}", f"time: {name} is outside the years 1 to 9999"),
        ]
    elif column.type == "date":
        rules += [
            (f"{cell} <> '' AND {value} IS NULL", f"date: {name} is no date YYYY-MM-DD"),
            (f"{value} < {earliest // DAY_US}", f"date: {name} is outside the years 1 to 9999"),
        ]
    elif column.type == "flag":
        rules.append((f"{cell} NOT IN ('', '0', '1')", f"flag: {name} is neither 1 nor 0"))
    elif column.type == "list":
        words = "|".join(column.values)
        rules.append(
            (
                f"NOT regexp_full_match({cell}, ';*(({words})(;+|$))*')",
                f"vocabulary: {name} has a value that is not in its list",
            )
        )
    elif column.values and not column.fallback:
        rules.append(
            (f"{cell} NOT IN ('', {_values(column)})", f"vocabulary: {name} has a value that is not in its list")
        )
    return rules


def _named(column: Column) -> str:
    """SQL that is true where the cell of a key column holds a value, or rightly holds none."""
    cell, value = _raw(column), _quoted(column.engine_name)
    if column.required and column.values:
        return f"{cell} IN ({_values(column)})"
    if column.required:
        return f"{value} IS NOT NULL"
    return f"({cell} = '' OR {value} IS NOT NULL)"


def _row_rules(table: Table) -> list[tuple[str, str]]:
    """Rules that span cells."""
    names = {c.engine_name for c in table.columns}
    rules = []
    if {"start_us", "end_us"} <= names:
        rules.append(('"end_us" < "start_us"', "interval: end is before start"))
    if table.name == "accounts":
        rules.append(
            (
                "kind IN ('service', 'shared') AND staff_id IS NOT NULL",
                "owner: a service or shared account has a staff_id",
            )
        )
    return rules


def _bounds(zone: str) -> tuple[int, int]:
    """The moments that can be shown in UTC and in the hospital's zone."""
    ahead = ZoneInfo(zone).utcoffset(datetime.max) or _NONE
    latest = datetime.max.replace(tzinfo=UTC) - max(ahead, _NONE)
    return (datetime(1, 1, 3, tzinfo=UTC) - _EPOCH) // _US, (latest - _EPOCH) // _US


_NONE = timedelta()
_US = timedelta(microseconds=1)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _raw(column: Column) -> str:
    return f'"{column.name}__"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _values(column: Column) -> str:
    return ", ".join(_text(v) for v in column.values)
