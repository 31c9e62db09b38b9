# SPDX-License-Identifier: Apache-2.0
"""Appointments: SIU books, moves and cancels them."""

from __future__ import annotations

from collections.abc import Iterator

from wardkeep.watch.hl7 import Clock, Message
from wardkeep.watch.hospital.messages.head import Head
from wardkeep.watch.hospital.messages.said import Said

_CANCEL = frozenset(("S15", "S17"))
#: Where the begin may stand: (segment, field, component).
_TIMES = (("SCH", 11, 4), ("TQ1", 7, 1), ("AIS", 4, 1), ("AIP", 6, 1), ("AIL", 6, 1), ("AIG", 8, 1))
_DELETED = "D"  # AIP-2, AIL-2: this part of the booking is taken out


def bookings(message: Message, head: Head, clock: Clock) -> Iterator[Said]:
    """What a message says of its appointment."""
    if head.type != "SIU":
        return
    sch, pv1 = message.first("SCH"), message.first("PV1")
    number = sch.text(2) or sch.text(1)
    if not number or not head.patients:
        return
    its = f"appointment|{number}"
    yield Said(its, "patients", list(head.patients))
    if head.trigger in _CANCEL:
        yield Said(its, "there", False)
        return
    yield Said(its, "there", True)
    for name, field, component in _TIMES:
        found = next((t for s in message.all(name) if (t := s.said(field, component))), None)
        if found:
            yield Said(its, "time", clock.at(found, f"{name}-{field}"))
            break
    people = [s.text(3) for s in message.all("AIP") if s.text(2) != _DELETED]
    rooms = [s.text(3) for s in message.all("AIL") if s.text(2) != _DELETED]
    yield Said(its, "staff", list(dict.fromkeys(filter(None, people))) or [p for p in (pv1.text(7),) if p])
    if place := next(filter(None, rooms), "") or pv1.text(3):
        yield Said(its, "department", place)
