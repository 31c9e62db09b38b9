# SPDX-License-Identifier: Apache-2.0
"""Signed records straight from a database: what is new is sealed page by page, and some of what is sealed is read again.
Studies of an archive are read by `record_studies`.

A row that says something else under the time at which it was sealed is never sealed: it would pass for what was signed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from wardkeep.jobs.from_source import FromSource
from wardkeep.jobs.pulling.database import View
from wardkeep.jobs.pulling.pulling import password_of, secret_in
from wardkeep.jobs.record_studies import reading as studies_of
from wardkeep.jobs.records import fresh_seed, seal_records, sealed_versions
from wardkeep.watch.integrity import Comparison, Difference, Spans, Version, admit, compare, drawn, spans
from wardkeep.watch.integrity.compare import GRACE_US
from wardkeep.watch.pull import (
    BadSource,
    Kind,
    Mark,
    PullState,
    TooManyAlike,
    begin_of,
    complete,
    kind_of,
    mark_of,
    read_state,
    write_state,
)
from wardkeep.watch.pull.dicomweb import PacsSource
from wardkeep.watch.pull.record_source import RecordRows, RecordSource, parse_record_source
from wardkeep.watch.pull.watermark import from_text, kept_of, to_text

if TYPE_CHECKING:
    from wardkeep.home import Home

#: Records asked for by their keys at once, and rows of one watermark that are held at once.
KEYS_AT_ONCE, ALIKE = 200, 100_000
SAMPLE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A source file with the password or the token that it names."""

    source: RecordSource | PacsSource
    password: str | None

    def sample(self, usual: int) -> int:
        """Records that a check draws where nobody says how many: studies are large, and their source says it."""
        return self.source.sample if isinstance(self.source, PacsSource) else usual


