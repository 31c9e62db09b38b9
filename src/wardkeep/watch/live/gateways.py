# SPDX-License-Identifier: Apache-2.0
"""Which addresses are gateways': events name two machines beside them. Where no machine is named such an address says of nobody
where he is. The judgement goes by the same (`watch/attribute/places.sql`), by the hospital's days.
"""

from __future__ import annotations

from typing import TypeVar

from wardkeep.watch.live.memory import KEYS, MINUTE, Recent
from wardkeep.watch.places import Machine, address, is_own, machine

#: How long what was seen counts.
SPAN = 24 * 60 * MINUTE
#: A name that stands beside more addresses is a server's, which tells of others.
OWN = 3
#: Machines that are remembered of one address, the last ones.
MACHINES = 8
_HOUR = 60 * MINUTE
_Key = TypeVar("_Key")


class Gateways:
    """Belongs to one thread. Bounded: what was used longest ago is forgotten first."""

    def __init__(self) -> None:
        #: As they are written -> the hour in which they were last looked at: an event costs one look here.
        self._noted: dict[tuple[str, str], int] = {}
        #: address -> the machines beside it, and when; machine -> its addresses.
        self._machines: Recent[dict[Machine, int]] = Recent(dict)
        self._addresses: Recent[dict[str, int]] = Recent(dict)

    def note(self, ip: str | None, workstation: str | None, at_us: int) -> None:
        """An event names these; it tells something where both are there."""
        if not ip or not workstation:
            return
        hour = at_us // _HOUR
        if self._noted.get((ip, workstation)) == hour:
            return
        if len(self._noted) >= KEYS:
            self._noted.clear()
        self._noted[ip, workstation] = hour
        place = address(ip)
        if is_own(ip) or is_own(workstation) or address(workstation) == place:
            return
        found = machine(workstation)
        _keep(self._machines.of(place), found, at_us, most=MACHINES)
        _keep(self._addresses.of(found), place, at_us, most=OWN + 1)

    def is_one(self, ip: str | None, at_us: int) -> bool:
        """Whether at least two machines stand behind an address."""
        seen = self._machines.of(address(ip)) if ip else {}
        machines = [one for one, last_us in seen.items() if abs(at_us - last_us) < SPAN and not self._tells(one, at_us)]
        return any(not one.may_be(other) for one in machines for other in machines)

    def _tells(self, one: Machine, at_us: int) -> bool:
        """Whether it is a server that tells of others."""
        return sum(abs(at_us - last_us) < SPAN for last_us in self._addresses.of(one).values()) > OWN


def _keep(seen: dict[_Key, int], key: _Key, at_us: int, *, most: int) -> None:
    """Remember when, of so many the last ones."""
    seen[key] = max(at_us, seen.pop(key, at_us))
    if len(seen) > most:
        del seen[next(iter(seen))]
