# SPDX-License-Identifier: Apache-2.0
"""`Prints`: of each image that was sealed with its study a few bytes, enough to say later which image it is that changed.

Whether a study is as it was sealed, its sealed digest says; the prints are a hint beside it, and are believed in nothing else.
They name no study and no image. One file a day of studies, so that none grows without end.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import msgspec

from wardkeep.watch.pull.state import write_state

#: Bytes of a print, and letters that they take.
BYTES, LETTERS = 6, 8


class _Day(msgspec.Struct):
    #: Digest of a study's number -> the prints of its images, one after the other.
    studies: dict[str, str] = {}


class Prints:
    """The prints of one source, below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, day: date, study: str) -> frozenset[str]:
        """What was kept of the images of a study; none where nothing was, or where that cannot be read."""
        kept = self._read(day).studies.get(hidden(study), "")
        return frozenset(kept[at : at + LETTERS] for at in range(0, len(kept), LETTERS))

    def keep(self, day: date, studies: Mapping[str, Iterable[str]]) -> None:
        """Add the prints of images of studies of a day. Raises StateNotKept."""
        found = self._read(day)
        for study, prints in studies.items():
            found.studies[hidden(study)] = "".join(sorted({*prints, *self.of(day, study)}))
        write_state(self._place(day), found)

    def _place(self, day: date) -> Path:
        return self._folder / f"{day:%Y%m%d}.json"

    def _read(self, day: date) -> _Day:
        try:
            return msgspec.json.decode(self._place(day).read_bytes(), type=_Day)
        except (OSError, msgspec.DecodeError, ValueError, RecursionError):
            return _Day()  # fails open: a hint less


def print_of(study: str, image: str, digest: str) -> str:
    """The print of an image as it was sealed."""
    found = hashlib.sha256(f"{study}\0{image}\0{digest}".encode()).digest()[:BYTES]
    return base64.urlsafe_b64encode(found).decode()


def hidden(study: str) -> str:
    """What stands for a study where it is not to be named."""
    return hashlib.sha256(study.encode()).hexdigest()[:32]
