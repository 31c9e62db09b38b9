# SPDX-License-Identifier: Apache-2.0
"""One log's tree against its signed root: from the entries up, then from the root down.

Upwards every bundle is hashed and compared with its tile, one bundle in memory at a time; only the roots of full tiles are
kept (32 bytes for 256 entries). Downwards each tile is judged by the hash above it: of what is stored and what follows from
below, hash by hash, the choice that gives the hash above is right, and what differs from it is named.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wardkeep.ledger.damage import Report
from wardkeep.ledger.entry import format_index
from wardkeep.ledger.errors import LedgerDamaged
from wardkeep.ledger.salvage import read_entries
from wardkeep.ledger.tiles import HASH, partial_widths, tile_path, unpack_bundle
from wardkeep.ledger.tree import TILE_HEIGHT, TILE_WIDTH, Edge, leaf_hashes, range_root, subtree_root

NOTHING = bytes(HASH)
#: Hashes of one tile that may be doubtful at once before only "all stored" and "all from below" are tried.
DOUBTFUL = 12

Options = list[list[bytes]]


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A bundle that does not agree with its tile."""

    raw: bytes | None
    bodies: list[bytes | None]
    leaves: list[bytes]
    #: Entries whose length in the file is wrong.
    wrong_length: list[int]


class TreeCheck:
    """The check of one log up to a signed size. After `run` it answers with what was found to be right."""

    def __init__(self, folder: Path, name: str, size: int, root: bytes | None, report: Report) -> None:
        """`root` is the signed root of `size`; None where no signature could be had, and then nothing is proven."""
        self.folder, self.name, self.size, self._root, self._report = folder, name, size, root, report
        #: Entries without a body; whether an act allows it is known when all logs are read.
        self.gone: list[int] = []
        #: Entries in which the marker stands.
        self.marked: list[bytes] = []
        self._mended: dict[tuple[int, int], list[bytes]] = {}
        self._suspects: dict[int, _Suspect] = {}
        #: The roots of full tiles as they follow from below, by the level in which they are hashes.
        self._rows: list[list[bytes]] = [[], []]

    def run(self, marker: bytes, progress: Callable[[int], None]) -> None:
        """Check everything; keep the entries that hold `marker`."""
        for number in range(-(-self.size // TILE_WIDTH)):
            if number % 64 == 0:
                progress(number * TILE_WIDTH)
            self._upwards(number, marker)
        while len(row := self._rows[-1]) >= TILE_WIDTH:
            ends = range(TILE_WIDTH, len(row) + 1, TILE_WIDTH)
            self._rows.append([subtree_root(row[end - TILE_WIDTH : end]) for end in ends])
        self._downwards()

    def content(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile at this size, as far as they can be told."""
        right = self._mended.get((level, number)) or self._stored(level, number)
        return right or [NOTHING] * self.width(level, number)

    def leaves(self, first: int, end: int) -> list[bytes]:
        """The leaf hashes of a range."""
        found: list[bytes] = []
        for number in range(first // TILE_WIDTH, -(-end // TILE_WIDTH)):
            found += self.content(0, number)
        start = first - first % TILE_WIDTH
        return found[first - start : end - start]

    def holds(self, first: int, bodies: Sequence[bytes]) -> bool:
        """Whether the entries from `first` on are these bodies, all of them intact."""
        at, end = first, first + len(bodies)
        while at < end:
            number, start = divmod(at, TILE_WIDTH)
            raw = self._file("entries", number, self.width(0, number))
            if number in self._suspects or raw is None:
                return False
            part = unpack_bundle(raw, number)[start : start + end - at]
            if not part or part != bodies[at - first : at - first + len(part)]:
                return False
            at += len(part)
        return True

    def edge(self, size: int) -> Edge:
        """The edge of the tree at an earlier size."""
        widths = enumerate(partial_widths(size))
        return Edge(size, [self.content(i, size >> (TILE_HEIGHT * (i + 1)))[:w] if w else [] for i, w in widths])

    def root_at(self, size: int) -> bytes:
        """The root of an earlier size."""

        def node(height: int, index: int) -> bytes:
            level, inside = divmod(height, TILE_HEIGHT)
            number, start = divmod(index << inside, TILE_WIDTH)
            return subtree_root(self.content(level, number)[start : start + (1 << inside)])

        return range_root(node, 0, size)

    def width(self, level: int, number: int) -> int:
        """How many hashes a tile has at this size."""
        return max(0, min(TILE_WIDTH, (self.size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH))

    def _upwards(self, number: int, marker: bytes) -> None:
        width = self.width(0, number)
        stored, raw = self._stored(0, number), self._file("entries", number, width)
        try:
            bodies = unpack_bundle(raw or b"", "")
        except LedgerDamaged:
            bodies = []
        # A log that grew meanwhile may have the full bundle in place of the partial one.
        exact = len(bodies) == width or not (self.folder / tile_path("entries", number, width)).is_file()
        leaves = leaf_hashes(bodies[:width])
        if leaves == stored and exact:
            self._report.intact += width
        else:
            found, wrong = read_entries(raw or b"", stored or [NOTHING] * width)
            computed = leaf_hashes(body or b"" for body in found)
            self._suspects[number] = _Suspect(raw, found, computed, wrong)
        if raw and marker in raw:
            self.marked += [body for body in bodies if marker in body]
        if width == TILE_WIDTH:
            self._rows[1].append(subtree_root(stored or (leaves if len(leaves) == width else [NOTHING] * width)))

    def _downwards(self) -> None:
        above: list[bytes | None] = []
        for level, content in reversed(list(enumerate(self._top()))):
            row: list[bytes | None] = []
            for number, expected in enumerate(above):
                row += self._settle(level, number, expected)
            if content:
                row += self._name(
                    level, self.size >> (TILE_HEIGHT * (level + 1)), content, proven=self._root is not None
                )
            above = row

    def _top(self) -> list[list[bytes]]:
        """The contents of the partial tiles, level 0 first, that together give the signed root."""
        widths = partial_widths(self.size)
        options = [
            self._options(level, self.size >> (TILE_HEIGHT * (level + 1))) if width else []
            for level, width in enumerate(widths)
        ]

        def cut(flat: Sequence[bytes]) -> list[list[bytes]]:
            rest = iter(flat)
            return [list(itertools.islice(rest, width)) for width in widths]

        flat = list(itertools.chain.from_iterable(options))
        right = _choose(flat, lambda content: Edge(self.size, cut(content)).root() == self._root)
        if right is None and self._root is not None:
            what = f"the root of size {self.size} is not that of the tiles, nor that of the entries"
            self._report.say("root", f"logs/{self.name}/checkpoint", what)
            self._root = None
        return cut(right or [option[0] for option in flat])

    def _settle(self, level: int, number: int, expected: bytes | None) -> list[bytes | None]:
        """The content of a full tile, judged by the hash above it; None for each hash that nothing proves."""
        if level == 0 and number not in self._suspects:
            if expected not in (None, self._rows[1][number]):
                self._report.intact -= TILE_WIDTH
                self._report.say(
                    "bundle", self._path("entries", number), f"{self._range(number)} and their tile were changed"
                )
            return []
        options = self._options(level, number)
        right = None if expected is None else _choose(options, lambda content: subtree_root(content) == expected)
        return self._name(level, number, right or [option[0] for option in options], proven=right is not None)

    def _name(self, level: int, number: int, right: list[bytes], *, proven: bool) -> list[bytes | None]:
        """Say what differs from the right content of a tile; return that content, or Nones where it is not proven."""
        stored, path = self._stored(level, number), self._path(level, number)
        doubtful = [str(i) for i, option in enumerate(self._options(level, number)) if len(option) > 1]
        if stored is None:
            self._report.say("tile", path, "is missing or has a wrong size")
        elif stored != right:
            wrong = [str(i) for i, (a, b) in enumerate(zip(stored, right, strict=True)) if a != b]
            self._report.say("tile", path, "hash " + ", ".join(wrong))
        elif level and doubtful and not proven:
            self._report.say("tile", path, f"hash {', '.join(doubtful)} differs from what lies below")
        if stored != right:
            self._mended[level, number] = right
        if level == 0 and number in self._suspects:
            self._name_entries(number, right, self._suspects[number])
        return list(right) if proven else [None] * len(right)

    def _name_entries(self, number: int, right: list[bytes], suspect: _Suspect) -> None:
        path, first = self._path("entries", number), number * TILE_WIDTH
        if suspect.raw is None:
            self._report.say("bundle", path, f"is missing: {self._range(number)}")
            return
        lost = [first + i for i, body in enumerate(suspect.bodies) if body is None]
        if lost:
            what = f"entries {format_index(self.name, lost[0])} to {lost[-1]} cannot be told apart"
            self._report.say("bundle", path, what)
        whole = True
        for i, body in enumerate(suspect.bodies):
            index = format_index(self.name, first + i)
            if i in suspect.wrong_length:
                self._report.say("entry", index, f"its length in {path} is wrong")
            elif body is not None and suspect.leaves[i] == right[i]:
                self._report.intact += 1
                continue
            elif body:
                self._report.say("entry", index, "does not match its leaf hash")
            elif body is not None:
                self.gone.append(first + i)
            whole = False
        used = sum(2 + len(body) for body in suspect.bodies if body is not None)
        if whole and used != len(suspect.raw) and path.endswith(tile_path("entries", number, len(right))):
            self._report.say("bundle", path, f"{len(suspect.raw) - used} bytes too many")

    def _options(self, level: int, number: int) -> Options:
        """Of each hash of a tile what it may be: what is stored first, then what follows from below."""
        stored, width = self._stored(level, number), self.width(level, number)
        below: Options
        if level:
            below = [self._roots(level - 1, number * TILE_WIDTH + i) for i in range(width)]
        elif suspect := self._suspects.get(number):
            below = [[leaf] if body else [] for leaf, body in zip(suspect.leaves, suspect.bodies, strict=True)]
        else:
            below = [[] for _ in range(width)]
        return [list(dict.fromkeys(([stored[i]] if stored else []) + below[i])) or [NOTHING] for i in range(width)]

    def _roots(self, level: int, number: int) -> list[bytes]:
        """What the root of a full tile may be."""
        roots = [self._rows[level + 1][number]]
        if level:
            stored = self._stored(level, number)
            return roots if stored is None else [subtree_root(stored), *roots]
        suspect = self._suspects.get(number)
        if suspect and all(body is not None for body in suspect.bodies):
            roots.append(subtree_root(suspect.leaves))
        return roots

    def _range(self, number: int) -> str:
        first = number * TILE_WIDTH
        return f"entries {format_index(self.name, first)} to {first + self.width(0, number) - 1}"

    def _path(self, level: int | str, number: int) -> str:
        width = self.width(0 if level == "entries" else int(level), number)
        path = tile_path(level, number, width)
        if not (self.folder / path).is_file() and (self.folder / tile_path(level, number)).is_file():
            path = tile_path(level, number)
        return f"logs/{self.name}/{path}"

    def _stored(self, level: int, number: int) -> list[bytes] | None:
        """The hashes of a tile as they lie on disk, None where the file is missing or of a wrong size."""
        width = self.width(level, number)
        raw = self._file(level, number, width)
        return None if raw is None else [raw[i : i + HASH] for i in range(0, width * HASH, HASH)]

    def _file(self, level: int | str, number: int, width: int) -> bytes | None:
        for candidate in dict.fromkeys((width, TILE_WIDTH)):
            try:
                raw = (self.folder / tile_path(level, number, candidate)).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            return raw if level == "entries" or len(raw) == candidate * HASH else None
        return None


def _choose(options: Options, good: Callable[[list[bytes]], bool]) -> list[bytes] | None:
    """The first choice of one option each that is `good`: all first ones, all last ones, then every mixture of few."""
    first, last = [option[0] for option in options], [option[-1] for option in options]
    doubtful = [i for i, option in enumerate(options) if len(option) > 1]
    mixtures: Iterable[list[bytes]] = (
        [*_with(first, doubtful, choice)] for choice in itertools.product(*(options[i] for i in doubtful))
    )
    tried = itertools.chain((first, last), mixtures if len(doubtful) <= DOUBTFUL else ())
    return next((content for content in tried if good(content)), None)


def _with(content: list[bytes], places: list[int], values: Iterable[bytes]) -> list[bytes]:
    changed = list(content)
    for i, value in zip(places, values, strict=True):
        changed[i] = value
    return changed
