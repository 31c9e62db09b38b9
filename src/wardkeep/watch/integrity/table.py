# SPDX-License-Identifier: Apache-2.0
"""Versions from a table: a CSV export, or the rows of a database pull, with the columns that name and make a record."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from wardkeep.watch.integrity.version import Stage, Version, content_of, digest_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Which columns say what."""

    #: Together the record's number.
    key: tuple[str, ...]
    #: What the digest is of.
    content: tuple[str, ...]
    #: When it was signed or changed: ISO 8601, without an offset in the hospital's zone.
    time: str
    patient: str | None = None
    by: str | None = None
    stage: str | None = None

    def all(self) -> tuple[str, ...]:
        more = (self.time, self.patient, self.by, self.stage)
        return (*self.key, *self.content, *(c for c in more if c))


def rows_of(text: str, columns: Columns) -> Iterator[dict[str, str]]:
    """The rows of a CSV export. Raises ValueError where a column is not there."""
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines(keepends=True))
    if missing := [c for c in columns.all() if c not in (reader.fieldnames or ())]:
        raise ValueError(f"no column {', '.join(missing)}")
    yield from reader


def versions(
    rows: Iterable[Mapping[str, object]], columns: Columns, *, system: str, kind: str, zone: str
) -> Iterator[Version | str]:
    """The records of rows; a text names a row that cannot be used, by its number from 1."""
    place = ZoneInfo(zone)
    for number, row in enumerate(rows, 1):
        record = "/".join(str(row.get(c) or "") for c in columns.key)
        stage = str(row.get(columns.stage) or "") if columns.stage else ""
        try:
            at = Stage(stage or "signed")
            timeless = at is Stage.UNSIGNED and not row.get(columns.time)
            moment = _EPOCH if timeless else datetime.fromisoformat(str(row.get(columns.time)))
        except ValueError:
            yield f"row {number}: {columns.time} is no time, or {columns.stage or 'the stage'} no stage"
            continue
        if not record.strip("/"):
            yield f"row {number}: {', '.join(columns.key)} is empty"
            continue
        content = content_of({c: _text(row.get(c)) for c in columns.content})
        yield Version(
            system=system, record=record, kind=kind, patient=_or_none(row, columns.patient), stage=at,
            time_us=((moment if moment.tzinfo else moment.replace(tzinfo=place)) - _EPOCH) // timedelta(microseconds=1),
            by=_or_none(row, columns.by), digest=digest_of(system, record, content),
        )  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _or_none(row: Mapping[str, object], column: str | None) -> str | None:
    return str(row[column]) if column and row.get(column) else None
