# SPDX-License-Identifier: Apache-2.0
"""The raw spool of one listener: what was heard, sealed and numbered, until the store has it.

    lock             one process writes
    next             the number of the next message, as text
    <number>.open    grows; the number is that of its first message
    <number>.wkr     whole: may be taken into the store, and is removed after that

A file is a sealed file that grows (keys/growing.py); a part is one group of messages that were made durable together, as
msgpack `[number of the first, [message, ...]]`. A message is acknowledged after its group was synced, and not before.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from wardkeep.keys.errors import SealedError
from wardkeep.keys.growing import HEADER, Damage, Following, Growing, parts_of
from wardkeep.keys.sealed import sync_folder

OPEN, WHOLE = ".open", ".wkr"
#: A file that has grown to so much is closed, whatever its age.
LARGEST = 32 << 20
#: Below this a spool would refuse one long message.
SMALLEST_LIMIT = 8 << 20
#: Numbers that are passed over where a file's end is unknown; no group has as many messages.
GAP = 1 << 20


class SpoolRefuses(Exception):
    """Nothing was kept: the spool has no room left, or the disk refuses."""


class SpoolBusy(Exception):
    """Another process writes this spool."""


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """One message as it came, or what is to be said of the listening itself."""

    at_us: int
    #: `message`; `broken`: bytes that are none, with the problem; `gap`: what was not heard, with how much in `size`.
    kind: str
    #: Who sent it: an address, behind a slash the name under which it has a token.
    peer: str
    body: bytes = b""
    problem: str = ""
    #: Bytes as they were sent where `body` was cut; of a gap, how many messages, 0 where nobody knows.
    size: int = 0


class Group(msgspec.Struct, frozen=True, array_like=True):
    """What was made durable together."""

    first: int
    heard: list[Heard]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Group).decode


class RawSpool:
    """The writing side. One process has it (flock); one thread at a time uses it."""

    def __init__(self, folder: Path, *, kek: bytes, limit: int) -> None:
        """Take the spool up. What a crash left becomes a whole file. Raises SpoolBusy, OSError."""
        self.folder, self._kek, self.limit = folder, kek, max(limit, SMALLEST_LIMIT)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise SpoolBusy(f"another process writes the spool {folder}") from None
        self._file = -1
        self._path = folder
        self._end = 0
        self._growing: Growing | None = None
        #: Bytes of the whole files, as they were when last looked at.
        self._waiting = 0
        #: Files that nothing is written into any more, and their sizes: they are given to the store when `next` is noted.
        self._held_back: dict[Path, int] = {}
        #: The number of the next message.
        self.next = self._take_up()
        self.look()

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._waiting + sum(self._held_back.values()) + self._end

    @property
    def full(self) -> bool:
        return self.size >= self.limit

    @property
    def begun(self) -> bool:
        """Whether a file grows."""
        return self._file >= 0

    def look(self) -> None:
        """See how much waits: the store may have taken some. What a full disk held back is given where there is room now."""
        with contextlib.suppress(OSError):
            self._give()
        self._waiting = 0
        for path in self.folder.glob(f"*{WHOLE}"):
            try:
                self._waiting += path.stat().st_size
            except FileNotFoundError:
                continue

    def append(self, heard: Sequence[Heard]) -> int:
        """Keep messages; durable when this returns. The number of the first. Raises SpoolRefuses: none of them is kept."""
        if self.full:
            self.look()
            if self.full:
                raise SpoolRefuses(f"the spool {self.folder} holds {self.size:,} bytes, its limit")
        first = self.next
        plain = _encode(Group(first, list(heard)))
        try:
            growing = self._growing or self._begin(first)
            part = growing.part(plain)
            _write(self._file, part, self._end)
            os.fdatasync(self._file)
        except OSError as error:
            self._abandon()
            raise SpoolRefuses(f"cannot write the spool {self.folder}: {error.strerror}") from error
        self._end += len(part)
        self.next = first + len(heard)
        if self._end >= LARGEST:
            self.roll()
        return first

    def roll(self) -> bool:
        """Close the file that grows, so that it can be taken into the store; whether there was one. Raises SpoolRefuses."""
        if self._file < 0:
            return False
        try:
            self._give()  # in the order of their numbers: a later file that the store sees first would tell of a loss
            self._note_next()
            self._path.rename(self._path.with_suffix(WHOLE))
            sync_folder(self.folder)
        except OSError as error:
            raise SpoolRefuses(f"cannot write the spool {self.folder}: {error.strerror}") from error
        os.close(self._file)
        self._waiting += self._end
        self._file, self._end, self._growing = -1, 0, None
        return True

    def _give(self) -> None:
        """Let the store have what was held back. It removes files, so the numbers in them must be noted first."""
        if not self._held_back:
            return
        self._note_next()
        for path in sorted(self._held_back):
            path.rename(path.with_suffix(WHOLE))
            self._waiting += self._held_back.pop(path)
        sync_folder(self.folder)

    def close(self) -> None:
        """Let go; what is there waits for the store."""
        try:
            self.roll()
        except SpoolRefuses:
            os.close(self._file)  # it stays open by its name, and is taken up at the next start
        os.close(self._lock)

    def _begin(self, first: int) -> Growing:
        growing = Growing(kek=self._kek, aad=_aad(self.folder, first))
        path = self.folder / f"{first:016d}{OPEN}"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._path, self._end = path, 0
        _write(self._file, growing.header, 0)
        sync_folder(self.folder)
        self._growing, self._end = growing, HEADER
        return growing

    def _abandon(self) -> None:
        """After a failed write what is on the disk is unknown: keep what was synced, and write into this file no more."""
        if self._file < 0:
            return
        try:
            if self._end <= HEADER:
                self._path.unlink(missing_ok=True)
            else:
                os.ftruncate(self._file, self._end)
                os.fdatasync(self._file)
                self._held_back[self._path] = self._end
        except OSError:
            # Fails closed: the file keeps the name of one that grows, nobody takes it, and the next start looks what holds.
            # Its unacknowledged end may hold after all: no number of it is given again, and a message that is sent
            # again is known by its bytes.
            self.next += GAP
        finally:
            os.close(self._file)
            self._file, self._end, self._growing = -1, 0, None
        with contextlib.suppress(OSError):  # no room for a number either: the next look tries again
            self._give()

    def _take_up(self) -> int:
        """Make whole what a crash left, to be given to the store; the number of the next message."""
        following = 1
        with contextlib.suppress(FileNotFoundError, ValueError):
            following = int((self.folder / "next").read_text() or 1)
        for path in sorted(self.folder.glob(f"*{OPEN}")):
            end, after = _whole_part(path, self._kek)
            if not end:
                path.unlink()
                continue
            with path.open("r+b") as file:
                file.truncate(end)
                os.fsync(file.fileno())
            following = max(following, after)
            self._held_back[path] = end
        for path in self.folder.glob(f"*{WHOLE}"):
            if int(path.stem) >= following:
                following = max(following, _whole_part(path, self._kek)[1], int(path.stem) + 1)
        sync_folder(self.folder)
        return following

    def _note_next(self) -> None:
        draft = self.folder / "next.new"
        with draft.open("w") as file:
            file.write(str(self.next))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / "next")


def waiting(folder: Path) -> list[Path]:
    """The whole files of a spool, oldest first."""
    return sorted(folder.glob(f"*{WHOLE}"), key=lambda path: int(path.stem))


def read(path: Path, *, kek: bytes) -> Iterator[Group | Damage]:
    """What a file holds, group by group, and where it is damaged. Raises SealedError, OSError."""
    for part in parts_of(path.read_bytes(), kek=kek, aad=_aad(path.parent, int(path.stem)), name=path):
        if isinstance(part, Damage):
            yield part
        else:
            yield _decode(part[1])


def follow(path: Path, header: bytes, *, kek: bytes) -> Following:
    """To read a file while it grows. Raises SealedError."""
    return Following(header, kek=kek, aad=_aad(path.parent, int(path.stem)), name=path)


def group_of(part: bytes) -> Group:
    """What a part says."""
    return _decode(part)


def _whole_part(path: Path, kek: bytes) -> tuple[int, int]:
    """Up to where a file holds, and the number after its last message; 0, 0 where nothing does."""
    end = after = 0
    try:
        for part in parts_of(path.read_bytes(), kek=kek, aad=_aad(path.parent, int(path.stem)), name=path):
            if not isinstance(part, Damage):
                group = _decode(part[1])
                end, after = part[0], group.first + len(group.heard)
    except SealedError:
        pass
    return end, after


def _aad(folder: Path, first: int) -> bytes:
    """What a file is: no file of one listener can stand for one of another, nor one number for another."""
    return f"wardkeep raw spool {folder.name} from {first}".encode()


def _write(descriptor: int, raw: bytes, at: int) -> None:
    rest = memoryview(raw)
    while rest:
        written = os.pwrite(descriptor, rest, at)
        rest, at = rest[written:], at + written
