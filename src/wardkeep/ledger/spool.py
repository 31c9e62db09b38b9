# SPDX-License-Identifier: Apache-2.0
"""The spool of a care path: where entries are durable while the ledger is not there.

A file of fixed size whose bytes are all written when it is made, so that a full disk cannot refuse what care has to write down.

    header   two slots of 4096 bytes; the valid one with the higher generation counts
             "WKSP" · u64 generation · 16 bytes life · u16 length · name · SHA-256 of all that
    record   "WKS1" · u64 generation · u64 number · u64 time (µs) · u32 length · body
             · SHA-256 of the digest before (the header's, for the first) and all that

Records are chained by their digests. A spool is emptied by a header of the next generation, which no older record follows. The
numbers are those under which the ledger knows the entries: producer `name:life`, one entry a batch, so that an entry of
which nobody knows whether the ledger took it can be put into the spool and comes into the ledger once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path

from wardkeep.ledger.entry import MAX_ENTRY
from wardkeep.ledger.errors import EntryTooLarge, LedgerDamaged, LedgerUnavailable
from wardkeep.ledger.tiles import sync_folder

SUFFIX = ".wks"
#: What a spool ends in that was put aside, and again once its whole part is in the ledger.
DAMAGED, KEPT = ".damaged", ".kept"
#: Room for about 60,000 accesses of 200 bytes.
SIZE = 16 << 20
SLOT = 4096
START = 2 * SLOT
DIGEST = 32
NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_HEADER = struct.Struct(">4sQ16sH")
_RECORD = struct.Struct(">4sQQQI")
_HEADER_MAGIC, _MAGIC = b"WKSP", b"WKS1"


@dataclass(frozen=True, slots=True)
class Spooled:
    """An entry that waits for the ledger."""

    number: int
    #: When it was taken, in µs since 1970, by the clock of the care path.
    at_us: int
    body: bytes


class SpoolFull(LedgerUnavailable):
    """The spool has no room left: nothing was kept of this entry."""


class Spool:
    """An open spool. One process has it (flock); one thread at a time uses it."""

    def __init__(self, path: Path, *, look_only: bool = False) -> None:
        """Open and read it. Raises LedgerUnavailable where another process has it, LedgerDamaged where no header holds.

        With `look_only` it may be in use, and nothing can be put into it.
        """
        self.path = path
        try:
            self._fd = os.open(path, os.O_CLOEXEC | (os.O_RDONLY if look_only else os.O_RDWR))
        except OSError as error:
            raise LedgerUnavailable(f"cannot open the spool {path}: {error.strerror}") from error
        try:
            if not look_only:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            raw = _whole(self._fd)
            self._generation, self._life, self.name, self._digest = _newest_header(raw, path)
        except BlockingIOError:
            os.close(self._fd)
            raise LedgerUnavailable(f"the spool {path} is in use", hint="its own process carries it over") from None
        except BaseException:
            os.close(self._fd)
            raise
        self._size = len(raw)
        self.entries: list[Spooled] = []
        #: What is wrong behind the entries, None where nothing is.
        self.damage: str | None = None
        self._end = self._read(raw)

    @classmethod
    def make(cls, path: Path, name: str, *, size: int = SIZE) -> Spool:
        """A new spool, all of its bytes written and durable. Raises LedgerUnavailable."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a care path: lower-case letters, digits and hyphens")
        draft = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with draft.open("wb") as file:
                os.fchmod(file.fileno(), 0o600)
                head = _header(0, secrets.token_bytes(16), name)
                file.write(head + bytes(size - len(head)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise LedgerUnavailable(f"cannot make the spool {path}: {error.strerror}") from error
        return cls(path)

    @property
    def producer(self) -> str:
        """The name under which the ledger knows this spool's entries."""
        return f"{self.name}:{self._life.hex()}"

    @property
    def digest(self) -> bytes:
        """The digest of the newest record: it stands for all of them."""
        return self._digest

    def put(self, number: int, at_us: int, body: bytes) -> None:
        """Keep an entry; durable when this returns. Raises SpoolFull, EntryTooLarge, LedgerUnavailable."""
        if not 0 < len(body) <= MAX_ENTRY:
            raise EntryTooLarge(f"an entry has 1 to {MAX_ENTRY:,} bytes, not {len(body):,}")
        if self.damage:
            raise LedgerUnavailable(f"the spool {self.path} is damaged: {self.damage}")
        if self.entries and number != self.entries[-1].number + 1:
            raise ValueError(f"entry {number} does not follow {self.entries[-1].number}")
        head = _RECORD.pack(_MAGIC, self._generation, number, at_us, len(body))
        digest = hashlib.sha256(self._digest + head + body).digest()
        raw = head + body + digest
        if self._end + len(raw) > self._size:
            raise SpoolFull(f"the spool {self.path} is full", hint="see to the ledger: `wardkeep doctor`")
        try:
            _write(self._fd, raw, self._end)
            os.fdatasync(self._fd)
        except OSError as error:
            # What is on disk is unknown; a record that is there after all has this number and is asked for once.
            raise LedgerUnavailable(f"cannot write the spool {self.path}: {error.strerror}") from error
        self._end, self._digest = self._end + len(raw), digest
        self.entries.append(Spooled(number, at_us, body))

    def clear(self, *, new_life: bool = False) -> None:
        """Forget the entries: the ledger has them. With `new_life` the next ones come from another producer."""
        life = secrets.token_bytes(16) if new_life else self._life
        head = _header(self._generation + 1, life, self.name)
        try:
            _write(self._fd, head.ljust(SLOT, b"\0"), (self._generation + 1) % 2 * SLOT)
            os.fdatasync(self._fd)
        except OSError as error:
            raise LedgerUnavailable(f"cannot empty the spool {self.path}: {error.strerror}") from error
        self._generation, self._life, self._digest = self._generation + 1, life, head[-DIGEST:]
        self.entries, self._end = [], START

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self, raw: bytes) -> int:
        """Take up the records of this generation; returns where they end."""
        at = START
        while (found := self._record_at(raw, at)) is not None:
            entry, at, self._digest = found
            self.entries.append(entry)
        # A record that was being written when the power went has none behind it. Where one follows, it is damage.
        if raw.find(_MAGIC + self._generation.to_bytes(8, "big"), at + 1) >= 0:
            self.damage = f"the record at byte {at} does not hold, and others follow it"
        return at

    def _record_at(self, raw: bytes, at: int) -> tuple[Spooled, int, bytes] | None:
        if at + _RECORD.size > len(raw):
            return None
        magic, generation, number, at_us, size = _RECORD.unpack_from(raw, at)
        body_at = at + _RECORD.size
        end = body_at + size + DIGEST
        if magic != _MAGIC or generation != self._generation or end > len(raw):
            return None
        digest = hashlib.sha256(self._digest + raw[at : body_at + size]).digest()
        if digest != raw[end - DIGEST : end] or (self.entries and number != self.entries[-1].number + 1):
            return None
        return Spooled(number, at_us, raw[body_at : body_at + size]), end, digest


def spools_in(folder: Path) -> list[Path]:
    """The spools of a home, those that were put aside among them."""
    return sorted([*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{DAMAGED}")])


def _header(generation: int, life: bytes, name: str) -> bytes:
    raw = _HEADER.pack(_HEADER_MAGIC, generation, life, len(name)) + name.encode()
    return raw + hashlib.sha256(raw).digest()


def _newest_header(raw: bytes, path: Path) -> tuple[int, bytes, str, bytes]:
    """Generation, life, name and digest. Raises LedgerDamaged."""
    found: list[tuple[int, bytes, str, bytes]] = []
    for slot in (raw[:SLOT], raw[SLOT:START]):
        if len(slot) == SLOT:
            magic, generation, life, size = _HEADER.unpack_from(slot)
            end = _HEADER.size + size
            digest = slot[end : end + DIGEST]
            if magic == _HEADER_MAGIC and hashlib.sha256(slot[:end]).digest() == digest:
                found.append((generation, life, slot[_HEADER.size : end].decode(), digest))
    if not found:
        raise LedgerDamaged(f"the spool {path} has no header that holds", hint="put it aside; a new one is made")
    return max(found)


def _whole(descriptor: int) -> bytes:
    parts, at = [], 0
    while part := os.pread(descriptor, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def _write(descriptor: int, raw: bytes, at: int) -> None:
    rest = memoryview(raw)
    while rest:
        written = os.pwrite(descriptor, rest, at)
        rest, at = rest[written:], at + written
