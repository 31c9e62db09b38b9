# SPDX-License-Identifier: Apache-2.0
"""The spools of a home, carried over by hand: those whose care path does not run, and those that were put aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wardkeep.cli.frame import speak
from wardkeep.home import Home
from wardkeep.ledger import LedgerDamaged, LedgerUnavailable, format_index
from wardkeep.ledger.carrying import carry_over
from wardkeep.ledger.spool import DAMAGED, KEPT, Spool, spools_in


def carry_spools(home: Home) -> list[dict[str, Any]]:
    """What was done with each. Raises LedgerUnavailable where the ledger is still away."""
    return [_carry(home, path) for path in spools_in(home.spool_folder)]


def said_of(spools: list[dict[str, Any]]) -> list[str]:
    """The same for people."""
    lines = []
    for spool in spools:
        if spool["in_use"]:
            lines.append(speak("spool %s: in use; its own process carries it over") % spool["file"])
        elif spool["entries"]:
            lines.append(speak("spool %(file)s: %(entries)d entries carried over, up to %(last)s") % spool)
        if spool["damage"]:
            lines.append(speak("spool %(file)s is damaged: %(damage)s") % spool)
    return lines


def _carry(home: Home, path: Path) -> dict[str, Any]:
    said: dict[str, Any] = {"file": path.name, "entries": 0, "last": None, "in_use": False, "damage": None}
    try:
        spool = Spool(path)
    except LedgerDamaged as error:
        _put_away(path)
        return said | {"damage": str(error)}
    except LedgerUnavailable:
        return said | {"in_use": True}
    try:
        if spool.entries:
            with home.connect_ledger() as ledger:
                carried = carry_over(spool, ledger, keep=spool.damage is not None)
            last = carried.last
            said |= {"entries": carried.count, "last": format_index(last.log, last.last) if last else None}
    finally:
        spool.close()
    _put_away(path)
    return said | {"damage": spool.damage}


def _put_away(path: Path) -> None:
    """What is whole of a damaged spool is in the ledger now; the file stays for people to look at."""
    if path.suffix == DAMAGED:
        path.replace(path.with_suffix(KEPT))
