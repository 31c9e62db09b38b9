# SPDX-License-Identifier: Apache-2.0
"""The canonical row: the one rendering of a stored event to which its leaf in the ledger commits.

A row is the netstrings of its fields in the order of its version, nothing between them: `<bytes>:<utf8>,`, and `-,` for
NULL. Integers are decimal, flags `0` or `1`, bytes lower-case hex. The field list of a version never changes; a new list
is a new version, and every old one stays here, because entries of its time have to be verified. The leaf is
`version ‖ SHA-256(salt16 ‖ row)`.

Two roads give the same bytes: `render` for one row, `render_all` set-based in DuckDB.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

SALT = 16
CURRENT = 1
#: Fewer rows than this are rendered one by one: a connection takes longer.
FEW = 500
#: So many rows are rendered at once.
AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, how it is rendered, and whether it can be NULL."""

    name: str
    kind: Literal["text", "number", "flag", "bytes32"] = "text"
    nullable: bool = True


#: version -> its fields, in order.
FIELDS: dict[int, tuple[Field, ...]] = {
    1: (
        Field("event_id"),
        Field("part", "number", False),
        Field("time_us", "number", False),
        Field("time_quality", nullable=False),
        Field("account"),
        Field("patient_id"),
        Field("action", nullable=False),
        Field("resource"),
        Field("count", "number", False),
        Field("purpose"),
        Field("breakglass", "flag", False),
        Field("outcome", nullable=False),
        Field("system", nullable=False),
        Field("workstation"),
        Field("ip"),
        Field("site"),
        Field("session_id"),
        Field("query"),
        Field("duration_ms", "number"),
        Field("kind", nullable=False),
        Field("format", nullable=False),
        Field("source", nullable=False),
        Field("position", nullable=False),
        Field("raw_sha256", "bytes32", False),
        Field("extra"),
        Field("occurrence", "number"),
        Field("received_us", "number", False),
        Field("amends"),
    )
}


def render(values: Mapping[str, object], *, version: int = CURRENT) -> bytes:
    """The canonical row of one event. Raises ValueError where a field is missing, or NULL where it cannot be."""
    return b"".join([_piece(field, values[field.name]) for field in FIELDS[version]])


def _piece(field: Field, value: object) -> bytes:
    """The netstring of one field."""
    if value is None:
        if not field.nullable:
            raise ValueError(f"field {field.name} of a canonical row cannot be empty")
        return b"-,"
    if field.kind == "flag":
        text = b"1" if value else b"0"
    elif isinstance(value, bytes):
        text = value.hex().encode()
    else:
        text = str(value).encode()
    return b"%d:%b," % (len(text), text)


def render_sql(relation: str, *, version: int = CURRENT, equal: Mapping[str, object] = MappingProxyType({})) -> str:
    """DuckDB SQL that gives the canonical rows of `relation`, in its order, as one BLOB column `row`.

    equal: fields that have one value in all rows, which is then rendered once.
    """
    pieces: list[str] = []
    said = ""  # text that stands between the columns

    def add(*texts: str) -> None:
        nonlocal said
        if said:
            pieces.append("'" + said.replace("'", "''") + "'")
        pieces.extend(texts)
        said = ""

    for field in FIELDS[version]:
        column = f'"{field.name}"'
        if field.name in equal:
            said += _piece(field, equal[field.name]).decode()
        elif field.kind == "flag":
            add(f"CASE WHEN {column} THEN '1:1,' ELSE '1:0,' END")
        elif field.kind == "bytes32":
            said += "64:"
            add(f"lower(hex({column}))")
            said = ","
        else:
            text = column if field.kind == "text" else f"CAST({column} AS VARCHAR)"
            if field.nullable:  # concat leaves NULL out, so that an empty field becomes `-` and `,`
                add(f"coalesce(CAST(strlen({text}) AS VARCHAR) || ':', '-')", text)
            else:
                add(f"strlen({text})", "':'", text)
            said = ","
    add()
    return f"SELECT encode(concat({', '.join(pieces)})) AS row FROM {relation}"  # noqa: S608 - names of ours only


def render_all(table: pa.Table, *, version: int = CURRENT) -> list[bytes]:
    """The canonical rows of a table that has the version's fields as columns."""
    return [row for rows in _rendered(table, version) for row in rows]


def leaves_all(table: pa.Table, salted: bytes, *, version: int = CURRENT) -> list[bytes]:
    """The entries of a table's rows. No more of them are rendered at once than the processor's cache holds."""
    found: list[bytes] = []
    for rows in _rendered(table, version):
        at = SALT * len(found)
        found += leaves(rows, salted[at : at + SALT * len(rows)], version=version)
    return found


def _rendered(table: pa.Table, version: int) -> Iterator[list[bytes]]:
    if table.num_rows < FEW:
        yield [render(row, version=version) for row in table.to_pylist()]
        return
    table = table.select([field.name for field in FIELDS[version]])
    with duckdb.connect(":memory:", config={"threads": 1}) as con:
        con.register("rows_to_render", table)
        sql = render_sql("rows_to_render", version=version, equal=_equal(table))
        for batch in con.sql(sql).to_arrow_reader(AT_ONCE):
            yield batch.column("row").to_pylist()


def _equal(table: pa.Table) -> dict[str, object]:
    """The columns that have one value in all rows (or none in any), and that value."""
    found: dict[str, object] = {}
    for name in table.column_names if table.num_rows else ():
        column = table.column(name)
        value = column[0]
        if column.null_count == len(column):
            found[name] = None
        elif column.null_count == 0 and pc.all(pc.equal(column, value)).as_py():
            plain = value.as_py()
            if not (isinstance(plain, str) and "\0" in plain):  # which SQL text cannot hold
                found[name] = plain
    return found


def salts(count: int) -> bytes:
    """`count` salts of 16 random bytes, one after the other."""
    return os.urandom(SALT * count)


def leaves(rows: list[bytes], salted: bytes, *, version: int = CURRENT) -> list[bytes]:
    """The entries of many rows; `salted` holds their salts one after the other."""
    head, sha256 = bytes([version]), hashlib.sha256
    return [
        head + sha256(salted[at : at + SALT] + row).digest()
        for at, row in zip(range(0, len(salted), SALT), rows, strict=True)
    ]
