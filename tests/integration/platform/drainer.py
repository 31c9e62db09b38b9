# SPDX-License-Identifier: Apache-2.0
"""A drainer in a process of its own, to be run beside others and killed.

`python -m tests.integration.platform.drainer HOME DATABASE LEDGER [slow]` carries acts into the ledger until it is told to
end; `slow` lets it rest between an append and the deletion behind it, so that a kill falls there.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wardkeep
from tests.conftest import FakeHome
from tests.integration.ledger.conftest import connect
from wardkeep.settings import Database, Settings


class Slow:
    """A ledger whose answers take a moment to arrive."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    def append(self, producer: str, seq: int, bodies: Sequence[bytes]) -> Any:
        receipt = self._ledger.append(producer, seq, bodies)
        time.sleep(0.002)
        return receipt


def main(home: str, database: str, ledger_folder: str, *words: str) -> None:
    FakeHome.settings = Settings(database=Database(url=database))  # type: ignore[assignment]
    wardkeep.setup(FakeHome(Path(home)))
    from django.db import OperationalError

    from wardkeep.ledger import LedgerUnavailable
    from wardkeep.seal.outbox import drain

    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    print("ready", flush=True)
    while not stopped:
        try:
            with connect(Path(ledger_folder), wait=10.0) as ledger:
                while not stopped:
                    drain(Slow(ledger) if "slow" in words else ledger)  # type: ignore[arg-type]
                    time.sleep(0.002)
        except (LedgerUnavailable, OperationalError):
            time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
