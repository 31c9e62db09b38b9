# SPDX-License-Identifier: Apache-2.0
"""The journal: where an entry is durable first. Records of whole groups, chained by their digests.

    record   "WKJ1" · u32 header length · u64 body length · header · bodies · SHA-256 of all that went before in the record
    header   JSON: first, count, prev (digest of the record before), batches [[producer, seq, first, count, body hash]],
             producers {name: [log, seq, first, last, body hash]}, checkpoint (signed note at first + count)
    bodies   entries as in a bundle: uint16 length, bytes

A log's journal is a row of files named by the index of their first entry. A file goes when its entries are durable in tiles
and bundles; the producers in each header make what went before it needless to read.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wardkeep.ledger.errors import LedgerDamaged, LedgerUnavailable

MAGIC = b"WKJ1"
HEAD = struct.Struct(">4sIQ")
DIGEST = 32
#: A file is closed and a new one begun at this size.
ROTATE = 32 << 20
NO_RECORD = bytes(DIGEST)

Batch = tuple[str, int, int, int, str]
Producer = tuple[str, int, int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One group of batches as it stands in the journal."""

    first: int
    count: int
    prev: bytes
    batches: list[Batch]
    #: Of each producer the last batch, at the end of this record: log, number, first, last, body hash.
    producers: dict[str, Producer] = field(default_factory=dict)
    checkpoint: str
    #: Packed as in a bundle.
    bodies: bytes

    def header(self) -> bytes:
        head = {
            "first": self.first,
            "count": self.count,
            "prev": self.prev.hex(),
            "batches": self.batches,
            "producers": self.producers,
            "checkpoint": self.checkpoint,
        }
        return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Fault:
    """Where reading stopped: a record that is cut short (`torn`) or that does not hold."""

    file: str
    offset: int
    what: str
    torn: bool


def encode(record: Record) -> tuple[bytes, bytes]:
    """The record's bytes and its digest."""
    header = record.header()
    head = HEAD.pack(MAGIC, len(header), len(record.bodies))
    digest = hashlib.sha256(head)
    digest.update(header)
    digest.update(record.bodies)
    return b"".join((head, header, record.bodies, digest.digest())), digest.digest()


def read_file(path: Path, previous: bytes | None) -> Iterator[tuple[int, Record, bytes] | Fault]:
    """Yield (offset, record, digest) of a journal file, and a Fault where it stops holding; then nothing more.

    `previous` is the digest that the first record must follow; None takes whatever it names.
    """
    raw = memoryview(path.read_bytes())
    at = 0
    while at < len(raw):
        if at + HEAD.size > len(raw):
            yield Fault(path.name, at, "the record's head is cut short", True)
            return
        magic, header_size, body_size = HEAD.unpack_from(raw, at)
        end = at + HEAD.size + header_size + body_size + DIGEST
        if magic != MAGIC:
            yield Fault(path.name, at, "no record begins here", not any(raw[at:]))
            return
        if end > len(raw):
            yield Fault(path.name, at, "the record is cut short", True)
            return
        digest = bytes(raw[end - DIGEST : end])
        if hashlib.sha256(raw[at : end - DIGEST]).digest() != digest:
            yield Fault(path.name, at, "the record's digest does not hold", end == len(raw))
            return
        body_at = at + HEAD.size + header_size
        try:
            head = json.loads(bytes(raw[at + HEAD.size : body_at]))
            record = Record(
                first=head["first"],
                count=head["count"],
                prev=bytes.fromhex(head["prev"]),
                batches=[tuple(batch) for batch in head["batches"]],
                producers={name: tuple(last) for name, last in head["producers"].items()},
                checkpoint=head["checkpoint"],
                bodies=bytes(raw[body_at : end - DIGEST]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            yield Fault(path.name, at, "the record's header is not readable", False)
            return
        if previous is not None and record.prev != previous:
            yield Fault(path.name, at, "the record does not follow the one before", False)
            return
        yield at, record, digest
        previous, at = digest, end


def files(folder: Path) -> list[Path]:
    """A log's journal files, oldest first."""
    return sorted(folder.glob("*.wkj"))


class Journal:
    """The open end of one log's journal. Only the writer, which holds the ledger's lock, has one."""

    def __init__(self, folder: Path, *, previous: bytes, next_index: int) -> None:
        """Go on in `folder` after the record whose digest is `previous`; the next entry is `next_index`."""
        self.folder = folder
        self.previous = previous
        existing = files(folder)
        self._path = existing[-1] if existing else self._name(next_index)
        self._fd = -1
        self._end = 0
        self._broken: str | None = None
        self._open()

    def append(self, record: Record) -> None:
        """Make a record durable. Raises LedgerUnavailable where the disk refuses; the journal is then as it was before."""
        if self._broken:
            raise LedgerUnavailable(f"the journal cannot be trusted since {self._broken}", hint="restart the writer")
        raw, digest = encode(record)
        if self._end >= ROTATE:
            self._rotate(record.first)
        try:
            self._write(raw)
        except OSError as error:
            self._undo(error)
            raise LedgerUnavailable(f"cannot write {self._path}: {os.strerror(error.errno or errno.EIO)}") from error
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            # After a failed sync the kernel may have dropped the pages: what is on disk is unknown until it is read again.
            self._broken = f"a failed sync ({os.strerror(error.errno or errno.EIO)})"
            raise LedgerUnavailable(f"cannot sync {self._path}: {os.strerror(error.errno or errno.EIO)}") from error
        self._end += len(raw)
        self.previous = digest

    def close(self) -> None:
        os.close(self._fd)

    def forget(self, durable: int) -> None:
        """Remove files all of whose entries are below `durable`, but for the two newest."""
        existing = files(self.folder)
        for path, following in itertools.pairwise(existing[:-1]):
            if int(following.stem) <= durable:
                path.unlink()

    def _name(self, first: int) -> Path:
        return self.folder / f"{first:020d}.wkj"

    def _open(self) -> None:
        try:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._end = os.lseek(self._fd, 0, os.SEEK_END)
            folder = os.open(self.folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            raise LedgerUnavailable(f"cannot open {self._path}: {os.strerror(error.errno or errno.EIO)}") from error

    def _rotate(self, first: int) -> None:
        os.close(self._fd)
        self._path = self._name(first)
        self._open()

    def _write(self, raw: bytes) -> None:
        rest, at = memoryview(raw), self._end
        while rest:
            written = os.pwrite(self._fd, rest, at)
            rest, at = rest[written:], at + written

    def _undo(self, error: OSError) -> None:
        try:
            os.ftruncate(self._fd, self._end)
        except OSError:
            self._broken = f"a write that could not be undone ({os.strerror(error.errno or errno.EIO)})"


def cut(path: Path, offset: int) -> None:
    """Cut a torn tail off a journal file, durably."""
    with path.open("r+b") as file:
        file.truncate(offset)
        file.flush()
        os.fsync(file.fileno())


def damaged(fault: Fault) -> LedgerDamaged:
    return LedgerDamaged(f"journal {fault.file} at byte {fault.offset}: {fault.what}")
