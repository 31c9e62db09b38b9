# SPDX-License-Identifier: Apache-2.0
"""What readers see of one log: full and partial tiles, entry bundles, the checkpoint. Its writer alone has a `Publisher`.

`publish` writes tiles and bundles without waiting for the disk, because the journal has every entry; `settle` makes them
durable in one go and records how far that is in `settled`, a copy of the checkpoint of that size. Opening a log starts
there and writes anew whatever came after it, so the partial tiles of that size stay until the next one is settled.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wardkeep.ledger.cosigned import carry
from wardkeep.ledger.errors import LedgerDamaged, LedgerError
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.second import SecondKey
from wardkeep.ledger.sidecar import SIDECAR
from wardkeep.ledger.sm2 import Sm2Key
from wardkeep.ledger.tiles import (
    TileFolder,
    pack_bundle,
    partial_widths,
    tile_path,
    write_durably,
    write_file,
    write_fresh,
)
from wardkeep.ledger.tree import EMPTY_ROOT, TILE_WIDTH, Edge, leaf_hashes

CHECKPOINT = "checkpoint"
SETTLED = "settled"

FullTile = tuple[int, int, list[bytes]]


def read_checkpoint(path: Path, verifier: Verifier) -> Checkpoint | None:
    """The signed checkpoint in a file, None where there is no file. Raises LedgerDamaged."""
    try:
        return open_checkpoint(path.read_bytes().decode(), verifier)
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, LedgerError) as error:
        raise LedgerDamaged(f"{path}: {error}") from None


@dataclass(frozen=True, slots=True)
class Settling:
    """A size whose files are being made durable: its checkpoint, and the entries that are in full bundles."""

    size: int
    note: str
    bundled: int


class Publisher:
    """Writes one log's public files. The ledger's lock protects it."""

    def __init__(
        self, folder: Path, verifier: Verifier, second: SecondKey | None = None, sm2: Sm2Key | None = None
    ) -> None:
        """Take up the log in `folder` where it is durable. Raises LedgerDamaged where that part does not hold."""
        self.folder, self._second, self._sm2 = folder, second, sm2
        settled = read_checkpoint(folder / SETTLED, verifier) or Checkpoint(verifier.name, 0, EMPTY_ROOT)
        promised = read_checkpoint(folder / CHECKPOINT, verifier)
        #: The size that readers were told of; whoever opens the log must reach it.
        self.promised = max(settled.size, promised.size if promised else 0)
        #: Entries whose files no power failure can lose.
        self.settled = self._settling = settled.size
        self._published = -1
        #: The newest checkpoint, with its second signature, and as it was last written: with the cosignatures that it has.
        self._note = self._signed = self._said = ""
        #: What the sidecar signs.
        self._beside = ""
        self._full: list[FullTile] = []
        #: Entries from `_bundled` on, not yet in a full bundle.
        self._bundled = settled.size - settled.size % TILE_WIDTH
        self.edge, self._bodies = self._take_up(settled)
        #: Whether the partial tiles beyond `settled` that a crash left, cut short perhaps, were written anew.
        self._mended = False

    def add(self, full: Sequence[FullTile], bodies: Sequence[bytes], note: str) -> None:
        """Take in durable entries: the tiles that they filled, their bodies, and the checkpoint behind them."""
        self._full.extend(full)
        self._bodies.extend(bodies)
        self._note = note

    def publish(self, edge: Edge) -> None:
        """Write tiles, bundles and then the checkpoint of the present size. Raises OSError; what is left is tried again."""
        if not self._note:
            return
        if self._published == edge.size:
            self._say_checkpoint()
            return
        while self._full:
            level, number, hashes = self._full[-1]
            self._write(level, number, b"".join(hashes), TILE_WIDTH)
            self._full.pop()
        self._write_full_bundles()
        if not self._mended:
            self._mend(edge)
        for level, width in enumerate(partial_widths(edge.size)):
            if width:
                self._write(level, edge.size >> (8 * (level + 1)), b"".join(edge.tiles[level]), width)
        if self._bodies:
            self._write("entries", self._bundled // TILE_WIDTH, pack_bundle(self._bodies), len(self._bodies))
        self._say_checkpoint()
        self._published = edge.size

    def begin_settling(self, edge: Edge) -> Settling:
        """Publish the present size; it is to be synced next, while the log may grow. Raises OSError."""
        self.publish(edge)
        self._settling = edge.size
        return Settling(edge.size, self._note, self._bundled)

    def sync(self) -> None:
        """Make durable what is written by now. Any thread may call this. Raises OSError."""
        sync_disk(self.folder)

    def end_settling(self, settling: Settling) -> None:
        """Record how far all is durable: the size that was published before the sync. Raises OSError."""
        if settling.size <= self.settled:
            return
        write_durably(self.folder / SETTLED, settling.note.encode())
        before, self.settled = self.settled, settling.size
        for level, number, _ in _partials(before):
            if (self.folder / tile_path(level, number)).exists():
                self._drop_parts(level, number)

    def _take_up(self, settled: Checkpoint) -> tuple[Edge, list[bytes]]:
        """The tree and the unfinished bundle at the settled size, each checked before anything is built on it."""
        tiles = TileFolder(self.folder)
        widths = partial_widths(settled.size)
        edge = Edge(
            settled.size,
            [tiles.tile(level, settled.size >> (8 * (level + 1)), w) if w else [] for level, w in enumerate(widths)],
        )
        if edge.root() != settled.root:
            raise LedgerDamaged(
                f"the tiles in {self.folder} do not give the root of size {settled.size} that was signed"
            )
        if not widths[0]:
            return edge, []
        bodies = tiles.bundle(settled.size // TILE_WIDTH, widths[0])
        for i, (found, known) in enumerate(zip(leaf_hashes(bodies), edge.tiles[0], strict=True)):
            if found != known:
                raise LedgerDamaged(f"entry {self._bundled + i} in {self.folder} does not match its leaf hash")
        return edge, bodies

    def _say_checkpoint(self) -> None:
        """Write the checkpoint, with the cosignatures that have come for it, unless that is there already."""
        if not self._signed.startswith(self._note):
            self._signed = self._second.sign(self._note) if self._second else self._note
        note = carry(self.folder, self._signed)
        if note != self._said:
            write_file(self.folder / CHECKPOINT, note.encode(), durable=True)
            self._said = note
        text = self._note.partition("\n\n")[0] + "\n"
        if self._sm2 and text != self._beside:
            write_file(self.folder / SIDECAR, self._sm2.sign(text).encode(), durable=True)
            self._beside = text

    def _write_full_bundles(self) -> None:
        done = 0
        try:
            while len(self._bodies) - done >= TILE_WIDTH:
                bundle = pack_bundle(self._bodies[done : done + TILE_WIDTH])
                self._write("entries", (self._bundled + done) // TILE_WIDTH, bundle, TILE_WIDTH)
                done += TILE_WIDTH
        finally:
            del self._bodies[:done]
            self._bundled += done

    def _write(self, level: int | str, number: int, raw: bytes, width: int) -> None:
        write_fresh(self.folder / tile_path(level, number, width), raw)
        if width == TILE_WIDTH:
            self._drop_parts(level, number)

    def _drop_parts(self, level: int | str, number: int) -> None:
        """Remove the partial tiles of a full one, but for those that opening the log starts from, now or soon."""
        kept = {(*place, str(width)) for size in (self.settled, self._settling) for *place, width in _partials(size)}
        parts = self.folder / (tile_path(level, number) + ".p")
        with contextlib.suppress(OSError):
            for path in parts.iterdir():
                if (level, number, path.name) not in kept:
                    path.unlink()
            parts.rmdir()

    def _mend(self, edge: Edge) -> None:
        """Write anew what a crash left of the partial tiles and bundles that lie at the edge, half of them perhaps."""
        for level, number, width in _partials(edge.size):
            parts = self.folder / (tile_path(level, number) + ".p")
            units = [pack_bundle([body]) for body in self._bodies] if level == "entries" else edge.tiles[int(level)]
            for path in parts.iterdir() if parts.is_dir() else ():
                known = int(path.name) if path.name.isdigit() else TILE_WIDTH
                right = b"".join(units[:known])
                if known < width and path.read_bytes() != right:
                    write_file(path, right)
        self._mended = True


def _partials(size: int) -> list[tuple[int | str, int, int]]:
    """The partial tiles of a tree and its partial bundle: level, number, width."""
    tiles: list[tuple[int | str, int, int]] = [
        (level, size >> (8 * (level + 1)), width) for level, width in enumerate(partial_widths(size)) if width
    ]
    return [*tiles, ("entries", size // TILE_WIDTH, size % TILE_WIDTH)] if size % TILE_WIDTH else tiles


def sync_disk(folder: Path) -> None:
    """Make everything on the disk of `folder` durable: one call for thousands of small files (syncfs(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(descriptor)
