# SPDX-License-Identifier: Apache-2.0
"""A file that takes all the room of a disk, and gives it back."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


class Ballast:
    """On the file system of `disk`."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"

    def fill(self, room: int = 0) -> None:
        """Leave so many bytes, or nothing: also what came free meanwhile is taken."""
        with self._path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            free = os.statvfs(self._path.parent)
            left = free.f_bavail * free.f_frsize - room
            while left > 0:
                left -= file.write(bytes(min(left, 1 << 20)))

    def free(self) -> None:
        self._path.unlink(missing_ok=True)
