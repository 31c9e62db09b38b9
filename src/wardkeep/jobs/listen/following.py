# SPDX-License-Identifier: Apache-2.0
"""Reading a listener's raw spool while it is written: each message once, as soon as it is durable.

The listener knows nothing of it and never waits. Files are held open from when they are first seen, so that one that the store
has taken and removed can still be read to its end; what was removed before that is a gap in the numbers, which is told.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from wardkeep.jobs.listen.rawspool import GAP, OPEN, WHOLE, Group, follow, group_of
from wardkeep.keys.errors import SealedError
from wardkeep.keys.growing import HEADER, Following

#: Bytes that are looked at in one turn of one file.
AT_ONCE = 8 << 20
#: Files that are held open at most; those behind them are opened later, if they are still there.
HELD = 64


@dataclass(slots=True)
class _File:
    """One file of the spool, held open."""

    path: Path
    descriptor: int
    at: int = 0
    following: Following | None = None
    #: Nothing is written into it any more.
    is_whole: bool = False


class Follower:
    """Belongs to one thread."""

    def __init__(self, folder: Path, *, kek: bytes, number: int = 0) -> None:
        """`number`: that of the first message that was not read yet; 0: begin with what is there."""
        self.folder, self._kek = folder, kek
        #: Spans of numbers (from, to) that were gone before they could be read.
        self.gaps: list[tuple[int, int]] = []
        self._files: dict[int, _File] = {}
        #: The highest number of a file that was read to its end.
        self._done = -1
        self.number = number
        if not number:
            self.number = self._begin()

    def look(self) -> Iterator[Group]:
        """What became durable since the last look, in its order; not more than a turn's worth."""
        # Read before looking for files: what it counts and has no file any more was taken by the store.
        following = self._following()
        self.hold()
        for first in sorted(self._files):
            file = self._files[first]
            # Looked at before reading: what is whole then is read to its end now.
            file.is_whole = file.is_whole or not file.path.exists() or first != max(self._files)
            more = yield from self._read(file)
            if more or not file.is_whole:
                return
            self._done = max(self._done, first)
            os.close(self._files.pop(first).descriptor)
        if self.number < following:
            self._gap(following)
            self.number = following

    def close(self) -> None:
        while self._files:
            os.close(self._files.popitem()[1].descriptor)

    def _begin(self) -> int:
        """The number of the first message that is there, or of the one that comes next. Noted before anything is read, it tells
        of what was heard and taken by the store meanwhile."""
        following = self._following() or 1
        self.hold()
        return min([*self._files, following])

    def _gap(self, after: int) -> None:
        """Numbers up to `after` are not there; those that the spool itself passes over are none."""
        if (after - self.number) % GAP:
            self.gaps.append((self.number, after))

    def _following(self) -> int:
        """The number after all whole files, as the spool notes it."""
        try:
            return int((self.folder / "next").read_text() or 0)
        except (OSError, ValueError):
            return 0

    def hold(self) -> None:
        """Take hold of the files that are there and were not read."""
        try:
            found = {int(p.stem): p for p in self.folder.iterdir() if p.suffix in (OPEN, WHOLE) and p.stem.isdigit()}
        except FileNotFoundError:
            return
        wanted = sorted(first for first in found if first > self._done and first not in self._files)
        # What lies wholly before the number that is wanted was read by another process before this one.
        for first, after in zip(wanted, [*wanted[1:], None], strict=False):
            if len(self._files) >= HELD:
                return
            if after is not None and after <= self.number:
                continue
            self._open(found[first], first)

    def _open(self, path: Path, first: int) -> None:
        for place in (path, path.with_suffix(WHOLE)):  # it may be renamed in between
            try:
                descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            self._files[first] = _File(path.with_suffix(OPEN), descriptor)
            return

    def _read(self, file: _File) -> Generator[Group, None, bool]:
        """What is new in one file; whether more is there, as the value of the iteration."""
        if file.following is None:
            header = os.pread(file.descriptor, HEADER, 0)
            if len(header) < HEADER:
                return False
            try:
                file.following, file.at = follow(file.path, header, kek=self._kek), HEADER
            except SealedError:
                # Fails open, said aloud: the process that stores sets the file aside; its numbers are a gap here.
                file.is_whole = True
                return False
        size = AT_ONCE
        while True:
            raw = os.pread(file.descriptor, size, file.at)
            end = 0
            full = len(raw) == size
            for end, part in file.following.parts(raw, ended=file.is_whole and not full):  # noqa: B007 - used after
                yield from self._new(group_of(part))
            file.at += end
            if not full:
                return False
            if end:
                return True
            size *= 2  # a part that is longer than a turn

    def _new(self, group: Group) -> Iterator[Group]:
        """The part of a group that was not read, and a gap before it."""
        after = group.first + len(group.heard)
        if after <= self.number:
            return
        if group.first > self.number:
            self._gap(group.first)
        begin = max(0, self.number - group.first)
        self.number = after
        yield Group(group.first + begin, group.heard[begin:]) if begin else group
