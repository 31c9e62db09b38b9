# SPDX-License-Identifier: Apache-2.0
"""The hand-overs that a ledger's description names are entries of its logs, each at its place."""

from __future__ import annotations

from collections.abc import Mapping

from wardkeep.ledger.damage import Report
from wardkeep.ledger.entry import format_index
from wardkeep.ledger.errors import LedgerError
from wardkeep.ledger.handover import Chain
from wardkeep.ledger.reader import LedgerReader


def check_handovers(keys: Chain, reader: LedgerReader, sizes: Mapping[str, int], report: Report) -> None:
    """Name each hand-over that its log has not. `sizes`: how many entries of each log are published."""
    for one in keys.handovers:
        index = format_index(one.log, one.index)
        if one is keys.handovers[-1] and sizes.get(one.log, 0) <= one.index:
            # The description comes first, so that the key that has to sign is known whatever happens then.
            report.notes.append(f"the hand-over of the key at {index} is not yet published; the next start writes it")
            continue
        try:
            found = reader.body(one.log, one.index)
        except LedgerError:
            found = b""
        if found != one.body():
            report.say("key", index, "it is not the hand-over of the key that the description names")
