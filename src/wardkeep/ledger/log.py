# SPDX-License-Identifier: Apache-2.0
"""One log (one year) as its writer holds it: journal first, then tiles, bundles and the checkpoint.

`commit` makes entries durable; `publish` writes what readers see; `settle` makes that durable too and lets old journal
files go. A crash loses nothing that `commit` returned: opening the log again writes anew what was not settled.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.entry import MAX_ENTRY, Receipt
from wardkeep.ledger.errors import EntryTooLarge, KeyConflict, LedgerDamaged, LedgerError, OutOfOrder
from wardkeep.ledger.journal import NO_RECORD as NO_DIGEST
from wardkeep.ledger.journal import Journal, Producer, Record, cut, damaged, files, read_file
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.tiles import (
    TileFolder,
    pack_bundle,
    partial_widths,
    tile_path,
    unpack_bundle,
    write_durably,
    write_file,
)
from wardkeep.ledger.tree import TILE_WIDTH, Edge, leaf_hashes

CHECKPOINT = "checkpoint"
SETTLED = "settled.json"


@dataclass(frozen=True, slots=True)
class Request:
    """A batch that a producer wants appended."""

    producer: str
    seq: int
    bodies: Sequence[bytes]


class Log:
    """The writer's hold on one log. The ledger's lock protects it."""

    def __init__(
        self, folder: Path, journal: Path, *, name: str, origin: str, signer: Ed25519PrivateKey, create: bool = False
    ) -> None:
        """Open a log, or `create` an empty one. Raises LedgerDamaged where the journal does not hold."""
        self.folder, self.name, self.origin = folder, name, origin
        self._signer = signer
        if create:
            folder.mkdir(parents=True, exist_ok=True)
            journal.mkdir(parents=True, exist_ok=True)
        self.producers: dict[str, Producer] = {}
        self._recent: dict[tuple[str, int], tuple[Receipt, str]] = {}
        self._full: list[tuple[int, int, list[bytes]]] = []
        self._settled = self._read_settled()
        self.edge = self._edge_at(self._settled)
        #: Entries from `_bundled` on, not yet in a full bundle.
        self._bundled = self._settled - self._settled % TILE_WIDTH
        self._bodies = (
            TileFolder(folder).bundle(self._settled // TILE_WIDTH, self._settled % TILE_WIDTH)
            if (self._settled % TILE_WIDTH)
            else []
        )
        self._note = ""
        previous = self._replay(journal)
        self._journal = Journal(journal, previous=previous, next_index=self.size)
        self._published = -1

    @property
    def size(self) -> int:
        return self.edge.size

    def commit(self, requests: Sequence[Request]) -> list[Receipt | LedgerError]:
        """Append many batches in one durable record; each gets its receipt or its own refusal. Raises LedgerUnavailable."""
        answers: list[Receipt | LedgerError] = []
        batches: list[tuple[str, int, int, int, str]] = []
        producers = dict(self.producers)
        fresh: dict[tuple[str, int], tuple[Receipt, str]] = {}
        bodies: list[bytes] = []
        packed: list[bytes] = []
        for request in requests:
            try:
                raw, digest = self._pack(request)
                known = fresh.get((request.producer, request.seq)) or self._recent.get((request.producer, request.seq))
                receipt = self._known(request, digest, known, producers.get(request.producer))
                if receipt is None:
                    first = self.size + len(bodies)
                    receipt = Receipt(self.name, first, first + len(request.bodies) - 1)
                    bodies.extend(request.bodies)
                    packed.append(raw)
                    batches.append((request.producer, request.seq, first, len(request.bodies), digest))
                    producers[request.producer] = (self.name, request.seq, receipt.first, receipt.last, digest)
                    fresh[request.producer, request.seq] = (receipt, digest)
                answers.append(receipt)
            except LedgerError as error:
                answers.append(error)
        if not bodies:
            return answers
        edge = copy.copy(self.edge)
        edge.tiles, edge.carry = [list(tile) for tile in edge.tiles], list(edge.carry)
        full = edge.extend(leaf_hashes(bodies))
        note = Checkpoint(self.origin, edge.size, edge.root()).sign(self._signer)
        self._journal.append(
            Record(
                first=self.size,
                count=len(bodies),
                prev=self._journal.previous,
                batches=batches,
                producers=producers,
                checkpoint=note,
                bodies=b"".join(packed),
            )
        )
        self.edge, self.producers, self._note = edge, producers, note
        self._recent.update(fresh)
        self._full.extend(full)
        self._bodies.extend(bodies)
        return answers

    def find(self, producer: str, seq: int) -> Receipt | None:
        """Where a batch went. Raises OutOfOrder for one that is older than the journal remembers."""
        if known := self._recent.get((producer, seq)):
            return known[0]
        last = self.producers.get(producer)
        if last is None or seq > last[1]:
            return None
        if seq == last[1]:
            return Receipt(last[0], last[2], last[3])
        raise OutOfOrder(f"batch {seq} of {producer} is older than the journal remembers; its last is {last[1]}")

    def last(self, producer: str) -> tuple[int, Receipt] | None:
        last = self.producers.get(producer)
        return None if last is None else (last[1], Receipt(last[0], last[2], last[3]))

    def publish(self) -> None:
        """Write tiles, bundles and the checkpoint of the present size, for readers. Raises OSError."""
        if self._published == self.size or not self._note:
            return
        for level, number, hashes in self._full:
            self._write_tile(level, number, b"".join(hashes), TILE_WIDTH)
        self._full.clear()
        while len(self._bodies) >= TILE_WIDTH:
            self._write_tile("entries", self._bundled // TILE_WIDTH, pack_bundle(self._bodies[:TILE_WIDTH]), TILE_WIDTH)
            del self._bodies[:TILE_WIDTH]
            self._bundled += TILE_WIDTH
        for level, width in enumerate(partial_widths(self.size)):
            if width:
                number = self.size >> (8 * (level + 1))
                self._write_tile(level, number, b"".join(self.edge.tiles[level]), width)
        if self._bodies:
            self._write_tile("entries", self._bundled // TILE_WIDTH, pack_bundle(self._bodies), len(self._bodies))
        write_file(self.folder / CHECKPOINT, self._note.encode())
        self._published = self.size

    def settle(self) -> None:
        """Make all that is published durable, then let journal files go that are no longer needed."""
        self.publish()
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            _syncfs(descriptor)
        finally:
            os.close(descriptor)
        write_durably(self.folder / SETTLED, json.dumps({"size": self.size}).encode())
        self._settled = self.size
        self._journal.forget(self._bundled)

    @property
    def unsettled(self) -> int:
        """Entries whose tiles a power failure could still lose (the journal has them)."""
        return self.size - self._settled

    def close(self) -> None:
        """Publish, settle and let go. A disk that refuses costs nothing: the journal has everything."""
        with contextlib.suppress(OSError):
            self.settle()
        self._journal.close()

    def _pack(self, request: Request) -> tuple[bytes, str]:
        for body in request.bodies:
            if len(body) > MAX_ENTRY:
                raise EntryTooLarge(f"an entry of {len(body):,} bytes is over {MAX_ENTRY:,}", hint="put in its hash")
        if not request.bodies:
            raise EntryTooLarge("a batch without entries")
        raw = pack_bundle(request.bodies)
        return raw, hashlib.sha256(raw).hexdigest()

    def _known(
        self, request: Request, digest: str, known: tuple[Receipt, str] | None, last: Producer | None
    ) -> Receipt | None:
        """The receipt that this batch got before, None where it is new."""
        if known is None and last is not None and request.seq == last[1]:
            known = (Receipt(last[0], last[2], last[3]), last[4])
        if known is not None:
            if known[1] != digest:
                raise KeyConflict(f"batch {request.seq} of {request.producer} is known with another content")
            return known[0]
        if last is not None and request.seq != last[1] + 1:
            raise OutOfOrder(f"batch {request.seq} of {request.producer} does not follow {last[1]}")
        return None

    def _read_settled(self) -> int:
        try:
            return int(json.loads((self.folder / SETTLED).read_bytes())["size"])
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, TypeError):
            raise LedgerDamaged(f"{self.folder / SETTLED} is not readable") from None

    def _edge_at(self, size: int) -> Edge:
        tiles = TileFolder(self.folder)
        widths = partial_widths(size)
        return Edge(size, [tiles.tile(i, size >> (8 * (i + 1)), w) if w else [] for i, w in enumerate(widths)])

    def _replay(self, folder: Path) -> bytes:
        """Take up every record of the journal; cut a torn tail. Returns the digest of the last record."""
        previous: bytes | None = None
        existing = files(folder)
        for path in existing:
            for item in read_file(path, previous):
                if not isinstance(item, tuple):
                    if not item.torn or path != existing[-1] or self._promised() > self.size:
                        raise damaged(item)
                    cut(path, item.offset)
                    break
                _, record, previous = item
                self._take(record, path)
        if self.size < self._settled or self._promised() > self.size:
            raise LedgerDamaged(f"the journal of {self.name} ends at {self.size}, the checkpoint is beyond it")
        return previous or NO_DIGEST

    def _take(self, record: Record, path: Path) -> None:
        self.producers = dict(record.producers)
        for producer, seq, first, count, digest in record.batches:
            self._recent[producer, seq] = (Receipt(self.name, first, first + count - 1), digest)
        self._note = record.checkpoint
        end = record.first + record.count
        if end <= self.size:
            return
        if record.first > self.size:
            raise LedgerDamaged(f"journal {path.name}: entries {self.size} to {record.first - 1} are missing")
        bodies = unpack_bundle(record.bodies, path.name)[self.size - record.first :]
        self._full.extend(self.edge.extend(leaf_hashes(bodies)))
        self._bodies.extend(bodies)
        if Checkpoint(self.origin, self.size, self.edge.root()).text() != record.checkpoint.partition("\n\n")[0] + "\n":
            raise LedgerDamaged(f"journal {path.name}: entries up to {end - 1} do not give the root that was signed")

    def _promised(self) -> int:
        """The size that the published checkpoint names; 0 where none was published."""
        try:
            note = (self.folder / CHECKPOINT).read_text()
        except (FileNotFoundError, UnicodeDecodeError):
            return 0
        try:
            return open_checkpoint(note, Verifier.of(self.origin, self._signer)).size
        except LedgerError as error:
            raise LedgerDamaged(f"{self.folder / CHECKPOINT}: {error}") from None

    def _write_tile(self, level: int | str, number: int, raw: bytes, width: int) -> None:
        write_file(self.folder / tile_path(level, number, width), raw)
        if width == TILE_WIDTH:
            shutil.rmtree(self.folder / (tile_path(level, number) + ".p"), ignore_errors=True)


def _syncfs(descriptor: int) -> None:
    """One call for thousands of small files (syncfs(2))."""
    if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
        raise OSError(ctypes.get_errno(), "syncfs")
