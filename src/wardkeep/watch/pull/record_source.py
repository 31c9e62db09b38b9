# SPDX-License-Identifier: Apache-2.0
"""`RecordSource`: a view with one row a signed record, and which of its columns name and make the record. One small TOML file.

Where the database is and how gently it is read is said as for a pull of events.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec

from wardkeep.watch.integrity import Stage, Version
from wardkeep.watch.integrity.table import Columns, versions
from wardkeep.watch.pull.cells import text_of
from wardkeep.watch.pull.dicomweb.source import SCHEMES, PacsSource, parse_pacs_source
from wardkeep.watch.pull.errors import BadSource, SchemaChanged
from wardkeep.watch.pull.source import PullSource, checked, zone_fault

HINT = "docs/how-to/check-records.md shows a source of records"


class RecordSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checked source of records; the keys that are not explained here are those of `PullSource`."""

    name: str
    url: str
    password_file: str | None = None
    password_credential: str | None = None
    view: str
    #: Whose records they are, and what they are called.
    system: str
    kind: str = "record"
    #: The columns that together are a record's number: no two rows have the same.
    key: list[str]
    #: What must not change.
    content: list[str]
    #: When the record was signed or last changed.
    time: str
    patient: str | None = None
    by: str | None = None
    #: A column that says signed, archived, changed or withdrawn; `stages`: what its other words mean.
    stage: str | None = None
    stages: dict[str, Stage] = {}
    #: The zone of times without an offset; without it the hospital's.
    zone: str | None = None
    #: The column that grows; without it the time.
    watermark: str | None = None
    overlap: int = 600
    start: str | int | None = None
    batch: int = 5000
    rate: int = 0
    statement_timeout: int = 60

    @property
    def grows(self) -> str:
        """The watermark."""
        return self.watermark or self.time

    @property
    def columns(self) -> Columns:
        return Columns(
            key=tuple(self.key), content=tuple(self.content), time=self.time, patient=self.patient, by=self.by,
            stage=self.stage,
        )  # fmt: skip

    @property
    def pull(self) -> PullSource:
        """Where and how it is read."""
        return PullSource(
            name=self.name, url=self.url, password_file=self.password_file, password_credential=self.password_credential,
            view=self.view, mapping="records", watermark=self.grows, overlap=self.overlap, start=self.start,
            batch=self.batch, rate=self.rate, statement_timeout=self.statement_timeout,
        )  # fmt: skip


def parse_record_source(text: str, name: str) -> RecordSource | PacsSource:
    """Parse and check; `name` is what errors call the file. An address of the web is an archive's. Raises BadSource."""
    try:
        raw = tomllib.loads(text)
        if str(raw.get("url", "")).startswith(SCHEMES):
            return parse_pacs_source(raw, name)
        source = msgspec.convert(raw, RecordSource)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as exc:
        raise BadSource(f"{name}: {exc}", hint=HINT) from None
    checked(source.pull, name)
    if problem := zone_fault(source.zone):
        raise BadSource(f"{name}: {problem}", hint=HINT)
    for what in ("key", "content"):
        if not (named := getattr(source, what)) or len(set(named)) < len(named):
            raise BadSource(f"{name}: {what} names no column, or one twice", hint=HINT)
    if not source.system.strip():
        raise BadSource(f"{name}: system is empty: give the name under which its records are sealed", hint=HINT)
    return source


class RecordRows:
    """Rows of a view to versions."""

    def __init__(self, source: RecordSource, there: Sequence[str], *, zone: str) -> None:
        """there: the columns of the view; zone: the hospital's. Raises SchemaChanged where one is missing."""
        self._source, self._zone = source, source.zone or zone
        known = {one.casefold(): one for one in there}
        self._named = dict.fromkeys((*source.columns.all(), source.grows))
        if missing := [one for one in self._named if one.casefold() not in known]:
            raise SchemaChanged(f"the view has no column {', '.join(missing)}", hint=f"it has {', '.join(there)}")
        #: What to ask for, and among it the key.
        self.columns = [known[one.casefold()] for one in self._named]
        self.key = [known[one.casefold()] for one in source.key]

    def versions(self, rows: Sequence[Sequence[Any]]) -> Iterator[Version | str]:
        """Their versions, one a row; a text says why a row is none, by its number."""
        yield from versions(
            map(self._texts, rows), self._source.columns, system=self._source.system, kind=self._source.kind,
            zone=self._zone,
        )  # fmt: skip

    def _texts(self, row: Sequence[Any]) -> Mapping[str, object]:
        """A row by the names that the source uses; an empty value stays one, for it is not the empty text."""
        found: dict[str, object] = {
            name: None if value is None else text_of(value) for name, value in zip(self._named, row, strict=True)
        }
        if (stage := self._source.stage) is not None and (said := self._source.stages.get(str(found[stage]))):
            found[stage] = str(said)
        return found

    def keys(self, records: Sequence[str], first: Sequence[Any]) -> tuple[list[list[Any]], list[str]]:
        """The values to ask for, of the kinds that the key of a `first` row has; and the records for which there are none."""
        asked, unaskable = [], []
        for record in records:
            parts = [record] if len(self.key) == 1 else record.split("/")
            try:
                asked.append([_value(part, like) for part, like in zip(parts, first, strict=True)])
            except (ValueError, InvalidOperation):  # a number of a record that cannot be one, or cut at a stroke in it
                unaskable.append(record)
        return asked, unaskable


def _value(text: str, like: Any) -> Any:
    """A part of a key as its database compares it: of the type of another value of its column. Raises ValueError."""
    if isinstance(like, str | bytes):
        return text
    if isinstance(like, int) and not isinstance(like, bool):
        return int(text)
    for kind in (Decimal, UUID):
        if isinstance(like, kind):
            return kind(text)
    for moment in (datetime, date):
        if isinstance(like, moment):
            return moment.fromisoformat(text)
    raise SchemaChanged(
        f"a key column holds {type(like).__name__}", hint="give a text, a whole number or a UUID; a view can make one"
    )
