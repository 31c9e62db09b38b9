# SPDX-License-Identifier: Apache-2.0
"""Full verification: every entry against its leaf hash, every tile against the signed root, the journal against both.

Each damage is named by the smallest unit that can be read: an entry, a tile, a journal record, a checkpoint. A body that was
removed under an `expunge` act is counted as expunged; one that is gone without an act is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wardkeep.ledger.entry import format_index, is_act
from wardkeep.ledger.errors import LedgerDamaged, LedgerError
from wardkeep.ledger.journal import Fault, Record, files, read_file
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.tiles import HASH, tile_path, unpack_bundle
from wardkeep.ledger.tree import TILE_WIDTH, Edge, leaf_hash, leaf_hashes, subtree_root

EXPUNGE = "ledger:entries:expunged"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One damage. `kind` says what is wrong, `where` names the smallest unit."""

    kind: str
    where: str


@dataclass(slots=True)
class Report:
    size: int = 0
    intact: int = 0
    expunged: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def verify_ledger(folder: Path, *, public: bytes | None = None, progress: Progress | None = None) -> Report:
    """Verify every log of a ledger. `public` is the key that is trusted; without it, the one that the ledger names."""
    report = Report()
    try:
        reader = LedgerReader(folder)
        names = reader.logs()
    except LedgerError as error:
        report.problems.append(Problem("description", str(error)))
        return report
    if public is not None and public != reader.description.public:
        report.problems.append(Problem("key", "ledger.json names another key than the one that is trusted"))
    key = reader.description.public if public is None else public
    if not names:
        report.problems.append(Problem("missing", "no log"))
    for name in names:
        _Log(reader, name, Verifier(reader.description.origin_of(name), key), report, progress).verify()
    return report


