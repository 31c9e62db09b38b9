# SPDX-License-Identifier: Apache-2.0
"""The signatures with SM2 beside the checkpoints of a ledger, the published ones and those of the days."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence

from wardkeep.ledger.daily import dailies
from wardkeep.ledger.damage import Report
from wardkeep.ledger.errors import LedgerError
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.sidecar import FILE, SIDECAR, State, judge_sidecar


def check_sidecars(reader: LedgerReader, names: Sequence[str], report: Report) -> None:
    """One may be missing, as where that was turned off; one that is there must hold, or is said not to have been evaluated."""
    places = [(name, reader.folder / "logs" / name) for name in names]
    for one in dailies(reader.folder):
        with contextlib.suppress(LedgerError):
            places.append((one.checkpoint.origin.rpartition("/")[2], one.folder))
    for name, folder in places:
        where = f"{folder.relative_to(reader.folder).as_posix()}/{SIDECAR}"
        try:
            found = judge_sidecar(folder, reader.sm2(name), functools.partial(reader.root_at, name))
        except LedgerError as error:
            report.say("description", FILE, str(error))
            return
        if found.state == State.FAILS:
            report.say("checkpoint", where, f"SM2 signature: {found.why}")
        elif found.state == State.NOT_EVALUATED:
            report.notes.append(f"{where} was not evaluated: {found.why}")
