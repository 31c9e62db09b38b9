# SPDX-License-Identifier: Apache-2.0
"""A copy of the public files for any web server or object store: tiles, bundles, checkpoint and verifier key of each log.

The copy of a log is what C2SP tlog-tiles asks for, and nothing beside it but `vkey`. Its checkpoint is replaced last, when
everything that it names is durable: a copy that was cut off is an older one, and the next call goes on from there. What
is copied is checked against the signed root first, so that no damage is handed on; a copy of another history is refused.
Beside the logs lie the checkpoints of the days, behind the log that they are of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wardkeep.ledger.daily import Daily, dailies
from wardkeep.ledger.errors import LedgerDamaged, LedgerError, ProofRefused
from wardkeep.ledger.export_days import copy_day, read_if_there
from wardkeep.ledger.note import Checkpoint, open_checkpoint
from wardkeep.ledger.published import CHECKPOINT, sync_disk
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.sidecar import FILE as SM2_KEY
from wardkeep.ledger.sidecar import SIDECAR, State, read_sm2
from wardkeep.ledger.sm2 import write_pem
from wardkeep.ledger.tiles import (
    TileFolder,
    make_folder,
    pack_bundle,
    partial_widths,
    tile_path,
    write_durably,
    write_file,
)
from wardkeep.ledger.tree import TILE_WIDTH, Edge, leaf_hashes, subtree_root

VKEY = "vkey"
#: Beside the logs, where the signing key was ever handed over: the entries that lead from one key to the next.
KEYS = "keys.jsonl"

#: Called with the log's name, how many entries were copied so far, and how many there are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What a copy of one log holds now."""

    log: str
    size: int
    root: bytes
    #: Entries that it held before.
    before: int
    #: Files that were written, those of the days left out.
    files: int
    #: Days whose checkpoint of this log it holds.
    days: int


def export_ledger(
    reader: LedgerReader, to: Path, *, recheck: bool = False, progress: Progress | None = None
) -> Iterator[Exported]:
    """Bring the copy in `to` up to date, log by log, the oldest first.

    recheck: compare every file, also those that the copy's own checkpoint vouches for. Raises LedgerDamaged where the
    ledger's files do not give the signed root, ProofRefused where `to` holds another history, OSError. A day that does not
    hold keeps no log and no other day from being copied: it is raised last.
    """
    faults: list[LedgerError] = []
    days = dailies(reader.folder)  # before any log, which then reaches every one of them unless it was set back
    if handovers := reader.description.handovers:
        make_folder(to)
        write_durably(to / KEYS, b"".join(one.body() + b"\n" for one in handovers))
    if (public := read_sm2(reader.folder)) is not None:
        make_folder(to)
        write_durably(to / SM2_KEY, write_pem(public).encode())
    for log in reader.logs():
        yield _Export(reader, log, to, recheck=recheck, progress=progress, days=days, faults=faults).run()
    if faults:
        raise faults[0]


