# SPDX-License-Identifier: Apache-2.0
"""`Schema`: what the hospital's own data dictionary says of names that say nothing themselves. Pure.

It is imported as CSV with the columns `kind, schema, name, column, comment, text`: one row a table, column, view, synonym or
procedure (docs/how-to/statistics-queries.md has the statements that make it). `Labels` are words of the operator's own.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wardkeep.watch.statistics.names import TableKind, column_concepts, table_kind
from wardkeep.watch.statistics.verdict import Concept

KINDS = ("table", "column", "view", "synonym", "procedure")
COLUMNS = ("kind", "schema", "name", "column", "comment", "text")
#: A definition longer than this is cut.
LONGEST_TEXT = 200_000
MOST_ROWS = 1_000_000


class SchemaError(ValueError):
    """An imported schema, or the file of labels, cannot be used; the message says where and why."""


def plain(name: str) -> str:
    """A name as it is compared: without quotes and brackets, lower case."""
    return name.translate(_QUOTES).strip().lower()


_QUOTES = str.maketrans("", "", '"[]`')


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what it is, and its columns with what they are about, in order."""

    name: str
    kind: TableKind
    columns: Mapping[str, frozenset[Concept]]


@dataclass(frozen=True, slots=True)
class Schema:
    """Names of tables, views, synonyms and procedures, and what is behind them. Bare names are known beside full ones."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, str] = field(default_factory=dict)
    procedures: Mapping[str, str] = field(default_factory=dict)
    #: Labels of columns by `table.column`, of the operator.
    labels: Mapping[str, frozenset[Concept]] = field(default_factory=dict)
    #: Procedures that the operator vouches for.
    trusted: frozenset[str] = frozenset()
    #: SHA-256 of what it was made from.
    digest: str = ""

    def find(self, name: str, among: Mapping[str, object]) -> str | None:
        """The key under which a name is known: as written, or by its last part or two."""
        key = plain(name).partition("@")[0]
        parts = key.split(".")
        for n in range(len(parts), 0, -1):
            if (short := ".".join(parts[-n:])) in among:
                return short
        return None

    def target(self, name: str) -> str:
        """What a name stands for, after its synonyms."""
        for _ in range(8):
            key = self.find(name, self.synonyms)
            if key is None or self.synonyms[key] == name:
                return name
            name = self.synonyms[key]
        return name

    def labelled(self, table: str, column: str) -> frozenset[Concept] | None:
        """What the operator says a column is about."""
        parts = plain(table).split(".")
        for n in range(len(parts), 0, -1):
            if (found := self.labels.get(".".join([*parts[-n:], plain(column)]))) is not None:
                return found
        return self.labels.get(plain(column))


EMPTY = Schema()


def read_schema(text: str, labels: str = "") -> Schema:
    """A schema from its CSV and the operator's labels (TOML). Raises SchemaError."""
    said = _labels(labels)
    names: dict[str, list[str]] = {}
    comments: dict[str, list[str]] = {}
    columns: dict[str, dict[str, frozenset[Concept]]] = {}
    views, synonyms, procedures = {}, {}, {}
    for kind, owner, name, column, comment, body in _rows(text):
        full = plain(f"{owner}.{name}") if owner else plain(name)
        keys = {full, plain(name)}
        for key in keys:
            if kind == "table":
                names.setdefault(key, []).append(name)
                comments.setdefault(key, []).append(comment)
            elif kind == "column":
                names.setdefault(key, []).append(name)
                columns.setdefault(key, {})[plain(column)] = column_concepts(comment) or column_concepts(column)
            elif kind == "view":
                views[key] = body[:LONGEST_TEXT]
            elif kind == "synonym":
                synonyms[key] = body
            else:
                procedures[key] = body[:LONGEST_TEXT]
    tables = {key: Table(key, table_kind(names[key][0], *comments.get(key, ())), columns.get(key, {})) for key in names}
    return Schema(
        tables=tables,
        views=views,
        synonyms=synonyms,
        procedures=procedures,
        labels=said[0],
        trusted=said[1],
        digest=hashlib.sha256(f"{text}\0{labels}".encode()).hexdigest() if text or labels else "",
    )


def _rows(text: str) -> Iterator[tuple[str, ...]]:
    if not text:
        return
    csv.field_size_limit(max(csv.field_size_limit(), 8 * LONGEST_TEXT))
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        heads = [h.strip().lower() for h in reader.fieldnames or ()]
    except csv.Error as exc:
        raise SchemaError(f"the header of the schema: {exc}") from exc
    reader.fieldnames = heads
    if missing := [name for name in ("kind", "name") if name not in heads]:
        raise SchemaError(f"the schema has no column {', '.join(missing)}: its header is {', '.join(COLUMNS)}")
    try:
        for n, row in enumerate(reader):
            if n >= MOST_ROWS:
                raise SchemaError(f"the schema has more than {MOST_ROWS:,} rows: export the clinical schemas only")
            cells = tuple((row.get(column) or "").strip() for column in COLUMNS)
            if cells[0].lower() not in KINDS:
                raise SchemaError(f"line {reader.line_num}: kind {cells[0]!r}: use one of {', '.join(KINDS)}")
            if not cells[2]:
                raise SchemaError(f"line {reader.line_num}: a {cells[0]} without a name")
            yield (cells[0].lower(), *cells[1:])
    except csv.Error as exc:
        raise SchemaError(f"line {reader.line_num}: {exc}") from exc


def schema_file(labels: str) -> str:
    """The name of the CSV that the labels name, empty where they name none. Raises SchemaError."""
    try:
        name = tomllib.loads(labels).get("schema", "")
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise SchemaError(f"the labels are no TOML: {exc}") from exc
    if not isinstance(name, str) or name.startswith(("/", "~")) or ".." in name:
        raise SchemaError(f"schema = {name!r}: use the name of a file beside the labels")
    return name


def _labels(text: str) -> tuple[dict[str, frozenset[Concept]], frozenset[str]]:
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise SchemaError(f"the labels are no TOML: {exc}") from exc
    if unknown := sorted(set(raw) - {"schema", "columns", "trusted_procedures"}):
        raise SchemaError(f"{', '.join(unknown)}: the labels have `schema`, `trusted_procedures` and [columns]")
    columns, trusted = raw.get("columns", {}), raw.get("trusted_procedures", [])
    if not isinstance(columns, dict) or not isinstance(trusted, list) or not all(isinstance(t, str) for t in trusted):
        raise SchemaError("[columns] is a table of names, trusted_procedures a list of names")
    out = {}
    for name, said in columns.items():
        words = [said] if isinstance(said, str) else said
        if not isinstance(words, list) or not all(isinstance(w, str) and w in {*Concept, "none"} for w in words):
            raise SchemaError(f"column {name} = {said!r}: use {', '.join(Concept)} or none")
        out[plain(name)] = frozenset(Concept(w) for w in words if w != "none")
    return out, frozenset(map(plain, trusted))
