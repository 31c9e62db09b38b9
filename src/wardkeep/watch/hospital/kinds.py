# SPDX-License-Identifier: Apache-2.0
"""Which kind of export a folder holds, told by its file names, and the reader for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wardkeep.watch.event import Rejected
from wardkeep.watch.hospital.context import Context, FolderError
from wardkeep.watch.hospital.folder import read_folder, read_table, reread_row
from wardkeep.watch.hospital.tables import TABLES


def read_context(path: Path, *, zone: str) -> Iterator[Context]:
    """The tables of a folder, or of one file named for its table. Raises FolderError."""
    if path.is_file() and path.suffix == ".csv" and path.stem in TABLES:
        yield read_table(path, zone=zone)
        return
    if not path.is_dir():
        raise FolderError(
            f"{path.name} is no folder of context", hint="name a folder with staff.csv, accounts.csv, patients.csv"
        )
    yield from read_folder(path, zone=zone)


def context_files(folder: Path) -> set[Path]:
    """The files of a folder that `read_context` reads; the others are logs."""
    return {path for path in folder.iterdir() if path.suffix == ".csv" and path.stem in TABLES}


def reread(piece: Rejected, *, zone: str) -> Iterator[Context]:
    """A row of context that was set aside, read again."""
    yield reread_row(piece, zone=zone)
