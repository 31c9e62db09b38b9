# SPDX-License-Identifier: Apache-2.0
"""Studies straight from an archive that speaks DICOMweb: what came is sealed day by day, some of what is sealed is read again.

A study is read image by image and only its digests are held. What says something else under its sealed time is never sealed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from wardkeep.jobs.from_source import FromSource
from wardkeep.jobs.pulling.database import NoDriver
from wardkeep.jobs.pulling.pacs import Pacs
from wardkeep.jobs.pulling.studies import Studies, StudyRead
from wardkeep.jobs.pulling.web import ToldToStop, Web
from wardkeep.jobs.records import fresh_seed, seal_records, sealed_versions
from wardkeep.watch.integrity import Difference, Problem, Spans, Version, admit, compare, drawn, spans
from wardkeep.watch.integrity.compare import GRACE_US, difference_of
from wardkeep.watch.integrity.dicom import NoDicomReader, instance_of
from wardkeep.watch.pull import BadAnswer, PullError, write_state
from wardkeep.watch.pull.dicomweb import Listed, PacsSource, Prints, SealedDays, read_days

if TYPE_CHECKING:
    from wardkeep.home import Home

#: Studies, or seconds of reading, after which what was read is sealed: so much is read again after a crash.
GATHER, SECONDS = 50, 60.0
#: Images of a study that are named.
NAMED = 5
#: Days of drawn studies that are looked through for studies that were put in behind.
DAYS = 30


@dataclass(slots=True)
class _Held:
    """Studies that are read and not sealed yet."""

    studies: list[StudyRead] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    #: The last day of which nothing is left to read; day -> what of it could not be read.
    through: date | None = None
    unread: dict[date, list[str]] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)

    def is_full(self) -> bool:
        return len(self.studies) >= GATHER or time.monotonic() - self.since >= SECONDS

    def clear(self) -> None:
        self.unread = {}
        self.studies, self.listed, self.through, self.since = [], [], None, time.monotonic()


@contextmanager
def reading(
    home: Home, source: PacsSource, secret: str | None, *, at: datetime, stop: Callable[[], bool]
) -> Iterator[Reading]:
    """What reads the studies of a source. Raises PullError."""
    with Web(source, secret, stop) as web:
        try:
            instance_of(b"", zone="UTC")
        except NoDicomReader as problem:
            raise NoDriver(str(problem), hint=problem.hint) from None
        yield Reading(home, source, Pacs(source, web), at=at)


class Reading:
    """One reading of one source."""

    def __init__(self, home: Home, source: PacsSource, pacs: Pacs, *, at: datetime) -> None:
        self._home, self._source, self._pacs, self._at = home, source, pacs, at
        self._path = home.data_folder / "records" / f"{source.name}.json"
        self._prints = Prints(self._path.with_name(f"{source.name}.images"))
        self._zone = source.zone or home.settings.hospital.timezone
        self._now = at.astimezone(ZoneInfo(self._zone)).replace(tzinfo=None)
        state = read_days(self._path)
        self._state = (
            SealedDays(url=source.url, last=source.start) if state is None else state.checked(source, self._path)
        )
        #: From when to when studies were sealed before this reading; those that files gave are among them.
        self._sealing: Spans = spans(self._sealed())
        self._grace_us = max(GRACE_US, source.overlap_days * 86_400_000_000)
        self._studies = Studies(source, pacs, self._zone)
        #: Studies that were looked for and could not be read.
        self._unaskable: set[str] = set()
        self.done = FromSource(watermark=None if state is None else str(state.last))

    def seal(self) -> FromSource:
        """What came since the last time. What was read until it is told to stop, or the archive is lost, is sealed."""
        held = _Held()
        try:
            for day in self._state.days(self._source, self._now.date()):
                unread = []
                for listed in self._pacs.studies_on(day):
                    if not self._state.has(listed) and self._is_settled(listed) and not self._take(listed, held):
                        unread.append(listed.study)
                    if held.is_full():
                        self._keep(held)
                held.through, held.unread[day] = day, unread
        except PullError as problem:
            self._keep(held)
            if not isinstance(problem, ToldToStop):
                raise
        else:
            self._keep(held)
        return self.done

    def check(self, sample: int, also: Collection[str]) -> FromSource:
        """A sample of what is sealed, and what stands beside it on its days. Comes after `seal`."""
        sealed = self._sealed()
        seed = fresh_seed(self._home) + self._source.name
        there = {v.record for v in sealed}
        asked = {*drawn(there, sample, seed), *(there & set(also))}
        found, days = self._again(asked, sealed)
        self._hold([v for v in sealed if v.record in asked], found)
        for day in drawn(map(str, days), DAYS, seed + " behind"):
            self._behind(date.fromisoformat(day), there)
        return self.done

    def check_all(self) -> FromSource:
        """Every study from the first day on, beside everything that is sealed. Comes after `seal`."""
        there, day = set(), self._source.start
        while day <= self._now.date():
            there |= {one.study for one in self._pacs.studies_on(day) if self._is_settled(one)}
            day += timedelta(days=1)
        sealed = self._sealed()
        # What is on no day any more is asked for by its number: its date may be what was changed.
        found, _ = self._again(there | {v.record for v in sealed}, sealed)
        self._hold(sealed, found)
        return self.done

    def _take(self, listed: Listed, held: _Held) -> bool:
        """Read a study that is new, or has other images than before; whether that could be done."""
        one = self._studies.read(listed)
        if one is None:
            return True
        self.done.read += 1
        if isinstance(one, str) or one.unreadable:
            self.done.unusable += 1
            self._say(listed.study, one)
            return False
        held.studies.append(one)
        held.listed.append(listed)
        return True

    def _keep(self, held: _Held) -> None:
        """Seal what was read, and only then count it as sealed."""
        if not held.studies and held.through is None:
            return
        contradict = self._admit(held.studies)
        # What contradicts is read again, and named again, until it is as it was sealed.
        self._state = self._state.with_read(one for one in held.listed if one.study not in contradict)
        for day, unread in held.unread.items():
            self._state = self._state.with_unread(day, unread)
        if held.through is not None:
            self._state = self._state.with_day(held.through, self._source)
        write_state(self._path, self._state)
        self.done.watermark = str(self._state.last)
        held.clear()

    def _admit(self, read: Sequence[StudyRead]) -> frozenset[str]:
        """Seal what does not contradict what is sealed, and note what does; which studies that are."""
        if not read:
            return frozenset()
        known = self._sealed({one.version.record for one in read})
        late = {one.version.record for one in read if self._state.was_unread(one.day, one.version.record)}
        new = [one.version for one in read if one.version.record not in late]
        found = (
            admit(known, new, sealing=self._sealing, grace_us=self._grace_us, marked=False),
            admit(known, [one.version for one in read if one.version.record in late], marked=False),
        )
        versions = [version for admitted in found for version in admitted.versions]
        doubtful = self._not_only_added([one for one in read if one.version in versions], known)
        seal_records(self._home, versions, source=f"{self._source.name}.records", at=self._at, doubtful=doubtful)
        self.done.sealed += len(versions)
        self.done.doubtful += doubtful
        for admitted in found:
            self.done.add(admitted.differences)
        contradict = frozenset(d.record for admitted in found for d in admitted.differences)
        for one in read:
            if one.version.record in contradict:
                self._name(one)
        for day in {one.day for one in read if one.day is not None}:
            of_day = [one for one in read if one.day == day and one.version.record not in contradict]
            self._prints.keep(day, {one.version.record: one.images.values() for one in of_day})
        return contradict

    def _not_only_added(self, fresh: Sequence[StudyRead], known: Sequence[Version]) -> list[Difference]:
        """Sealed studies to which images came, and of which one that was sealed is not there as it was."""
        times = {v.record: max(o.time_us for o in known if o.record == v.record) for v in known}
        found = []
        for one in fresh:
            kept = self._prints.of(one.day, one.version.record) if one.day is not None else frozenset()
            if one.version.record in times and not kept <= set(one.images.values()):
                found.append(difference_of(Problem.UNMARKED, one.version, times[one.version.record]))
                self._name(one)
        return found

    def _again(self, asked: Collection[str], sealed: Collection[Version]) -> tuple[list[Version], set[date]]:
        """What the archive says now of some studies, and on which days. Raises BadAnswer where none can be read."""
        known = {v.record for v in sealed}
        intact = {(v.record, v.digest) for v in sealed}
        found: list[Version] = []
        days: set[date] = set()
        for study in sorted(asked):
            try:
                listed = self._pacs.study(study)
            except BadAnswer as problem:
                one: StudyRead | str | None = self._studies.failure(problem)
            else:
                one = self._studies.read(listed) if listed is not None else None
                days |= {listed.day} if listed is not None and listed.day is not None else set()
            if isinstance(one, str):
                self._unaskable.add(study)
            if one is not None:
                self._say(study, one)
            if isinstance(one, StudyRead):
                found.append(one.version)
                if study in known and (study, one.version.digest) not in intact:
                    self._name(one)
        self.done.unaskable = len(self._unaskable)
        if asked and len(self._unaskable) == len(asked):
            raise BadAnswer(
                f"{self._source.name}: none of {len(asked)} studies could be read", hint=self.done.troubles[-1]
            )
        return found, days

    def _hold(self, sealed: Sequence[Version], found: Sequence[Version]) -> None:
        """What was looked for beside what was found; what could not be asked for is neither."""
        sealed = [v for v in sealed if v.record not in self._unaskable]
        done = compare(sealed, found, whole=True, of={self._source.system}, grace_us=self._grace_us)
        self.done.compared, self.done.intact = done.compared, done.intact
        self.done.add(done.differences)
        self.done.as_sealed = frozenset({v.record for v in sealed} - {d.record for d in self.done.differences})

    def _behind(self, day: date, there: Collection[str]) -> None:
        """Studies of a day that no sealing looks through any more: what came since came in behind, or is new as it says."""
        if not self._source.start <= day < self._state.begin(self._source):
            return
        try:
            listed = [one for one in self._pacs.studies_on(day) if one.study not in there]
        except BadAnswer as problem:
            self.done.troubles.append(f"{day}: {self._studies.failure(problem)}")
            return
        read = [(one.study, self._studies.read(one)) for one in listed]
        for study, found in read:
            if found is not None:
                self._say(study, found)
        self._admit([found for _, found in read if isinstance(found, StudyRead) and not found.unreadable])

    def _say(self, study: str, one: StudyRead | str) -> None:
        if isinstance(one, str):
            self.done.troubles.append(f"{study}: {one}")
        elif one.unreadable:
            self.done.troubles.append(f"{study}: no DICOM, not there, or other images: {_some(one.unreadable)}")

    def _name(self, one: StudyRead) -> None:
        """Say which images of a study are not as they were sealed, where it was sealed by this source."""
        study = one.version.record
        if one.day is None or not (kept := self._prints.of(one.day, study)):
            return
        others = [image for image, print_ in sorted(one.images.items()) if print_ not in kept]
        said = f"{study}: {len(one.images)} images, of {len(kept)} that were sealed"
        said += f"; changed or added: {_some(others)}" if others else ""
        if said not in self.done.troubles:
            self.done.troubles.append(said)

    def _is_settled(self, listed: Listed) -> bool:
        """Whether a study began so long ago that all of it should have come."""
        return listed.begun is None or listed.begun + timedelta(seconds=self._source.settle) <= self._now

    def _sealed(self, records: Collection[str] | None = None) -> list[Version]:
        """What is sealed of the archive, by this source or from files."""
        found = sealed_versions(self._home, records=records)
        return [v for v in found if (v.system, v.kind) == (self._source.system, self._source.kind)]


def _some(images: Sequence[str]) -> str:
    return ", ".join(images[:NAMED]) + (" ..." if len(images) > NAMED else "")
