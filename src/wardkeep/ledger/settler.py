# SPDX-License-Identifier: Apache-2.0
"""Settling beside the appending: syncing thousands of small files takes a disk long, and no client has to wait for it."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future, ThreadPoolExecutor

from wardkeep.ledger.log import Log
from wardkeep.ledger.published import Settling


class Settler:
    """Settles a log when it is due, the sync in a thread of its own. Used by the writer, one thread at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._pending: tuple[Log, Settling, Future[None]] | None = None

    def turn(self, log: Log) -> None:
        """Finish what is synced, and begin where it is time. Raises OSError; it is tried again at the next turn.

        A disk that is slower than what is appended makes everybody wait here, so that a start never has too much to read.
        """
        if self._pending is not None and (self._pending[2].done() or log.overdue):
            self.finish()
        if self._pending is None and log.due:
            settling = log.begin_settling()
            self._pending = (log, settling, self._thread.submit(log.sync))

    def finish(self) -> None:
        """Wait for the sync that is under way, and record it. Raises OSError."""
        if self._pending is not None:
            (log, settling, synced), self._pending = self._pending, None
            synced.result()
            log.end_settling(settling)

    def close(self) -> None:
        """Wait, and let the thread go. A disk that refuses costs nothing: the journal has everything."""
        with contextlib.suppress(OSError):
            self.finish()
        self._thread.shutdown()
