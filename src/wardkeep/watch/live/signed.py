# SPDX-License-Identifier: Apache-2.0
"""Who is signed in where, as far as sign-ins were heard: to say who may stand behind an account that is not one person's.

The simplest part of what a judgement does at night (`watch/attribute`): sessions that are open at a place, until somebody
signs out or to the end that the source states. Places are compared as there (`watch/places.py`). It weighs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from wardkeep.watch.intake.row import Row
from wardkeep.watch.live.gateways import Gateways
from wardkeep.watch.live.memory import MINUTE, Recent
from wardkeep.watch.places import Machine, address, is_own, machine, server

#: Minutes for which a session stays open to doubt after somebody else signed in at the same place of the same system.
LINGER = 10
#: People that are remembered at one place, the last ones: a gateway's address is everybody's.
PEOPLE = 20
#: Domains that are remembered of one short name: two tell that there are several machines of it.
DOMAINS = 5
_TOLD = ('"assigned_ip":', '"target_account":')
_NONE = Machine("", "")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Session(NamedTuple):
    """One person's session at one place."""

    person: str
    account: str
    system: str
    machine: Machine
    from_us: int
    until_us: int
    #: False: it may have been another machine, or the account be used from that server otherwise; it names nobody.
    sure: bool = True
    #: The address was given to this one alone: a VPN's.
    given: bool = False


class Signed:
    """Belongs to one thread. Bounded: what was used longest ago is forgotten first."""

    def __init__(self, hours: int) -> None:
        self._lasts = hours * 60 * MINUTE
        #: place -> (person, system) -> the session.
        self._at: Recent[dict[tuple[str, str], Session]] = Recent(dict)
        #: person -> the places of the last sign-in, and when.
        self._last: Recent[list[Any]] = Recent(lambda: [frozenset(), 0])
        #: short name of a machine -> the domains in which there is one.
        self._domains: Recent[set[str]] = Recent(set)
        self.gateways = Gateways()

    def signs_in(self, row: Row, person: str, at_us: int) -> None:
        """Somebody who is known signed in. Where the source says how long that lasted, it is over then."""
        places, here, given = list(_places(row)), self._machine(row), _given(row)
        lasts = self._lasts if row.duration_ms is None else min(self._lasts, row.duration_ms * 1000)
        for place in (*places, *_led_to(row)):
            sessions = self._at.of(place)
            until_us = at_us + LINGER * MINUTE
            for key, one in sessions.items():
                if place[0] == "d" or not one.machine.may_be(here):
                    continue  # several work on one server, and on two machines of one name
                if one.until_us > until_us and one.system == row.system and one.person != person:
                    sessions[key] = one._replace(until_us=until_us)
            sessions.pop((person, row.system), None)  # the latest stands last
            sessions[person, row.system] = Session(
                person, row.account or "", row.system, here, at_us, at_us + lasts, given=place == given
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
        for place in _led_to(row):
            self._at.of(place).pop((person, row.system), None)

    def candidates(self, row: Row, at_us: int) -> list[Session]:
        """The sessions that were open where `row` was done, one a person, the latest first."""
        found: dict[str, Session] = {}
        here = self._machine(row)
        is_gateway = self.gateways.is_one(row.ip, at_us)
        for place in (*_places(row), *_server_of(row)):
            for one in self._at.of(place).values():
                if not one.from_us - MINUTE <= at_us < one.until_us:
                    continue
                if place[0] != "d" and here.short and one.machine.short and not one.machine.may_be(here):
                    continue  # two machines behind one address, or of one name
                alone = one.given or (here.short and one.machine.short) or not is_gateway
                sure = bool(alone) if place[0] == "i" else place[0] == "w" and self._is_one(here, one.machine)
                known = found.get(one.person)
                if known is None or (sure, one.from_us) > (known.sure, known.from_us):
                    found[one.person] = one if sure else one._replace(sure=False)
        return sorted(found.values(), key=lambda one: (-one.from_us, one.person))

    def moved_on(self, one: Session, row: Row) -> bool:
        """Whether the person signed in somewhere else after it: a session that is left open says little of its owner."""
        places, at_us = self._last.of(one.person)
        return bool(at_us > one.from_us and places.isdisjoint(_places(row)))

    def _machine(self, row: Row) -> Machine:
        """The machine that is named, the empty one where none is."""
        if not row.workstation:
            return _NONE
        found = machine(row.workstation)
        domains = self._domains.of(found.short)
        if found.domain and len(domains) < DOMAINS:
            domains.add(found.domain)
        return found

    def _is_one(self, one: Machine, other: Machine) -> bool:
        """Whether two names that may be one machine's are: no other of that short name was heard of."""
        if one.domain and other.domain:
            return True
        domains = [Machine(one.short, domain) for domain in self._domains.of(one.short)]
        return all(a.may_be(b) for a in domains for b in domains)


def _places(row: Row) -> Iterator[str]:
    if row.workstation and not is_own(row.workstation):
        yield f"w:{machine(row.workstation).short}"
    if row.ip and not is_own(row.ip):
        yield f"i:{address(row.ip)}"
    if given := _given(row):
        yield given


def _given(row: Row) -> str | None:
    """What a VPN gave out is the address in the house."""
    assigned = _told(row).get("assigned_ip")
    return f"i:{address(assigned)}" if assigned else None


def _led_to(row: Row) -> Iterator[str]:
    """The account and the server to which a bastion's session leads, by each name and address of it."""
    told = _told(row)
    if account := told.get("target_account"):
        for name in server(told.get("server") or row.resource or ""):
            yield f"d:{account} {machine(name).short}"


def _server_of(row: Row) -> Iterator[str]:
    """The same of a use: the account, and the machine from which it is used."""
    for written in (row.workstation, row.ip):
        if row.account and written and not is_own(written):
            yield f"d:{row.account} {machine(written).short}"


def _told(row: Row) -> dict[str, str]:
    """What the source says beyond the columns, as far as it is asked here."""
    if row.extra is None or not any(name in row.extra for name in _TOLD):
        return {}
    try:
        told = _decode(row.extra)
    except msgspec.DecodeError:
        return {}
    return {name: text for name, text in told.items() if isinstance(text, str)}
