# SPDX-License-Identifier: Apache-2.0
"""Waiting for the lock of a file that another process may hold."""

from __future__ import annotations

import fcntl
import time

PAUSE = 0.05


def take_lock(descriptor: int, *, wait: float) -> bool:
    """Take the exclusive lock of an open file; False where another process still holds it after so many seconds."""
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(PAUSE)
        else:
            return True
