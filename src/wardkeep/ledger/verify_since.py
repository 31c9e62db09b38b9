# SPDX-License-Identifier: Apache-2.0
"""Incremental verification: what came since a checkpoint that was verified before, and that nothing before it was set back.

The tiles give the old root, the new entries give the new tiles and the signed root; the journal, which is short, is read whole.
Entries before the old checkpoint are not read: their hashes are bound by the roots, their bodies are for the full verification.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from wardkeep.ledger.damage import Report
from wardkeep.ledger.entry import format_index, is_act
from wardkeep.ledger.errors import LedgerDamaged, LedgerError, ProofRefused
from wardkeep.ledger.expunged import EXPUNGE, Expunged
from wardkeep.ledger.handovercheck import check_handovers
from wardkeep.ledger.journalcheck import JournalCheck
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.published import CHECKPOINT
from wardkeep.ledger.reader import DESCRIPTION, LedgerReader, logs_in
from wardkeep.ledger.tiles import TileFolder, partial_widths, tile_path
from wardkeep.ledger.tree import EMPTY_ROOT, TILE_HEIGHT, TILE_WIDTH, Edge, leaf_hashes, range_root
from wardkeep.ledger.treecheck import TreeCheck
from wardkeep.ledger.verify import Progress, trusted_keys


def verify_since(
    folder: Path, known: Mapping[str, Checkpoint], *, vkey: str | None = None, progress: Progress | None = None
) -> Report:
    """Verify every log from its checkpoint in `known` on; a log without one from its first entry on.

    `intact` counts the entries that were read. Two kinds of problem are told here alone: `rollback` (a log is shorter than it
    was) and `fork` (its beginning is not the one that was verified).
    """
    report = Report()
    try:
        reader = LedgerReader(folder)
        keys = trusted_keys(reader, vkey)
    except ProofRefused as error:
        report.say("key", DESCRIPTION, str(error))
        return report
    except LedgerError as error:
        report.say("description", DESCRIPTION, str(error))
        return report
    names = reader.logs()
    for log in sorted(set(known) - set(names)):
        report.say("missing", f"logs/{log}", "it was verified before")
    parts: list[_Part] = []
    for log in names:
        part = _Part(folder, log, keys.verifier(log), known.get(log), report)
        part.run(progress or (lambda done, size: None), newest=log == names[-1])
        if parts and log not in known:
            _check_link(reader, parts[-1], part, report)
        parts.append(part)
    check_handovers(keys, reader, {part.name: part.checkpoint.size for part in parts if part.checkpoint}, report)
    expunged = Expunged(body for part in parts for body in part.marked)
    for part in parts:
        for n in part.gone:
            if expunged.allows(part.name, n):
                report.expunged += 1
            else:
                report.say("missing", format_index(part.name, n), "the entry has no body, and no act removes it")
    return report


def compare_with(folder: Path, known: Mapping[str, Checkpoint], report: Report) -> None:
    """Name each log that is shorter than a checkpoint of it that was kept, or does not begin as it did."""
    try:
        reader = LedgerReader(folder)
    except LedgerError:
        return  # named by the verification itself
    for log, old in sorted(known.items()):
        if log not in logs_in(folder):
            report.say("missing", f"logs/{log}", "it was verified before")
            continue
        try:
            new = reader.checkpoint(log)
            _compare(TileFolder(folder / "logs" / log), log, old, new, report)
        except LedgerError:
            continue  # named by the verification itself


def _compare(tiles: TileFolder, log: str, old: Checkpoint, new: Checkpoint, report: Report) -> bool:
    """Whether the log of `new` is that of `old`, grown. Raises LedgerDamaged."""
    where = f"logs/{log}/{CHECKPOINT}"
    if old.size > new.size:
        report.say("rollback", where, f"the log had {old.size} entries when it was verified, and has {new.size}")
    elif old.size and range_root(tiles.node(new.size), 0, old.size) != old.root:
        report.say("fork", where, f"its first {old.size} entries are not those that were verified")
    elif old.size == new.size and old.root != new.root:
        report.say("fork", where, f"a second checkpoint of size {new.size} is signed")
    else:
        return True
    return False


class _Part:
    """What one log has grown by."""

    def __init__(self, folder: Path, name: str, verifier: Verifier, old: Checkpoint | None, report: Report) -> None:
        self.name, self.gone, self.marked = name, list[int](), list[bytes]()
        self._folder, self._verifier, self._report = folder, verifier, report
        self._tiles = TileFolder(folder / "logs" / name)
        self._old = old or Checkpoint(verifier.name, 0, EMPTY_ROOT)
        #: The present checkpoint, None where it does not hold.
        self.checkpoint: Checkpoint | None = None

    def run(self, progress: Progress, *, newest: bool) -> None:
        where = f"logs/{self.name}/{CHECKPOINT}"
        try:
            note = (self._folder / "logs" / self.name / CHECKPOINT).read_bytes().decode()
            self.checkpoint = new = open_checkpoint(note, self._verifier)
        except FileNotFoundError:
            self._report.say("missing", where)
            return
        except (ProofRefused, UnicodeDecodeError) as error:
            self._report.say("checkpoint", where, str(error))
            return
        end = new.size
        try:
            if _compare(self._tiles, self.name, self._old, new, self._report) and end > self._old.size:
                self._grow(new, progress)
        except LedgerDamaged as error:
            path = str(error).partition(" ")[0]
            self._report.say("bundle" if "/entries/" in path else "tile", f"logs/{self.name}/{path}", str(error))
        if newest and self._report.ok:  # the journal is compared with the tiles
            tree = TreeCheck(self._folder / "logs" / self.name, self.name, new.size, new.root, self._report)
            journal = JournalCheck(self._folder / "journal" / self.name, self._verifier, tree, self._report)
            journal.run()
            end = journal.end
        self._report.size += end

    def _grow(self, new: Checkpoint, progress: Progress) -> None:
        """Hash the new entries up to the signed root, and compare every tile that they fill or lie in."""
        old, size = self._old.size, new.size
        edge = Edge(old, [self._tile(level, old, width, size) for level, width in enumerate(partial_widths(old))])
        for number in range(old // TILE_WIDTH, -(-size // TILE_WIDTH)):
            if number % 64 == 0:
                progress(number * TILE_WIDTH, size)
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            stored, bodies = self._tiles.tile(0, number, width), self._tiles.bundle(number, width)
            start = max(0, old - number * TILE_WIDTH)
            self._compare_entries(number * TILE_WIDTH, start, bodies, stored)
            for level, at, hashes in edge.extend(stored[start:]):
                self._expect(level, at, hashes)
        for level, width in enumerate(partial_widths(size)):
            if width:
                self._expect(level, size >> (TILE_HEIGHT * (level + 1)), edge.tiles[level])
        if edge.root() != new.root:
            what = f"the root of size {size} is not that of the tiles"
            self._report.say("root", f"logs/{self.name}/{CHECKPOINT}", what)

    def _compare_entries(self, first: int, start: int, bodies: list[bytes], stored: list[bytes]) -> None:
        leaves = leaf_hashes(bodies[start:])
        if leaves == stored[start:]:
            self._report.intact += len(leaves)
        else:
            for i, leaf in enumerate(leaves, start):
                if leaf == stored[i]:
                    self._report.intact += 1
                elif bodies[i]:
                    self._report.say("entry", format_index(self.name, first + i), "does not match its leaf hash")
                else:
                    self.gone.append(first + i)
        self.marked += [body for body in bodies[start:] if EXPUNGE.encode() in body]

    def _tile(self, level: int, old: int, width: int, size: int) -> list[bytes]:
        """The first hashes of the tile that was the partial one at the old size."""
        number = old >> (TILE_HEIGHT * (level + 1))
        now = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH)
        return self._tiles.tile(level, number, now)[:width] if width else []

    def _expect(self, level: int, number: int, hashes: list[bytes]) -> None:
        if self._tiles.tile(level, number, len(hashes)) != hashes:
            self._report.say(
                "tile",
                f"logs/{self.name}/{tile_path(level, number, len(hashes))}",
                "it is not what follows from the entries",
            )


def _check_link(reader: LedgerReader, before: _Part, after: _Part, report: Report) -> None:
    """A log that was begun since names the end of the one before."""
    try:
        body = reader.body(after.name, 0)
        said = json.loads(body).get("previous") if is_act(body) else None
    except (LedgerError, ValueError, AttributeError):
        return  # named already
    end = before.checkpoint
    if end is not None and said != {"log": before.name, "size": end.size, "root": end.root.hex()}:
        report.say("root", f"logs/{before.name}/{CHECKPOINT}", f"it is not the end that log {after.name} names")
