# SPDX-License-Identifier: Apache-2.0
"""`SealedDays`: up to which day the studies of an archive are sealed, and which of the days that are looked through again.

A study is kept as a digest of its number and of how many images it had: it is read again when images come to it or go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import msgspec

from wardkeep.watch.pull.dicomweb.answers import Listed
from wardkeep.watch.pull.dicomweb.prints import hidden
from wardkeep.watch.pull.dicomweb.source import PacsSource
from wardkeep.watch.pull.errors import BadSource, SchemaChanged

#: Days after which a study that cannot be read is not tried any more.
LONGEST = 366


class SealedDays(msgspec.Struct, frozen=True, kw_only=True):
    """What the next sealing goes on from."""

    url: str
    #: Every day before it is sealed; it itself as far as it goes.
    last: date
    #: Day -> the studies of it that were read.
    seen: dict[date, frozenset[str]] = {}
    #: Day -> the studies of it that could not be read: they are tried again, however old they become.
    unread: dict[date, frozenset[str]] = {}
    studies: int = 0

    def checked(self, source: PacsSource, path: Path) -> SealedDays:
        """The state, where it is of this source. Raises SchemaChanged."""
        if self.url != source.url:
            raise SchemaChanged(
                f"{path.name} tells of {self.url}, not of {source.url}",
                hint="give the source another name, or move the file away to read from the beginning: nothing is sealed twice",
            )
        return self

    def begin(self, source: PacsSource) -> date:
        """The day with which the next sealing begins."""
        return max(source.start, self.last - timedelta(days=source.overlap_days))

    def days(self, source: PacsSource, today: date) -> list[date]:
        """The days to look through."""
        begin = self.begin(source)
        rest = [begin + timedelta(days=n) for n in range((today - begin).days + 1)]
        return [*sorted(day for day in self.unread if day < begin), *rest]

    def was_unread(self, day: date | None, study: str) -> bool:
        """Whether a study was there before, and could not be read: then it did not come in behind."""
        return day is not None and hidden(study) in self.unread.get(day, ())

    def has(self, listed: Listed) -> bool:
        """Whether a study was read as it is listed now."""
        return listed.day is not None and mark_of(listed) in self.seen.get(listed.day, ())

    def with_read(self, listed: Iterable[Listed]) -> SealedDays:
        """The state after studies were read and sealed. One whose images are not counted is read anew each time."""
        seen, count = dict(self.seen), self.studies
        for one in listed:
            count += 1
            if one.day is not None and one.images is not None:
                seen[one.day] = seen.get(one.day, frozenset()) | {mark_of(one)}
        return msgspec.structs.replace(self, seen=seen, studies=count)

    def with_unread(self, day: date, studies: Iterable[str]) -> SealedDays:
        """The state after a whole day of which these studies could not be read."""
        unread = {d: s for d, s in self.unread.items() if d != day and (self.last - d).days <= LONGEST}
        if found := frozenset(map(hidden, studies)):
            unread[day] = found
        return msgspec.structs.replace(self, unread=unread)

    def with_day(self, day: date, source: PacsSource) -> SealedDays:
        """The state after a whole day: what is not looked through again is forgotten."""
        last = max(self.last, day)
        oldest = last - timedelta(days=source.overlap_days)
        return msgspec.structs.replace(self, last=last, seen={d: s for d, s in self.seen.items() if d >= oldest})


def mark_of(listed: Listed) -> str:
    """What is kept of a study: enough to know it again, too little to name it."""
    return hashlib.sha256(f"{listed.study}\0{listed.images}".encode()).hexdigest()[:32]


def read_days(path: Path) -> SealedDays | None:
    """The state, None before the first sealing. Raises BadSource."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SealedDays)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, ValueError, RecursionError):
        raise BadSource(
            f"{path} cannot be read", hint="move it away to read from the beginning: nothing is sealed twice"
        ) from None
