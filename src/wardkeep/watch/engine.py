# SPDX-License-Identifier: Apache-2.0
"""The engine that runs judgement SQL: texts with a name and a description, numbers as `:name`, one table each.

A text is one SELECT in the subset that SQLGlot carries to Spark (docs/reference/detections.md): explicit ON, no EXISTS
with ranges, no windowed DISTINCT, every column named. Numbers are put into the text (only int and float can be), so that
the same text runs where parameters of a CREATE TABLE are not known.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

_HEADER = re.compile(
    r"^-- name: (?P<name>[a-z_]+)\n-- description: (?P<description>(?:[^\n]|\n--   )+)\n", re.MULTILINE
)
_NUMBER = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class EngineError(Exception):
    """A text lacks its header, or a number that it asks for was not given."""


@dataclass(frozen=True, slots=True)
class Query:
    """One named SELECT; the table that it makes has its name."""

    name: str
    description: str
    text: str

    def filled(self, numbers: Mapping[str, int | float]) -> str:
        """The text with its numbers. Raises EngineError where one is missing or is no number."""

        def number(match: re.Match[str]) -> str:
            value = numbers.get(match[1])
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise EngineError(f"query {self.name} asks for :{match[1]}, got {value!r}: give a number")
            # A bare 60 is 32 bits wide in every engine, and 60 * 60000000 is not.
            return f"CAST({value} AS BIGINT)" if isinstance(value, int) else repr(value)

        return _NUMBER.sub(number, self.text)


class Engine(Protocol):
    """What a judgement needs of an engine."""

    def tables(self) -> set[str]:
        """Names of the tables and views that are there."""

    def make(self, query: Query, numbers: Mapping[str, int | float]) -> None:
        """Run `query` and keep its rows as the table of its name, replacing one that is there."""

    def put(self, name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
        """Keep `rows` as a table of (column, SQL type)."""

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT."""

    def drop(self, names: Iterable[str]) -> None:
        """Forget tables that `make` and `put` made."""

    def over(self, name: str, text: str | None) -> None:
        """Let `name` mean the rows of `text` from now on, which says `{name}` for what it meant at first; None: that again."""


class DuckEngine:
    """DuckDB, on a connection that the caller owns. Everything made here is temporary."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        # Temporary tables are gone with the connection: writing them out on the way costs seconds and keeps nothing.
        # Where the configuration is locked, whoever locked it has decided.
        with contextlib.suppress(duckdb.InvalidInputException):
            con.execute("SET checkpoint_threshold = '1TB'")

    def tables(self) -> set[str]:
        found = self.con.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return {name for (name,) in found}

    def make(self, query: Query, numbers: Mapping[str, int | float]) -> None:
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {query.name} AS {query.filled(numbers)}")

    def put(self, name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
        if not _NAME.fullmatch(name):
            raise EngineError(f"{name!r} is no table name")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns)})")
        if batch := list(rows):
            # As columns: row by row, DuckDB takes a second for a thousand of them.
            arrays = [pa.array(list(values)) for values in zip(*batch, strict=True)]
            self.con.register("rows_put", pa.table(arrays, names=[f"c{i}" for i in range(len(columns))]))
            self.con.execute(f"INSERT INTO {name} SELECT * FROM rows_put")  # noqa: S608 - name checked above
            self.con.unregister("rows_put")

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        return self.con.execute(text).fetchall()

    def drop(self, names: Iterable[str]) -> None:
        kinds = dict(self.con.execute("SELECT table_name, table_type FROM information_schema.tables").fetchall())
        for name in names:
            if name in kinds:
                self.con.execute(f"DROP {'VIEW' if kinds[name] == 'VIEW' else 'TABLE'} IF EXISTS temp.{name}")

    def over(self, name: str, text: str | None) -> None:
        if not _NAME.fullmatch(name):
            raise EngineError(f"{name!r} is no table name")
        kept = f"first_{name}"
        found = self.con.execute(
            "SELECT table_catalog, table_schema, table_type FROM information_schema.tables "
            "WHERE table_name = ? AND (table_catalog = 'temp' OR table_schema = current_schema())",
            [name],
        ).fetchall()
        beneath = [f'"{catalog}"."{schema}".{name}' for catalog, schema, _ in found if catalog != "temp"]
        kinds = [kind for catalog, _, kind in found if catalog == "temp"]
        shown = self.con.execute("SELECT sql FROM duckdb_views() WHERE temporary AND view_name = ?", [name]).fetchone()
        if kinds and (beneath or text is not None or (shown and kept in shown[0])):
            if not beneath and not (shown and kept in shown[0]):
                # Handed over under the very name: it is small, and kept under another.
                self.con.execute(f"CREATE OR REPLACE TEMP TABLE {kept} AS SELECT * FROM {name}")  # noqa: S608
            self.con.execute(f"DROP {'VIEW' if kinds[0] == 'VIEW' else 'TABLE'} temp.{name}")
            beneath = beneath or [f"temp.{kept}"]
            if text is None and beneath == [f"temp.{kept}"]:
                self.con.execute(f"ALTER TABLE temp.{kept} RENAME TO {name}")
        if text is not None:
            self.con.execute(f"CREATE TEMP VIEW {name} AS {text.replace('{name}', beneath[0])}")


def parse(text: str, origin: str) -> dict[str, Query]:
    """The queries of one file, in order. Raises EngineError where text stands outside a named query."""
    found = list(_HEADER.finditer(text))
    before = text[: found[0].start()] if found else text
    if not found or [line for line in before.splitlines() if line.strip() and not line.startswith("--")]:
        raise EngineError(f"{origin} must begin with `-- name:` and `-- description:` lines")
    ends = [m.start() for m in found[1:]] + [len(text)]
    queries = {}
    for match, end in zip(found, ends, strict=True):
        description = " ".join(match["description"].replace("\n--", " ").split())
        queries[match["name"]] = Query(match["name"], description, text[match.end() : end].strip().rstrip(";"))
    return queries


def load(folder: Path) -> dict[str, Query]:
    """Every query of the `.sql` files in `folder`, by name. Raises EngineError where a name comes twice."""
    queries: dict[str, Query] = {}
    for path in sorted(folder.glob("*.sql")):
        for name, query in parse(path.read_text(encoding="utf-8"), path.name).items():
            if name in queries:
                raise EngineError(f"query {name} is in two files, one of them {path.name}: rename one")
            queries[name] = query
    return queries


def digest(queries: Iterable[Query]) -> str:
    """SHA-256 over names and texts, for the record of a run."""
    state = hashlib.sha256()
    for query in sorted(queries, key=lambda q: q.name):
        state.update(f"{query.name}\0{query.text}\0".encode())
    return state.hexdigest()
