# SPDX-License-Identifier: Apache-2.0
"""Where an account was used last: at which workstations of one system, and at which site. One machine however it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from wardkeep.watch.live.machines import machine_of
from wardkeep.watch.live.memory import Recent
from wardkeep.watch.places import Machine

#: Workstations of one account in one system that are remembered, the last ones.
STATIONS = 20


class Turn(NamedTuple):
    """A use at a workstation to which an account came back."""

    #: Where it was meanwhile, as it was written.
    other: str
    #: Since the use there before.
    between_us: int


class Seat:
    """The workstations at which an account was."""

    __slots__ = ("_at", "_last_us", "_returned_us", "_station")

    def __init__(self) -> None:
        #: The last one last: (machine, as it was written, when; of the last one `_last_us` says so).
        self._at: list[tuple[Machine, str, int]] = []
        self._station, self._last_us = "", 0
        #: When it came back to one that was not the one before.
        self._returned_us: int | None = None

    def used(self, station: str, at_us: int, window_us: int) -> Turn | None:
        """What shows that it is used at several by turns; None for what comes too late to be in order."""
        left_us = self._last_us
        if at_us < left_us:
            return None
        self._last_us = at_us
        if station == self._station:  # nearly always
            return None
        here, stations, self._station = machine_of(station), self._at, station
        if stations:
            stations[-1] = (*stations[-1][:2], left_us)
        found = next((n for n in range(len(stations) - 1, -1, -1) if stations[n][0].may_be(here)), None)
        if found is None:
            stations.append((here, station, at_us))
            del stations[:-STATIONS]
            return None
        known, _, before_us = stations.pop(found)
        stations.append((max(here, known, key=_told), station, at_us))
        if found == len(stations) - 1 or at_us - before_us >= window_us:
            return None
        turn = Turn(stations[-2][1], at_us - before_us)
        if found == len(stations) - 2:
            return turn
        # A round over several ends where it began, once: two who came back are no round.
        again = self._returned_us is not None and at_us - self._returned_us < window_us
        self._returned_us = at_us
        return turn if again else None


class Stands:
    """Where workstations stand."""

    def __init__(self, sites: Mapping[str, str]) -> None:
        #: Short name -> the machines that are called so, and where each stands.
        self._named: defaultdict[str, list[tuple[Machine, str]]] = defaultdict(list)
        for name, site in sites.items():
            self._named[(here := machine_of(name)).short].append((here, site))
        #: As it is written -> the site: the same few are asked for again and again.
        self._asked: Recent[list[str]] = Recent(list)

    def of(self, station: str) -> str:
        """The site where a workstation stands, empty where that is not known."""
        if not self._named:
            return ""
        asked = self._asked.of(station)
        if not asked:
            here = machine_of(station)
            sites = {site for one, site in self._named.get(here.short, ()) if one.may_be(here)}
            asked.append(sites.pop() if len(sites) == 1 else "")
        return asked[0]


class Stay:
    """The site at which an account was last."""

    __slots__ = ("last_us", "site")

    def __init__(self) -> None:
        self.site, self.last_us = "", 0


def _told(one: Machine) -> int:
    return len(one.domain)
