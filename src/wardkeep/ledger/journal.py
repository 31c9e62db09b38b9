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

import msgspec

from wardkeep.ledger.errors import LedgerDamaged, LedgerUnavailable
from wardkeep.ledger.tiles import sync_folder

MAGIC = b"WKJ1"
HEAD = struct.Struct(">4sIQ")
DIGEST = 32
#: A file is closed and a new one begun at this size.
ROTATE = 16 << 20
NO_RECORD = bytes(DIGEST)

Batch = tuple[str, int, int, int, str]
Producer = tuple[str, int, int, int, str]

_ENCODE = msgspec.json.Encoder(order="deterministic").encode


class _Head(msgspec.Struct):
    """A record's header as it is read."""

    first: int
    count: int
    prev: str
    batches: list[Batch]
    producers: dict[str, Producer]
    checkpoint: str


_DECODE = msgspec.json.Decoder(_Head).decode


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
        batches, producers = _ENCODE(self.batches), _ENCODE(self.producers)
        if not (batches.isascii() and producers.isascii()):  # names: in the one form that they always had
            batches = json.dumps(self.batches, separators=(",", ":")).encode()
            producers = json.dumps(self.producers, sort_keys=True, separators=(",", ":")).encode()
        note, rest = json.dumps(self.checkpoint).encode(), (self.count, self.first, self.prev.hex().encode())
        return b'{"batches":%b,"checkpoint":%b,"count":%d,"first":%d,"prev":"%b","producers":%b}' % (
            *(batches, note, *rest, producers),
        )


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
        found = _record_at(raw, at)
        if isinstance(found, str):
            # A write that never ended is the last thing in a file. Where a whole record follows, it is damage.
            yield Fault(path.name, at, found, not _later_record(raw, at + 1))
            return
        end, digest, head, bodies = found
        record = _parse(bytes(head), bytes(bodies))
        if record is None:
            yield Fault(path.name, at, "the record's header is not readable", False)
            return
        if previous is not None and record.prev != previous:
            yield Fault(path.name, at, "the record does not follow the one before", False)
            return
        yield at, record, digest
        previous, at = digest, end


def _record_at(raw: memoryview, at: int) -> tuple[int, bytes, memoryview, memoryview] | str:
    """End, digest, header and bodies of the record at `at`, or why there is none."""
    if at + HEAD.size > len(raw):
        return "the record's head is cut short"
    magic, header_size, body_size = HEAD.unpack_from(raw, at)
    end = at + HEAD.size + header_size + body_size + DIGEST
    if magic != MAGIC:
        return "no record begins here"
    if end > len(raw):
        return "the record is cut short"
    digest = bytes(raw[end - DIGEST : end])
    if hashlib.sha256(raw[at : end - DIGEST]).digest() != digest:
        return "the record's digest does not hold"
    body_at = at + HEAD.size + header_size
    return end, digest, raw[at + HEAD.size : body_at], raw[body_at : end - DIGEST]


def _later_record(raw: memoryview, at: int) -> bool:
    """Whether a whole record lies anywhere behind `at`."""
    rest = bytes(raw[at:])
    found = rest.find(MAGIC)
    while found >= 0:
        if not isinstance(_record_at(raw, at + found), str):
            return True
        found = rest.find(MAGIC, found + 1)
    return False


def _parse(header: bytes, bodies: bytes) -> Record | None:
    try:
        head = _DECODE(header)
        record = Record(
            first=head.first,
            count=head.count,
            prev=bytes.fromhex(head.prev),
            batches=head.batches,
            producers=head.producers,
            checkpoint=head.checkpoint,
            bodies=bodies,
        )
    except (ValueError, msgspec.MsgspecError):
        return None
    return record if record.first >= 0 and record.count > 0 else None


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
        #: Why nothing more can be taken, None while all is well.
        self.broken: str | None = None
        self._open(self._path)

    def append(self, record: Record) -> int:
        """Make a record durable; returns its size in bytes. Raises as `write`."""
        raw, digest = encode(record)
        self.write(raw, digest, first=record.first)
        return len(raw)

    def write(self, raw: bytes, digest: bytes, *, first: int) -> None:
        """Make the record `raw`, whose first entry is `first`, durable. Raises LedgerUnavailable where the disk refuses.

        The journal is then as it was before. After a failed sync the kernel may have dropped what it could not write, so
        that what is on disk is unknown until it is read again: nothing more is taken then, except after a full disk.
        """
        if self.broken:
            raise LedgerUnavailable(f"the journal cannot be trusted since {self.broken}", hint="restart the writer")
        if self._end >= ROTATE:
            self._rotate(first)
        try:
            self._write(raw)
            os.fdatasync(self._fd)
        except OSError as error:
            self._undo(error)
            raise LedgerUnavailable(
                f"cannot write {self._path}: {_why(error)}", hint="nothing was acknowledged; make room, then try again"
            ) from error
        self._end += len(raw)
        self.previous = digest

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def forget(self, durable: int) -> None:
        """Remove files all of whose entries are below `durable`, but for the two newest."""
        existing = files(self.folder)
        for path, following in itertools.pairwise(existing[:-1]):
            if int(following.stem) <= durable:
                path.unlink()

    def _name(self, first: int) -> Path:
        return self.folder / f"{first:020d}.wkj"

    def _open(self, path: Path) -> None:
        """Take `path` as the open end. The one before stays open where this fails."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            end = os.lseek(descriptor, 0, os.SEEK_END)
            sync_folder(self.folder)
        except OSError as error:
            raise LedgerUnavailable(f"cannot open {path}: {_why(error)}") from error
        self.close()
        self._fd, self._end, self._path = descriptor, end, path

    def _rotate(self, first: int) -> None:
        self._open(self._name(first))

    def _write(self, raw: bytes) -> None:
        rest, at = memoryview(raw), self._end
        while rest:
            written = os.pwrite(self._fd, rest, at)
            rest, at = rest[written:], at + written

    def _undo(self, error: OSError) -> None:
        """Take a half-written record back, so that nothing is read later that was never acknowledged."""
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            self.broken = f"a failed write ({_why(error)})"
        try:
            os.ftruncate(self._fd, self._end)
            os.fdatasync(self._fd)
        except OSError as again:
            self.broken = f"a write that could not be undone ({_why(again)})"


def _why(error: OSError) -> str:
    return os.strerror(error.errno or errno.EIO)


def cut(path: Path, offset: int) -> None:
    """Cut a torn tail off a journal file, durably."""
    with path.open("r+b") as file:
        file.truncate(offset)
        file.flush()
        os.fsync(file.fileno())


def damaged(fault: Fault) -> LedgerDamaged:
    return LedgerDamaged(f"journal {fault.file} at byte {fault.offset}: {fault.what}")