class _Log:
    def __init__(
        self, reader: LedgerReader, name: str, verifier: Verifier, report: Report, progress: Progress | None
    ) -> None:
        self._reader, self._name, self._verifier, self._report = reader, name, verifier, report
        self._folder = reader.folder / "logs" / name
        self._progress = progress
        self._checkpoint: Checkpoint | None = None
        self._expunged: set[int] = set()
        self._gone: list[int] = []

    def verify(self) -> None:
        try:
            self._checkpoint = open_checkpoint(self._reader.note(self._name), self._verifier)
        except LedgerError as error:
            self._say("checkpoint", f"{self._name}/checkpoint: {error}")
        records = list(self._records())
        size = self._checkpoint.size if self._checkpoint else (records[-1].first + records[-1].count if records else 0)
        self._report.size += size
        level0 = self._entries(size)
        self._tiles(level0, size)
        self._journal(records, level0)
        for n in self._gone:
            where = f"entry {format_index(self._name, n)}"
            if n in self._expunged:
                self._report.expunged += 1
            else:
                self._say("missing", where)

    def _say(self, kind: str, where: str) -> None:
        self._report.problems.append(Problem(kind, where))

    def _entries(self, size: int) -> list[bytes]:
        """Check bodies against the leaf hashes of level 0; return those hashes."""
        hashes: list[bytes] = []
        for number in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            stored = self._read_tile(0, number, width)
            bodies, fault = self._read_bundle(number, width)
            computed = leaf_hashes(bodies)
            if stored is None:
                # Without the tile the bodies speak; whether they are right shows at the root.
                hashes += computed if len(computed) == width else [bytes(HASH)] * width
                continue
            hashes += stored
            wrong = [i for i in range(len(computed)) if computed[i] != stored[i]]
            for i in wrong:
                n = number * TILE_WIDTH + i
                if bodies[i]:
                    self._say("entry", f"entry {format_index(self._name, n)} does not match its leaf hash")
                else:
                    self._gone.append(n)
            if fault:
                self._say("bundle", fault)
            self._report.intact += len(computed) - len(wrong)
            for i, body in enumerate(bodies):
                if is_act(body) and computed[i] == stored[i]:
                    self._note_expunged(body)
            if self._progress and number % 256 == 0:
                self._progress(number * TILE_WIDTH, size)
        return hashes

    def _read_tile(self, level: int, number: int, width: int) -> list[bytes] | None:
        try:
            return self._reader.tiles(self._name).tile(level, number, width)
        except LedgerDamaged as error:
            self._say("tile", f"{self._name}/{error}")
            return None

    def _read_bundle(self, number: int, width: int) -> tuple[list[bytes], str]:
        try:
            return self._reader.tiles(self._name).bundle(number, width), ""
        except LedgerDamaged as error:
            # Lengths that disagree: read entry by entry as far as it goes.
            return self._salvage(number, width), f"{self._name}/{error}"

    def _salvage(self, number: int, width: int) -> list[bytes]:
        for candidate in (width, TILE_WIDTH):
            path = self._folder / tile_path("entries", number, candidate)
            if path.is_file():
                raw = path.read_bytes()
                for end in range(len(raw), 0, -1):
                    try:
                        return unpack_bundle(raw[:end], path.name)[:width]
                    except LedgerDamaged:
                        continue
        return []

    def _note_expunged(self, body: bytes) -> None:
        act = json.loads(body)
        if act.get("act") == EXPUNGE:
            for log, first, last in act.get("entries", []):
                if log == self._name:
                    self._expunged.update(range(first, last + 1))

    def _tiles(self, level0: list[bytes], size: int) -> None:
        """Recompute every tile above level 0 from below, and the root."""
        row, level = level0, 0
        while len(row) >= TILE_WIDTH:
            above = [
                subtree_root(row[i : i + TILE_WIDTH]) for i in range(0, len(row) - len(row) % TILE_WIDTH, TILE_WIDTH)
            ]
            level += 1
            for number in range(-(-len(above) // TILE_WIDTH)):
                expected = above[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
                stored = self._read_tile(level, number, len(expected))
                if stored is not None:
                    for i in range(len(expected)):
                        if stored[i] != expected[i]:
                            path = tile_path(level, number, len(expected))
                            self._say(
                                "tile", f"{self._name}/{path}: hash {i} is not that of {self._below(level, number, i)}"
                            )
            row = above
        if self._checkpoint:
            edge = Edge()
            edge.extend(level0)
            if edge.root() != self._checkpoint.root:
                self._blame(level0, size)

    def _below(self, level: int, number: int, i: int) -> str:
        return tile_path(level - 1, number * TILE_WIDTH + i)

    def _blame(self, level0: list[bytes], size: int) -> None:
        """The root does not follow from level 0: name the hashes that the bodies disprove, or else the root itself."""
        if not any(p.kind in ("entry", "tile", "missing") and self._name in p.where for p in self._report.problems):
            self._say("root", f"{self._name}/checkpoint: the root of size {size} is not that of the tiles")

    def _records(self) -> Iterator[Record]:
        previous: bytes | None = None
        for path in files(self._reader.folder / "journal" / self._name):
            for item in read_file(path, previous):
                if isinstance(item, Fault):
                    self._say("journal", f"journal/{self._name}/{item.file} at byte {item.offset}: {item.what}")
                    previous = None
                    break
                _, record, previous = item
                yield record

    def _journal(self, records: list[Record], level0: list[bytes]) -> None:
        """Check the journal's entries against the leaf hashes, and each of its checkpoints."""
        for record in records:
            end = record.first + record.count
            name = f"journal/{self._name} record of entries {record.first} to {end - 1}"
            try:
                bodies = unpack_bundle(record.bodies, name)
                if open_checkpoint(record.checkpoint, self._verifier).size != end or len(bodies) != record.count:
                    self._say("journal", f"{name}: its checkpoint or count is of another size")
            except LedgerError as error:
                self._say("journal", f"{name}: {error}")
                continue
            for i, body in enumerate(bodies[: max(0, len(level0) - record.first)]):
                if leaf_hash(body) != level0[record.first + i]:
                    self._say("journal", f"{name}: entry {format_index(self._name, record.first + i)} differs")
        if records and self._checkpoint and records[-1].first + records[-1].count < self._checkpoint.size:
            self._say("journal", f"journal/{self._name} ends before the checkpoint")
