# SPDX-License-Identifier: Apache-2.0
"""The files of one log beside those of its present size: older partial tiles, and what does not belong there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from wardkeep.ledger.damage import Report
from wardkeep.ledger.entry import format_index
from wardkeep.ledger.errors import LedgerDamaged
from wardkeep.ledger.tiles import HASH, tile_path, unpack_bundle
from wardkeep.ledger.tree import TILE_WIDTH, leaf_hashes
from wardkeep.ledger.treecheck import TreeCheck

NAME = re.compile(r"tile/(entries|\d{1,2})/((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?")
#: Written by us, read by nobody: drafts that a crash left behind.
DRAFT = re.compile(r"\.[^/]+\.new")
OURS = ("checkpoint", "settled", "cosigned", "checkpoint.sm2")


def check_files(folder: Path, paths: Iterable[Path], tree: TreeCheck, end: int, report: Report) -> None:
    """Name each older partial tile that is not a part of the present one, and each file that is not the ledger's.

    `end` is the size that the journal reached after `paths` were listed: files up to there may have been written before
    their checkpoint.
    """
    for path in paths:
        relative = path.relative_to(folder).as_posix()
        where = f"logs/{tree.name}/{relative}"
        found = NAME.fullmatch(relative)
        if found is None:
            if relative not in OURS and not DRAFT.fullmatch(path.name):
                report.say("stray", where)
            continue
        level = found[1] if found[1] == "entries" else int(found[1])
        number = int("".join(part.lstrip("x") for part in found[2].split("/")))
        width = int(found[3]) if found[3] else TILE_WIDTH
        below = 0 if level == "entries" else int(level)
        known = tree.width(below, number)
        if tile_path(level, number, width) != relative or not 0 < width <= TILE_WIDTH:
            report.say("stray", where)
        elif width > known:
            if (number * TILE_WIDTH + width) << (8 * below) > end:
                report.say("stray", where, f"it belongs to a larger log than {tree.size}")
        elif width < known:
            _check_part(path, where, tree, level, number, width, report)


def _check_part(
    path: Path, where: str, tree: TreeCheck, level: int | str, number: int, width: int, report: Report
) -> None:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return  # its tile has become full meanwhile
    if level != "entries":
        right = b"".join(tree.content(int(level), number)[:width])
        if len(raw) != len(right):
            report.say("tile", where, f"it has {len(raw)} bytes, not {len(right)}")
        elif raw != right:
            wrong = [str(i) for i in range(width) if raw[i * HASH : (i + 1) * HASH] != right[i * HASH : (i + 1) * HASH]]
            report.say("tile", where, "hash " + ", ".join(wrong))
        return
    try:
        bodies = unpack_bundle(raw, where)
    except LedgerDamaged as error:
        report.say("bundle", where, str(error).removeprefix(where).strip())
        return
    if len(bodies) != width:
        report.say("bundle", where, f"it holds {len(bodies)} entries, not {width}")
        return
    first = number * TILE_WIDTH
    for i, (leaf, right_leaf) in enumerate(zip(leaf_hashes(bodies), tree.leaves(first, first + width), strict=True)):
        if leaf != right_leaf and bodies[i]:
            report.say("bundle", where, f"entry {format_index(tree.name, first + i)} does not match its leaf hash")


def files_below(folder: Path) -> list[Path]:
    """Every file of a log."""
    return [Path(base) / name for base, _, names in os.walk(folder) for name in names]
