# SPDX-License-Identifier: Apache-2.0
"""Messages of an invented hospital, and a store of tables in memory that they are loaded into."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from wardkeep.watch.hospital.context import engine_key, schema
from wardkeep.watch.hospital.messages import contexts_of
from wardkeep.watch.hospital.tables import KEPT, TABLES

ZONE = "Asia/Shanghai"
PATIENT = "PID|1||P1^^^H^MR||王^小明||19700102|M|||某路1号^^某市||13900000000"


def message(kind: str, control: str, at: str, *segments: str, occurred: str = "", sender: str = "HIS") -> bytes:
    """One message; `at` is when it was recorded and sent, `occurred` EVN-6."""
    head = f"MSH|^~\\&|{sender}|H|WK|H|{at}||{kind}|{control}|P|2.4||||||UNICODE UTF-8"
    event = f"EVN|{kind.partition('^')[2]}|{at}|||OP1|{occurred}"
    return "\r".join((head, event, *segments)).encode()


def pv1(**fields: str) -> str:
    """PV1 with some of its fields: `pv1(f2="I", f19="V1")`."""
    by_number = {int(name[1:]): text for name, text in fields.items()}
    return "PV1|1|" + "|".join(by_number.get(n, "") for n in range(2, max(by_number) + 1))


def us(text: str) -> int:
    """`2026-03-02T08:00` of the hospital in microseconds."""
    there = datetime.fromisoformat(text + "+08:00")
    return (there - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class Tables:
    """What is known after some loads: the store's rule of upserts, in a dict. The store itself is tested beside."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}

    def known(self, name: str) -> pa.Table:
        return pa.Table.from_pylist(list(self.kept.get(name, {}).values()), schema(name))

    def load(self, *messages: bytes) -> Tables:
        for made in contexts_of(messages, zone=ZONE, known=self.known, source="feed.hl7"):
            assert not made.full and made.feed and made.rejected == ()
            self.put(made.name, made.table, gone=made.gone)
        return self

    def put(self, name: str, table: pa.Table, *, gone: pa.Table | None = None) -> None:
        assert table.schema.equals(schema(name))
        key = engine_key({**TABLES, **KEPT}[name])
        rows = self.kept.setdefault(name, {})
        for row in gone.to_pylist() if gone is not None else ():
            rows.pop(tuple(row[c] for c in key), None)
        rows |= {tuple(row[c] for c in key): row for row in table.to_pylist()}

    def rows(self, name: str, *columns: str) -> list[Any]:
        """Rows as tuples of some columns (one column: its values), in order."""
        found = [tuple(row[c] for c in columns) for row in self.kept.get(name, {}).values()]
        return sorted((row if len(columns) > 1 else row[0] for row in found), key=repr)

    def all(self) -> dict[str, list[str]]:
        return {name: sorted(map(repr, rows.values())) for name, rows in self.kept.items() if rows}


def loaded(messages: Iterable[bytes]) -> Tables:
    return Tables().load(*messages)
