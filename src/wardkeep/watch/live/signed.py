# SPDX-License-Identifier: Apache-2.0
"""Who is signed in where, as far as sign-ins were heard: to say who may stand behind an account that is not one person's.

The simplest part of what a judgement does at night (`watch/attribute`): sessions that are open at a place. It weighs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from wardkeep.watch.intake.row import Row
from wardkeep.watch.live.memory import MINUTE, Recent

#: Minutes for which a session stays open to doubt after somebody else signed in at the same place of the same system.
LINGER = 10
#: People that are remembered at one place, the last ones: a gateway's address is everybody's.
PEOPLE = 20
_ASSIGNED = '"assigned_ip":'
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Session(NamedTuple):
    """One person's session at one place."""

    person: str
    account: str
    system: str
    workstation: str
    from_us: int
    until_us: int


class Signed:
    """Belongs to one thread. Bounded: what was used longest ago is forgotten first."""

    def __init__(self, hours: int) -> None:
        self._lasts = hours * 60 * MINUTE
        #: place -> (person, system) -> the session.
        self._at: Recent[dict[tuple[str, str], Session]] = Recent(dict)
        #: person -> the places of the last sign-in, and when.
        self._last: Recent[list[Any]] = Recent(lambda: [frozenset(), 0])

    def signs_in(self, row: Row, person: str, at_us: int) -> None:
        """Somebody who is known signed in."""
        places = list(_places(row))
        for place in places:
            sessions = self._at.of(place)
            until_us = at_us + LINGER * MINUTE
            for key, one in sessions.items():
                if one.until_us > until_us and one.system == row.system and one.person != person:
                    sessions[key] = one._replace(until_us=until_us)
            sessions.pop((person, row.system), None)  # the latest stands last
            sessions[person, row.system] = Session(
                person, row.account or "", row.system, row.workstation or "", at_us, at_us + self._lasts
            )
            if len(sessions) > PEOPLE:
                del sessions[next(iter(sessions))]
        last = self._last.of(person)
        if places and at_us >= last[1]:
            last[:] = [frozenset(places), at_us]

    def signs_out(self, row: Row, person: str) -> None:
        """And out again: at the place that is named, else wherever the last sign-in was."""
        for place in list(_places(row)) or self._last.of(person)[0]:
            self._at.of(place).pop((person, row.system), None)

    def candidates(self, row: Row, at_us: int) -> list[Session]:
        """The sessions that were open where `row` was done, one a person, the latest first."""
        found: dict[str, Session] = {}
        for place in _places(row):
            for one in self._at.of(place).values():
                if not one.from_us - MINUTE <= at_us < one.until_us:
                    continue
                if place[0] == "i" and row.workstation and one.workstation and row.workstation != one.workstation:
                    continue  # two machines behind one address
                if one.person not in found or one.from_us > found[one.person].from_us:
                    found[one.person] = one
        return sorted(found.values(), key=lambda one: (-one.from_us, one.person))

    def moved_on(self, one: Session, row: Row) -> bool:
        """Whether the person signed in somewhere else after it: a session that is left open says little of its owner."""
        places, at_us = self._last.of(one.person)
        return bool(at_us > one.from_us and places.isdisjoint(_places(row)))


def _places(row: Row) -> Iterator[str]:
    if row.workstation:
        yield f"w:{row.workstation}"
    if row.ip:
        yield f"i:{row.ip}"
    if row.extra is not None and _ASSIGNED in row.extra:  # what a VPN gave out is the address in the house
        try:
            assigned = _decode(row.extra).get("assigned_ip")
        except msgspec.DecodeError:
            return
        if isinstance(assigned, str) and assigned:
            yield f"i:{assigned}"
