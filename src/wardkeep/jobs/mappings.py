# SPDX-License-Identifier: Apache-2.0
"""The home's folder of confirmed mappings: what lies in it, which one a file is read by, and how a confirmed one comes there.

The rows (govern/mappings) say who confirmed what; the files are what intake reads, with a home and without a database. A file
that an operator put there by hand counts like the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wardkeep.govern.mappings.models import MappingVersion
    from wardkeep.home import Home
    from wardkeep.watch.intake import Mapping

FOLDER = "mappings"


def mappings_folder(home: Home) -> Path:
    """Where confirmed mappings lie, one file each."""
    return home.path / FOLDER


def mapping_file(home: Home, name: str) -> Path:
    return mappings_folder(home) / f"{name}.toml"


def confirmed_mapping(home: Home, file_name: str) -> Mapping | None:
    """The mapping whose `files` say most of a file's name, None where none fits. Raises BadMapping."""
    from wardkeep.watch.intake import load_mapping  # noqa: PLC0415
    from wardkeep.watch.intake.mapping import fits  # noqa: PLC0415

    found = [load_mapping(path) for path in sorted(mappings_folder(home).glob("*.toml"))]
    best = max(found, key=lambda mapping: fits(mapping, file_name), default=None)
    return best if best is not None and fits(best, file_name) else None


def confirm_mapping(home: Home, name: str, text: str, *, by: Any, at: datetime) -> MappingVersion:
    """Confirm a mapping: the row and its act, then the file. Django must be set up. Raises OSError."""
    from wardkeep.govern.mappings.actions import confirm  # noqa: PLC0415

    row = confirm(name, text, by=by, at=at)
    put_in_place(home, name)
    return row


def take_back_mapping(home: Home, row: MappingVersion, *, by: Any, at: datetime) -> MappingVersion | None:
    """Take a mapping back; gives the earlier version where one comes into force. Raises NotInForce, OSError."""
    from wardkeep.govern.mappings.actions import take_back  # noqa: PLC0415

    earlier = take_back(row, by=by, at=at)
    put_in_place(home, row.name)
    return earlier


def put_in_place(home: Home, name: str) -> None:
    """Make the file what the rows say. The rows come first: a file without its act would be a mapping that nobody confirmed."""
    from wardkeep.govern.mappings.actions import in_force  # noqa: PLC0415
    from wardkeep.ledger.tiles import sync_folder, write_durably  # noqa: PLC0415

    row, path = in_force().get(name), mapping_file(home, name)
    if row is not None:
        write_durably(path, row.text.encode())
    elif path.exists():
        path.unlink()
        sync_folder(path.parent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How the folder stands beside what was confirmed, each by the names of its mappings."""

    confirmed: int
    #: Confirmed, and the file says something else or is not there.
    changed: Sequence[str]
    missing: Sequence[str]
    #: Taken back, and the file is still there: files are read by it all the same.
    taken_back: Sequence[str]
    #: Of the others: no mapping at all. Nothing is read by the folder before it is mended.
    broken: Sequence[str]


def mappings_standing(home: Home) -> Standing:
    """Hold the folder against the rows. Django must be set up."""
    from wardkeep.govern.mappings.actions import in_force  # noqa: PLC0415
    from wardkeep.govern.mappings.models import MappingVersion  # noqa: PLC0415
    from wardkeep.watch.intake import load_mapping  # noqa: PLC0415
    from wardkeep.watch.intake.errors import BadMapping  # noqa: PLC0415

    rows, there = in_force(), {path.stem for path in mappings_folder(home).glob("*.toml")}
    ended = MappingVersion.objects.filter(name__in=there - rows.keys())
    changed = sorted(name for name, row in rows.items() if name in there and not is_in_place(home, row))
    broken = []
    for name in sorted(there.difference(changed)):
        try:
            load_mapping(mapping_file(home, name))
        except BadMapping:
            broken.append(name)
    return Standing(
        confirmed=len(rows),
        changed=changed,
        missing=sorted(rows.keys() - there),
        # A file of that name that says something else was put there by hand since.
        taken_back=sorted({row.name for row in ended if is_in_place(home, row)}),
        broken=broken,
    )


def is_in_place(home: Home, row: MappingVersion) -> bool:
    """Whether the file is what was confirmed."""
    try:
        return mapping_file(home, row.name).read_bytes() == row.text.encode()
    except OSError:
        return False
