# SPDX-License-Identifier: Apache-2.0
"""From the spool into the ledger: each entry once, however often this is begun, and an act that says which came late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from wardkeep.ledger.client import Ledger
from wardkeep.ledger.entry import Receipt, act_leaf
from wardkeep.ledger.errors import KeyConflict
from wardkeep.ledger.spool import Spool

CARRIED = "care:spool:carried"
#: Entries that wait for the disk together.
TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Carried:
    """How many entries a spool held, and where the last of them and the act went."""

    count: int
    last: Receipt | None = None
    act: Receipt | None = None


def carry_over(spool: Spool, ledger: Ledger, *, keep: bool = False) -> Carried:
    """Append what a spool holds, then empty it (not with `keep`). Raises LedgerError; then it can be called again.

    Numbers are dense, so all up to the ledger's last one are there; the last itself is sent again, and so its body compared.
    """
    if not spool.entries:
        return Carried(0)
    last = carry_entries(spool, ledger)
    act = _say(spool, ledger)
    count = len(spool.entries)
    if not keep:
        spool.clear()
    return Carried(count, last, act)


def carry_entries(spool: Spool, ledger: Ledger) -> Receipt | None:
    """Append what the ledger does not have of the entries there are now. Where the last one went. Raises LedgerError."""
    taken = ledger.last(spool.producer)
    last = None if taken is None else taken[1]
    todo = [entry for entry in spool.entries if taken is None or entry.number >= taken[0]]
    for at in range(0, len(todo), TOGETHER):
        some = todo[at : at + TOGETHER]
        last = ledger.append_each(spool.producer, some[0].number, [entry.body for entry in some])[-1]
    return last


def _say(spool: Spool, ledger: Ledger) -> Receipt:
    """The act, once: it is made of the spool alone, so that after a crash the same one is recognised."""
    producer, body = f"{spool.producer}:carried", _act(spool)
    known = ledger.last(producer)
    if known is not None:
        try:
            return ledger.append(producer, known[0], [body])
        except KeyConflict:  # that was about an earlier outage
            pass
    return ledger.append(producer, known[0] + 1 if known else 0, [body])


def _act(spool: Spool) -> bytes:
    entries = spool.entries
    facts: dict[str, object] = {
        "spool": spool.name,
        "producer": spool.producer,
        "numbers": [entries[0].number, entries[-1].number],
        "from": _moment(entries[0].at_us),
        "until": _moment(entries[-1].at_us),
        "digest": spool.digest.hex(),
    }
    return act_leaf({"act": CARRIED, "facts": facts})


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat()
