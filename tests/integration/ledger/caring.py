# SPDX-License-Identifier: Apache-2.0
"""A care path in a process of its own, to be killed: `python -m tests.integration.ledger.caring LEDGER SPOOLS FIRST`.

It writes down numbers from FIRST on and says each on stdout as soon as it is acknowledged.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

from tests.integration.ledger.conftest import clock, event
from wardkeep.ledger import Ledger, LedgerUnavailable
from wardkeep.ledger.care import CareLedger
from wardkeep.ledger.client import _There


def through_socket(folder: Path) -> Ledger:
    """A client that never writes itself."""
    try:
        return Ledger(_There(folder, 1.0), in_process=False)
    except OSError as error:
        raise LedgerUnavailable(f"nobody listens: {error}") from None


def care(ledger: Path, spools: Path, **more: object) -> CareLedger:
    values: dict[str, object] = {
        "connect": lambda: through_socket(ledger), "clock": clock, "alarm": lambda text: None, "retry": 0.05, **more,
    }  # fmt: skip
    return CareLedger(spools, "gateway", **values)  # type: ignore[arg-type]


if __name__ == "__main__":
    with care(Path(sys.argv[1]), Path(sys.argv[2])) as one:
        number = int(sys.argv[3])
        while True:
            with contextlib.suppress(LedgerUnavailable):
                one.append(event(number))
                sys.stdout.write(f"{number}\n")
                sys.stdout.flush()
            number += 1
            time.sleep(0.001)
