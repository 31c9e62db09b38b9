# SPDX-License-Identifier: Apache-2.0
"""One pull of a source at a time, whoever asks for it. The system lets go of the lock however a process ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wardkeep.watch.pull import PullError, StateNotKept
from wardkeep.watch.store.waiting import take_lock


class PullBusy(PullError):
    """Another pull of the same source goes on."""

    exit_status = 3


@contextmanager
def alone(path: Path, *, wait: float) -> Iterator[None]:
    """Hold the lock of a source. Raises PullBusy where another pull does not end in so many seconds, StateNotKept."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise StateNotKept(f"{path} cannot be made: {exc.strerror}", hint="make room on the disk of the home") from None
    try:
        if not take_lock(descriptor, wait=wait):
            raise PullBusy(
                f"another pull of {path.stem} goes on",
                hint="`wardkeep serve` pulls it, or another command does: what that one reads is not read twice",
            )
        yield
    finally:
        os.close(descriptor)
