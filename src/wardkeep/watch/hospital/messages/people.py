# SPDX-License-Identifier: Apache-2.0
"""Patients: PID, NK1, the VIP mark of PV1, and merges of two numbers."""

from __future__ import annotations

from collections.abc import Iterator

from wardkeep.watch.hl7 import Clock, Message, Segment
from wardkeep.watch.hospital.messages.head import Head, number_of
from wardkeep.watch.hospital.messages.said import Said

MERGES = frozenset(("A18", "A30", "A34", "A35", "A36", "A39", "A40"))
#: Two numbers that were linked or merged belong to two people after all.
UNLINKED = "A37"
_SEX = {"M": "male", "F": "female", "O": "other", "A": "other", "U": "unknown", "N": "other"}


def patients(message: Message, head: Head, clock: Clock) -> Iterator[Said]:
    """What a message says of its patients; only ADT is about them, the others mention them."""
    strong = head.type == "ADT"
    for group in message.groups("PID"):
        pid = group[0]
        if number := number_of(pid):
            its = f"patient|{number}"
            said = dict(_described(pid, clock))
            contact = next((s for s in group if s.name == "NK1"), None)
            if contact is not None:
                parts = (_name(contact, 2), contact.text(5) or contact.text(5, 12))
                said["emergency_contact"] = " ".join(filter(None, parts)) or None
            if mark := next((s.said(16) for s in group if s.name == "PV1"), None):
                said["vip"] = "" if mark.upper() in ("N", "0", "NO") else "vip"
            yield Said(its, "there", True, strong)
            yield from (Said(its, name, value, strong) for name, value in said.items() if value is not None)


def merges(message: Message, head: Head) -> Iterator[Said]:
    """That a number was given up for another, or that it was not so."""
    if head.type != "ADT":
        return
    if head.trigger in MERGES:
        for group in message.groups("PID"):
            survivor = number_of(group[0])
            for mrg in (s for s in group if s.name == "MRG"):
                for one in mrg.repeated(1):
                    old = one.said(1)
                    if old and survivor and old != survivor:
                        yield Said(f"merge|{old}", "into", survivor)
                        yield Said(f"merge|{old}", "time", head.occurred)
                        yield Said(f"merge|{old}", "source", head.event_id or "")
    elif head.trigger == UNLINKED:
        yield from (Said(f"merge|{number}", "into", "") for number in head.patients)


def _described(pid: Segment, clock: Clock) -> Iterator[tuple[str, object]]:
    yield "name", _name(pid, 5)
    sex = pid.said(8)
    yield "sex", _SEX.get(sex.upper(), sex) if sex else sex
    yield "birth_date", _day(pid.said(7), "PID-7", clock)
    yield "address", _address(pid)
    yield "phone", next((t for n in (13, 14) if (t := pid.said(n) or pid.said(n, 12))), pid.said(13))
    died = _day(pid.said(29), "PID-29", clock)
    yield "died_on", "" if died is None and pid.said(30) in ("N", "") else died


def _day(text: str | None, field: str, clock: Clock) -> object:
    return clock.day(text, field) if text and len(text) >= 8 else ("" if text == "" else None)


def _name(segment: Segment, field: int) -> str | None:
    """The name, in its own script where it is written in several; family and given in the order that the script has."""
    names = segment.repeated(field)
    if not names:
        return None
    one = next((n for n in names if n.said(8) == "I"), names[0])
    family, given = one.said(1), one.said(2)
    if family and not family.isascii():
        return family + (given or "")
    return " ".join(filter(None, (given, family))) or family


def _address(pid: Segment) -> str | None:
    if not (places := pid.repeated(11)):
        return None
    return ", ".join(filter(None, (places[0].said(n) for n in (1, 2, 9, 3, 4, 5))))