def record_source_named(path: Path) -> Given:
    """The source of a file and its password or token. Raises BadSource."""
    try:
        source = parse_record_source(path.read_text("utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as exc:
        raise BadSource(f"{path} cannot be read: {type(exc).__name__}") from None
    if isinstance(source, PacsSource):
        if source.ca_file is not None:
            source = msgspec.structs.replace(source, ca_file=str(path.parent / source.ca_file))
        secret = secret_in(
            source.password_file or source.token_file,
            source.password_credential or source.token_credential,
            path.parent,
        )
        return Given(source=source, password=secret)
    return Given(source=source, password=password_of(source.pull, path.parent))


def _never() -> bool:
    return False


def seal_from(home: Home, given: Given, *, at: datetime, stop: Callable[[], bool] = _never) -> FromSource:
    """Seal what a source has since the last time. Raises PullError, StoreError, LedgerError; what was sealed stays so."""
    if isinstance(given.source, PacsSource):
        with studies_of(home, given.source, given.password, at=at, stop=stop) as studies:
            return studies.seal()
    with View(given.source.pull, given.password) as view:
        return _Reading(home, given.source, view, at=at).seal(stop)


def read_again(
    home: Home, given: Given, *, at: datetime, sample: int | None = SAMPLE, also: Collection[str] = ()
) -> FromSource:
    """Seal what is new, and read again a sample of what is sealed, or all of the source where `sample` is None.

    also: records that are looked for beside the drawn ones. Raises as `seal_from`: then nothing was checked.
    """
    if isinstance(given.source, PacsSource):
        with studies_of(home, given.source, given.password, at=at, stop=_never) as studies:
            studies.seal()
            return studies.check_all() if sample is None else studies.check(sample, also)
    with View(given.source.pull, given.password) as view:
        reading = _Reading(home, given.source, view, at=at)
        reading.seal(_never)
        return reading.check_all() if sample is None else reading.check(sample, also)


class _Reading:
    """One connection to one source."""

    def __init__(self, home: Home, source: RecordSource, view: View, *, at: datetime) -> None:
        self._home, self._source, self._view, self._at = home, source, view, at
        self._path = home.data_folder / "records" / f"{source.name}.json"
        self._name = f"{source.name}.records"
        hospital = home.settings.hospital.timezone
        self._zone = ZoneInfo(source.zone or hospital)
        state = read_state(self._path)
        self._state = state.checked(source.pull, self._path) if state is not None else None
        self._there = view.columns()
        self._rows = RecordRows(source, self._there, zone=hospital)
        self._mark_at = [name.casefold() for name in self._rows.columns].index(source.grows.casefold())
        view.watermark = self._rows.columns[self._mark_at]
        #: From when to when records were sealed before this reading.
        self._sealing: Spans = spans(sealed_versions(home, source=self._name))
        grows_by_time = self._state is None or self._state.kind is not Kind.NUMBER
        #: Rows that may be committed late by as much as the overlap are not put in behind.
        self._grace_us = max(GRACE_US, source.overlap * 1_000_000 if grows_by_time else 0)
        self._unaskable: frozenset[str] = frozenset()
        self.done = FromSource(watermark=self._state.last if self._state else None)

    def seal(self, stop: Callable[[], bool]) -> FromSource:
        """What came since the last time."""
        for rows, last in self._pages(stop, self._begin()):
            found = self._versions(rows)
            known = sealed_versions(self._home, source=self._name, records={v.record for v in found})
            admitted = admit(known, found, sealing=self._sealing, grace_us=self._grace_us)
            seal_records(self._home, admitted.versions, source=self._name, at=self._at, doubtful=admitted.doubtful)
            self.done.sealed += len(admitted.versions)
            self.done.doubtful += admitted.doubtful
            self.done.add(admitted.differences)
            self._go_on(last, len(rows))
        return self.done

    def check(self, sample: int, also: Collection[str]) -> FromSource:
        """A sample of what is sealed, and of the source what stands beside one of it. Comes after `seal`."""
        sealed = sealed_versions(self._home, source=self._name)
        seed = fresh_seed(self._home) + self._name
        there = {v.record for v in sealed}
        asked = sorted({*drawn(there, sample, seed), *(there & set(also))})
        chosen = set(asked)
        looked_for = [v for v in sealed if v.record in chosen]
        found = list(self._of_keys(asked))
        chosen.difference_update(self._unaskable)
        done = compare(
            [v for v in looked_for if v.record in chosen],
            [v for v in found if v.record in chosen],
            whole=True,
            of={self._source.system},
        )
        self._compared(done, chosen)
        self.done.unaskable = len(self._unaskable)
        if sealed:
            [place] = drawn(there, 1, seed + " behind")
            self.done.add(self._behind(sealed, next(v for v in sealed if v.record == place)))
        return self.done

    def check_all(self) -> FromSource:
        """Everything that the source has beside everything that is sealed of it. Comes after `seal`."""
        read, unusable = self.done.read, self.done.unusable
        found = [v for rows, _ in self._pages(_never, None) for v in self._versions(rows)]
        sealed = sealed_versions(self._home, source=self._name)
        done = compare(sealed, found, whole=True, of={self._source.system}, grace_us=self._grace_us)
        self.done.read, self.done.unusable = read, unusable
        self._compared(done, {v.record for v in sealed})
        return self.done

    def _compared(self, done: Comparison, records: Collection[str]) -> None:
        self.done.compared, self.done.intact = done.compared, done.intact
        self.done.add(done.differences)
        self.done.as_sealed = frozenset(records) - {d.record for d in self.done.differences}

    def _of_keys(self, records: list[str]) -> Iterator[Version]:
        """What the source says now of some records; only these are asked for."""
        first = self._view.page(self._rows.columns, None, 1)
        if not first or not records:
            return  # nothing is there any more: each of them is missing
        keys = [first[0][self._rows.columns.index(name)] for name in self._rows.key]
        asked, unaskable = self._rows.keys(records, keys)
        self._unaskable = frozenset(unaskable)
        for begin in range(0, len(asked), KEYS_AT_ONCE):
            part = asked[begin : begin + KEYS_AT_ONCE]
            yield from self._versions(self._view.of_keys(self._rows.columns, self._rows.key, part))

    def _behind(self, sealed: list[Version], near: Version) -> tuple[Difference, ...]:
        """Records that were put in behind, from the time of a drawn one on: a page of the source."""
        if self._source.grows != self._source.time or self._state is None:
            return ()  # a new row has a new watermark, whatever its time is: it was seen as it came
        if self._state.kind is Kind.NUMBER:
            return ()
        moment = _EPOCH + timedelta(microseconds=near.time_us)
        if self._state.kind is Kind.TIME:
            moment = moment.astimezone(self._zone).replace(tzinfo=None)
        rows = self._view.page(self._rows.columns, moment, self._source.batch)
        found = self._versions(rows)
        return admit(sealed, found, sealing=self._sealing, grace_us=self._grace_us).differences

    def _versions(self, rows: list[Any]) -> list[Version]:
        found = list(self._rows.versions(rows))
        versions = [one for one in found if isinstance(one, Version)]
        self.done.unusable += len(found) - len(versions)
        return versions

    def _begin(self) -> Mark | None:
        if self._state is not None:
            return begin_of(self._state.mark, self._source.overlap)
        return from_text(self._source.start) if self._source.start is not None else None

    def _pages(self, stop: Callable[[], bool], begin: Mark | None) -> Iterator[tuple[list[Any], Mark]]:
        """Whole pages from a watermark on, each with the last watermark in it."""
        source, limit, ended = self._source, self._source.batch, False
        while not ended and not stop():
            asked = time.monotonic()
            rows = self._view.page(self._rows.columns, begin, limit)
            marks = [mark_of(row[self._mark_at], source.grows) for row in rows]
            taken, ended = complete(marks, limit)
            if not taken and not ended:
                if limit >= ALIKE:
                    raise TooManyAlike(f"more than {limit} rows of {source.view} have one {source.grows}")
                limit = min(limit * 4, ALIKE)
                continue
            if taken:
                self.done.read += taken
                before = self._state.mark if self._state else None
                yield rows[:taken], kept_of(marks[:taken], before, self._at, self._at.astimezone(self._zone))
            if not ended:
                begin, limit = marks[-1], source.batch
                self._rest(taken, asked, stop)

    def _rest(self, rows: int, since: float, stop: Callable[[], bool]) -> None:
        """Wait as long as the rate asks for, or until told to stop."""
        if self._source.rate:
            until = since + rows / self._source.rate
            while (left := until - time.monotonic()) > 0 and not stop():
                time.sleep(min(left, 0.2))

    def _go_on(self, last: Mark, rows: int) -> None:
        """What is before `last` is sealed."""
        state = self._state or PullState(
            view=self._source.view, watermark=self._source.grows, kind=kind_of(last), last=to_text(last),
            columns=self._there,
        )  # fmt: skip
        self._state = state.gone(last=last, columns=self._there, rows=rows)
        write_state(self._path, self._state)
        self.done.watermark = self._state.last
