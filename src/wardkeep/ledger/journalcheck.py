# SPDX-License-Identifier: Apache-2.0
"""One log's journal: every record's digest and chain, its signed checkpoint, its batches, and its entries."""

from __future__ import annotations

import hashlib
from pathlib import Path

from wardkeep.ledger.damage import Report
from wardkeep.ledger.entry import format_index
from wardkeep.ledger.errors import LedgerError
from wardkeep.ledger.journal import Fault, Producer, Record, files, read_file
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.tiles import unpack_bundle
from wardkeep.ledger.tree import Edge, leaf_hashes
from wardkeep.ledger.treecheck import TreeCheck

#: Entries of a record from which on comparing bytes is quicker than growing the tree once more.
MANY = 1024


def last_signed(folder: Path, verifier: Verifier) -> Checkpoint | None:
    """The newest checkpoint that any record of the journal holds."""
    newest: Checkpoint | None = None
    for path in files(folder):
        for item in read_file(path, None):
            if isinstance(item, tuple):
                try:
                    newest = open_checkpoint(item[1].checkpoint, verifier)
                except LedgerError:
                    continue
    return newest


class JournalCheck:
    """Reads one log's journal after its tree was checked. `end` is the size that it reaches."""

    def __init__(self, folder: Path, verifier: Verifier, tree: TreeCheck, report: Report) -> None:
        self._folder, self._verifier, self._tree, self._report = folder, verifier, tree, report
        self.name = tree.name
        self.end = tree.size
        #: Index of the first entry in the journal, None where it has no record.
        self.first: int | None = None
        self._edge: Edge | None = None
        self._previous: bytes | None = None
        self._producers: dict[str, Producer] | None = None
        #: Index that the next record begins with, None where that cannot be known.
        self._next: int | None = None
        self._newest = ""

    def run(self) -> None:
        whole, paths = True, files(self._folder)
        self._newest = paths[-1].name if paths else ""
        for path in paths:
            try:
                whole = self._check_file(path) and whole
            except FileNotFoundError:
                self._lose_track()  # settled meanwhile, and therefore removed; what is left must reach back far enough
        if whole and (self._next or 0) < self._tree.size:
            what = f"it ends at entry {self._next or 0}, the checkpoint is at {self._tree.size}"
            self._report.say("journal", f"journal/{self.name}", what)

    def _check_file(self, path: Path) -> bool:
        """Check one file; False where part of it could not be read."""
        file, newest, first = f"journal/{self.name}/{path.name}", path.name == self._newest, True
        for item in read_file(path, self._previous):
            if isinstance(item, Fault):
                # Behind the checkpoint a torn tail is what a crash leaves, or what is being written right now.
                if item.torn and newest and (self._next or 0) >= self._tree.size:
                    self._report.notes.append(f"{file}@{item.offset}: an unfinished write; the next start cuts it")
                    return True
                self._report.say("journal", f"{file}@{item.offset}", item.what)
                self._lose_track()
                return False
            offset, record, self._previous = item
            if first and path.stem != f"{record.first:020d}":
                self._report.say("journal", file, f"it begins with entry {record.first}")
            first = False
            self._check(f"{file}@{offset}", record)
        if first and not newest:
            self._report.say("journal", file, "it holds no record")
        return True

    def _lose_track(self) -> None:
        """What the next record must follow is not known."""
        self._previous = self._edge = self._producers = self._next = None

    def _check(self, where: str, record: Record) -> None:
        end = record.first + record.count
        if self.first is None:
            self.first = record.first
        if self._next not in (None, record.first):
            self._report.say("journal", where, f"it begins with entry {record.first}, {self._next} comes next")
        self._next = end
        try:
            bodies = unpack_bundle(record.bodies, where)
            signed = open_checkpoint(record.checkpoint, self._verifier)
        except LedgerError as error:
            self._report.say("journal", where, str(error))
            return
        if signed.size != end or len(bodies) != record.count:
            self._report.say("journal", where, f"{len(bodies)} entries, a checkpoint of size {signed.size}, not {end}")
            return
        self._check_batches(where, record, bodies)
        if record.count >= MANY and end <= self._tree.size and self._tree.holds(record.first, bodies):
            root: bytes | None = self._tree.root_at(end)  # entries that were hashed already need not be hashed again
        else:
            root = self._grow(where, record, leaf_hashes(bodies))
        if root not in (None, signed.root):
            self._report.say("journal", where, "its entries do not give the root that was signed")
        if end > self.end:
            self._report.intact += end - max(self.end, record.first)
            self.end = end

    def _grow(self, where: str, record: Record, leaves: list[bytes]) -> bytes | None:
        """The root behind the record, None where what lies before it is not known. Names entries that tiles say otherwise."""
        first, published = record.first, min(record.first + record.count, self._tree.size)
        if self._edge is None or self._edge.size != first:
            self._edge = self._tree.edge(first) if first <= self._tree.size else None
        if published > first:
            for i, leaf in enumerate(self._tree.leaves(first, published)):
                if leaf != leaves[i]:
                    self._report.say(
                        "journal", where, f"entry {format_index(self.name, first + i)} differs from the tiles"
                    )
        if self._edge is None:
            return None
        self._edge.extend(leaves)
        return self._edge.root()

    def _check_batches(self, where: str, record: Record, bodies: list[bytes]) -> None:
        """The batches are the record's entries, and the producers' last ones follow from them."""
        at = offset = 0
        producers = dict(self._producers or {})
        for producer, seq, first, count, digest in record.batches:
            size = sum(map(len, bodies[at : at + count])) + 2 * count
            packed = record.bodies[offset : offset + size]
            if first != record.first + at or hashlib.sha256(packed).hexdigest() != digest:
                self._report.say("journal", where, f"batch {seq} of {producer} is not what its hash says")
            at, offset = at + count, offset + size
            producers[producer] = (self.name, seq, first, first + count - 1, digest)
        if at != record.count:
            self._report.say("journal", where, "its batches are not its entries")
        whole = self._producers is None or len(record.producers) == len(producers)
        if not whole or any(record.producers.get(name) != last for name, last in producers.items()):
            self._report.say("journal", where, "its list of producers does not follow from its batches")
        self._producers = record.producers
