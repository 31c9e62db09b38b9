# SPDX-License-Identifier: Apache-2.0
"""Encounters: PV1, PV2 and the events of ADT that begin, move, end and cancel a stay."""

from __future__ import annotations

from collections.abc import Iterator

from wardkeep.watch.hl7 import Clock, Message, NotRead, Segment
from wardkeep.watch.hospital.messages.head import Head
from wardkeep.watch.hospital.messages.said import FIRST, Said

_BEGIN = frozenset(("A01", "A04", "A06", "A07"))
_CANCEL = frozenset(("A11", "A23"))
#: Only planned, or of a patient's data alone: no stay yet.
_NO_STAY = frozenset(("A05", "A14", "A15", "A16", "A25", "A26", "A27", "A28", "A29", "A31", "A38", "A40"))
_MOVE, _UNMOVE, _END, _UNEND = "A02", "A12", "A03", "A13"
_KIND = {"I": "inpatient", "B": "inpatient", "E": "emergency", "O": "outpatient", "R": "outpatient"}
#: Fields of PV1 that name people, and what their part is called.
_TEAM = ((7, "attending"), (8, "referring"), (9, "consulting"), (17, "admitting"))


def stays(message: Message, head: Head, clock: Clock) -> Iterator[Said]:
    """What a message says of the stay that its PV1 names; a message that is not ADT only mentions it."""
    pv1 = message.first("PV1")
    visit = visit_of(message)
    adt = head.type == "ADT"
    if not visit or not head.patients or (adt and head.trigger in _NO_STAY):
        return
    its, start = f"encounter|{visit}", clock.at(pv1.said(44), "PV1-44")
    end = clock.at(pv1.said(45), "PV1-45")
    if start is not None and end is not None and end < start:
        raise NotRead("interval: PV1-45 is before PV1-44")
    if not adt and start is None:
        return
    trigger = head.trigger if adt else ""
    begins = trigger in _BEGIN
    yield Said(its, "patient", head.patients[0], adt)
    if trigger in _CANCEL:
        yield Said(its, "there", False)
        return
    yield Said(its, "there", True, begins or trigger == _UNEND)
    yield Said(its, f"{FIRST}recorded", head.recorded)
    yield Said(its, f"{FIRST}seen", head.occurred)
    if start is not None or begins:
        yield Said(its, "start", head.occurred if start is None else start, adt)
    if trigger == _UNEND:
        yield Said(its, "end", "")
    elif end is not None or trigger == _END:
        yield Said(its, "end", head.occurred if end is None else end, adt)
    if kind := pv1.said(2):
        yield Said(its, "kind", _KIND.get(kind.upper(), ""), adt)
    yield from _places(pv1, head, its, trigger)
    yield from _people(message, head, clock, its, begins)


def visit_of(message: Message) -> str:
    """The number of the visit: PV1-19, else the account of the stay, PID-18; '' where there is none."""
    return message.first("PV1").text(19) or message.first("PID").text(18)


def _places(pv1: Segment, head: Head, its: str, trigger: str) -> Iterator[Said]:
    ward, service = pv1.said(3), pv1.said(10)
    if service:
        yield Said(its, f"{FIRST}service:{service}", head.recorded)
    if trigger == _UNMOVE:
        yield Said(its, f"unmove:{head.recorded}", head.occurred)
    elif trigger == _MOVE and ward:
        yield Said(its, f"move:{head.occurred}", [ward, pv1.text(6), head.recorded, head.event_id or ""])
    elif ward:
        yield Said(its, f"{FIRST}ward:{ward}", head.recorded)


def _people(message: Message, head: Head, clock: Clock, its: str, begins: bool) -> Iterator[Said]:
    """Whoever was ever named has been of the team; who named at the begin is so from the begin."""
    pv1 = message.first("PV1")
    since = -1 if begins else head.recorded
    if (attending := pv1.said(7)) is not None:
        yield Said(its, "attending", attending, head.type == "ADT")
    for field, role in _TEAM:
        for one in pv1.repeated(field):
            if person := one.said(1):
                yield Said(its, f"{FIRST}team:{person}", since)
                yield Said(its, f"role:{person}", role, False)
    for rol in message.all("ROL"):
        if person := rol.said(4):
            begin = clock.at(rol.said(5), "ROL-5")
            yield Said(its, f"{FIRST}team:{person}", since if begin is None else begin)
            yield Said(its, f"role:{person}", rol.text(3, 2) or rol.text(3))
            if until := clock.at(rol.said(6), "ROL-6"):
                yield Said(its, f"until:{person}", until)
