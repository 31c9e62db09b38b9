# SPDX-License-Identifier: Apache-2.0
"""Tiles and entry bundles on disk, laid out as they are served (c2sp.org/tlog-tiles)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from wardkeep.ledger.errors import LedgerDamaged
from wardkeep.ledger.tree import TILE_HEIGHT, TILE_WIDTH, Node, subtree_root

HASH = 32


def number_path(number: int) -> str:
    """1234067 -> `x001/x234/067`."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03d}")
    return "/".join(reversed(parts))


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """The path below the log's folder; `level` is a number, or `entries` for a bundle."""
    return f"tile/{level}/{number_path(number)}" + ("" if width == TILE_WIDTH else f".p/{width}")


def pack_bundle(bodies: Sequence[bytes]) -> bytes:
    """Entries, each after its length as a big-endian uint16."""
    sizes = set(map(len, bodies))
    if len(sizes) == 1:  # a batch of events: five times as fast
        head = sizes.pop().to_bytes(2, "big")
        return head + head.join(bodies)
    return b"".join([len(body).to_bytes(2, "big") + body for body in bodies])


def unpack_bundle(raw: bytes, path: object) -> list[bytes]:
    """The entries of a bundle. Raises LedgerDamaged naming `path` where lengths and bytes disagree."""
    at, end = 0, len(raw)
    step = 2 + int.from_bytes(raw[:2], "big")
    if step == end:
        return [raw[2:]]
    count, over = divmod(end, step)
    if (
        end >= 2 and not over and raw[::step] == raw[:1] * count and raw[1::step] == raw[1:2] * count
    ):  # all of one length
        return [raw[i : i + step - 2] for i in range(2, end + 1, step)]
    bodies: list[bytes] = []
    while at < end:
        if at + 2 > end:
            raise LedgerDamaged(f"{path} ends inside a length")
        size = raw[at] << 8 | raw[at + 1]
        at += 2
        if at + size > end:
            raise LedgerDamaged(f"{path} ends inside an entry")
        bodies.append(raw[at : at + size])
        at += size
    return bodies


def write_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Replace a file whole. With `durable` a power failure leaves the old or the new one, never half; else that comes later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)


def write_fresh(path: Path, content: bytes) -> None:
    """Write a file that no checkpoint names yet, so that nobody reads it before it is whole; replace one that is there."""
    try:
        file = path.open("xb", buffering=0)
    except FileExistsError:
        write_file(path, content)
        return
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb", buffering=0)
    with file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file whole; the new one is durable when this returns."""
    write_file(path, content, durable=True)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make a new or changed name in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class TileFolder:
    """Reads one log's tiles, remembering the last few. `size` bounds what may be asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._memory: dict[tuple[int | str, int], tuple[int, bytes]] = {}

    def tile(self, level: int, number: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile. Raises LedgerDamaged naming the file that is missing or too short."""
        raw = self._read(level, number, width, HASH * width)
        return [raw[i : i + HASH] for i in range(0, HASH * width, HASH)]

    def bundle(self, number: int, width: int) -> list[bytes]:
        """The first `width` entries of a bundle."""
        raw = self._read("entries", number, width, 0)
        bodies = unpack_bundle(raw, tile_path("entries", number, width))
        if len(bodies) < width:
            raise LedgerDamaged(f"{tile_path('entries', number, width)} holds {len(bodies)} entries of {width}")
        return bodies[:width]

    def packed(self, number: int, width: int) -> bytes:
        """A bundle as it lies on disk."""
        return self._read("entries", number, width, 0)

    def node(self, size: int) -> Node:
        """The complete subtrees of the tree of `size` leaves."""

        def of(height: int, index: int) -> bytes:
            level, inside = divmod(height, TILE_HEIGHT)
            number, start = divmod(index << inside, TILE_WIDTH)
            width = min(TILE_WIDTH, (size >> (level * TILE_HEIGHT)) - number * TILE_WIDTH)
            return subtree_root(self.tile(level, number, width)[start : start + (1 << inside)])

        return of

    def _read(self, level: int | str, number: int, width: int, need: int) -> bytes:
        known = self._memory.get((level, number))
        if known and known[0] >= width:
            return known[1]
        for candidate in dict.fromkeys((width, TILE_WIDTH)):
            path = self.folder / tile_path(level, number, candidate)
            try:
                raw = path.read_bytes()
            except FileNotFoundError:
                continue
            except NotADirectoryError:
                continue
            if len(raw) < need or (level != "entries" and len(raw) != candidate * HASH):
                raise LedgerDamaged(f"{tile_path(level, number, candidate)} has {len(raw)} bytes")
            if len(self._memory) > 64:
                self._memory.clear()
            self._memory[level, number] = (candidate, raw)
            return raw
        raise LedgerDamaged(f"{tile_path(level, number, width)} is missing")


def partial_widths(size: int) -> list[int]:
    """The width of the rightmost, partial tile of each level of a tree, level 0 first; 0 where there is none."""
    widths = []
    while size:
        widths.append(size % TILE_WIDTH)
        size >>= TILE_HEIGHT
    return widths or [0]