class _Export:
    """The copying of one log, up to the checkpoint that was newest when it began."""

    def __init__(
        self,
        reader: LedgerReader,
        log: str,
        to: Path,
        *,
        recheck: bool,
        progress: Progress | None,
        days: list[Daily],
        faults: list[LedgerError],
    ) -> None:
        self._log, self._whole, self._to, self._recheck = log, to, to / log, recheck
        self._days, self._faults = days, faults
        self._progress = progress or (lambda log, done, size: None)
        self._reader = reader
        # Before the checkpoint, which then reaches it.
        self._sidecar = read_if_there(reader.folder / "logs" / log / SIDECAR)
        self._note = reader.note(log)
        self._tree = open_checkpoint(self._note, reader.description.verifier(log))
        self._tiles: TileFolder = reader.tiles(log)
        self._files = 0

    def run(self) -> Exported:
        before = self._before()
        self._check_edge()
        make_folder(self._to)
        start = 0 if self._recheck else before.size if before else 0
        self._copy_bundles(start)
        for level in range(len(partial_widths(self._tree.size))):
            self._copy_tiles(level, start)
        if self._files:
            sync_disk(self._to)
        self._put(self._to / VKEY, self._reader.vkey(self._log).encode() + b"\n", durable=True)
        self._put(self._to / CHECKPOINT, self._note.encode(), durable=True)
        self._copy_sidecar()
        self._drop_parts(before.size if before else 0)
        files, days = self._files, self._copy_days()
        return Exported(self._log, self._tree.size, self._tree.root, before.size if before else 0, files, days)

    def _before(self) -> Checkpoint | None:
        """The checkpoint of the copy. Raises ProofRefused where this log does not extend it."""
        path = self._to / CHECKPOINT
        hint = "export to another folder, and find out who wrote this one"
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            known = open_checkpoint(raw.decode(), self._reader.description.verifier(self._log))
        except (LedgerError, UnicodeDecodeError) as error:
            raise ProofRefused(f"{path} is no checkpoint of this ledger: {error}", hint=hint) from None
        if known.size > self._tree.size:
            raise ProofRefused(
                f"{path} has {known.size:,} entries, log {self._log} only {self._tree.size:,}: the ledger was set back",
                hint="restore the ledger from a newer backup; the copy is the proof of what is missing",
            )
        if known.size and self._reader.root_at(self._log, known.size) != known.root:
            raise ProofRefused(f"{path} is signed, and of another history than log {self._log}", hint=hint)
        return known

    def _check_edge(self) -> None:
        """The partial tiles give the signed root; all else is judged by the tile above it."""
        size = self._tree.size
        widths = partial_widths(size)
        tiles = [self._tiles.tile(level, size >> (8 * (level + 1)), w) if w else [] for level, w in enumerate(widths)]
        if Edge(size, tiles).root() != self._tree.root:
            raise LedgerDamaged(f"the tiles of log {self._log} do not give the root of size {size} that was signed")

    def _copy_bundles(self, start: int) -> None:
        size = self._tree.size
        for number in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            bodies, leaves = self._tiles.bundle(number, width), self._tiles.tile(0, number, width)
            for i, (body, computed, known) in enumerate(zip(bodies, leaf_hashes(bodies), leaves, strict=True)):
                if body and computed != known:  # an empty body stands for one that an act has expunged
                    raise LedgerDamaged(f"entry {self._log}:{number * TILE_WIDTH + i} is not what was sealed")
            self._put(self._to / tile_path("entries", number, width), pack_bundle(bodies))
            if number % 64 == 0:
                self._progress(self._log, number * TILE_WIDTH, size)

    def _copy_tiles(self, level: int, start: int) -> None:
        """The tiles of one level that are not yet in the copy, each full one proven by the hash above it."""
        whole = self._tree.size >> (8 * level)
        for number in range(start >> (8 * (level + 1)), -(-whole // TILE_WIDTH)):
            width = min(TILE_WIDTH, whole - number * TILE_WIDTH)
            tile = self._tiles.tile(level, number, width)
            if width == TILE_WIDTH and subtree_root(tile) != self._above(level, number):
                raise LedgerDamaged(f"{tile_path(level, number)} of log {self._log} does not lead to the signed root")
            self._put(self._to / tile_path(level, number, width), b"".join(tile))

    def _above(self, level: int, number: int) -> bytes:
        """The hash of a full tile in the tile above it."""
        whole, (above, inside) = self._tree.size >> (8 * (level + 1)), divmod(number, TILE_WIDTH)
        return self._tiles.tile(level + 1, above, min(TILE_WIDTH, whole - above * TILE_WIDTH))[inside]

    def _copy_sidecar(self) -> None:
        """Copy the signature with SM2 beside the checkpoint, unless it is known not to hold."""
        found = self._reader.sidecar(self._log)
        if found.state == State.FAILS:
            self._faults.append(LedgerDamaged(f"{SIDECAR} of log {self._log}: {found.why}"))
        elif self._sidecar is not None:
            self._put(self._to / SIDECAR, self._sidecar, durable=True)

    def _copy_days(self) -> int:
        """Copy what was kept of the days of this log; how many they are."""
        count = 0
        for one in self._days:
            try:
                if one.checkpoint.origin == self._tree.origin:
                    copy_day(one, self._reader, self._whole)
                    count += 1
            except LedgerError as error:
                self._faults.append(error)
        return count

    def _put(self, path: Path, content: bytes, *, durable: bool = False) -> None:
        """Write a file whole, unless it is there already: what a cut-off copy left may have lost its bytes."""
        try:
            if path.read_bytes() == content:
                return
        except (FileNotFoundError, NotADirectoryError):
            pass
        self._files += 1
        if durable:
            write_durably(path, content)
        else:
            write_file(path, content)

    def _drop_parts(self, before: int) -> None:
        """Remove the partial tiles of an older checkpoint whose full tile is there now."""
        for level, width in enumerate(partial_widths(before)):
            number = before >> (8 * (level + 1))
            if width and (number + 1) * TILE_WIDTH <= self._tree.size >> (8 * level):
                _remove_parts(self._to / (tile_path(level, number) + ".p"))
                if level == 0:
                    _remove_parts(self._to / (tile_path("entries", number) + ".p"))


def _remove_parts(folder: Path) -> None:
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
