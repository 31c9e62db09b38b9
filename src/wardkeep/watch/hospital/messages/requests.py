# SPDX-License-Identifier: Apache-2.0
"""Orders: ORM and OML place and cancel them, ORU brings their results, and names who is to read these."""

from __future__ import annotations

from collections.abc import Iterator

from wardkeep.watch.hl7 import Clock, Message, Segment
from wardkeep.watch.hospital.messages.head import Head
from wardkeep.watch.hospital.messages.said import FIRST, Said
from wardkeep.watch.hospital.messages.stays import visit_of

#: ORC-1: the order is not to be carried out. A discontinued one (DC, OD) was begun, and stays.
_CANCEL = frozenset(("CA", "OC", "CR"))
_NEW = frozenset(("NW", "SN"))
#: Table 0074, the sections of diagnostic services.
_LABORATORY = frozenset("LAB BLB CG CH CP CTH GE HM IMM MB MCB MYC PAT SR TX VR".split())  # noqa: SIM905
_IMAGING = frozenset("CT CUS IMG NMR NMS OUS RAD RUS US VUS XRC".split())  # noqa: SIM905
_DRUGS = frozenset(("RXO", "RXE", "RXD", "RXG", "RXA"))
#: OBR: who interprets the result, and who gets a copy.
_READERS = (28, 32, 33)
_EMPTIED = "X"  # OBR-25: no results, the order was cancelled


def orders(message: Message, head: Head, clock: Clock) -> Iterator[Said]:
    """What a message says of each of its orders."""
    placing = head.type in ("ORM", "OML", "OMG", "OMI", "OMP", "RDE")
    if not head.patients or not (placing or head.type == "ORU"):
        return
    for orc, rest in _orders(message):
        obr = next((s for s in rest if s.name == "OBR"), None)
        number = orc.text(2) or _in(obr, 2) or orc.text(3) or _in(obr, 3)
        if not number:
            continue
        its = f"order|{number}"
        yield Said(its, "patient", head.patients[0], placing)
        control = orc.text(1).upper()
        if (placing and control in _CANCEL) or (not placing and _in(obr, 25) == _EMPTIED):
            yield Said(its, "there", False)
            continue
        yield Said(its, "there", True, control in _NEW)
        yield Said(its, f"{FIRST}recorded", head.recorded)
        said: dict[str, object] = {
            "encounter": visit_of(message) or None,
            "kind": _kind(obr, rest, placing, head.type),
            "by": orc.said(12) or (obr.said(16) if obr else None),
            "performer": _performer(orc, obr, rest),
            "time": _time(orc, obr, rest, clock, placing) or head.recorded,
        }
        yield from (Said(its, name, value, placing) for name, value in said.items() if value is not None)
        if obr is not None and not placing:
            reported = clock.at(obr.said(22), "OBR-22") or head.recorded
            readers = [one.said(1) for field in _READERS for one in obr.repeated(field)]
            yield from (Said(its, f"{FIRST}reader:{person}", reported) for person in readers if person)


def _orders(message: Message) -> Iterator[tuple[Segment, list[Segment]]]:
    """Each order: its ORC (an empty one where there is none), and the segments that follow. An OBR may stand without ORC."""
    current: tuple[Segment, list[Segment]] | None = None
    for segment in message.segments:
        alone = segment.name == "OBR" and (current is None or any(s.name == "OBR" for s in current[1]))
        if segment.name == "ORC" or alone:
            if current:
                yield current
            current = (segment, []) if segment.name == "ORC" else (Segment("ORC", message), [segment])
        elif current:
            current[1].append(segment)
    if current:
        yield current


def _in(obr: Segment | None, field: int) -> str:
    return obr.text(field) if obr is not None else ""


def _kind(obr: Segment | None, rest: list[Segment], placing: bool, type: str) -> str | None:
    section = _in(obr, 24).upper()
    if any(s.name in _DRUGS for s in rest) or type in ("OMP", "RDE") or section in ("PHR", "RX"):
        return "medication"
    if section in _IMAGING or type == "OMI":
        return "imaging"
    if section in _LABORATORY or type == "OML":
        return "laboratory"
    if section in ("CON", "CONSULT"):
        return "consult"
    return "procedure" if placing else "laboratory"


def _performer(orc: Segment, obr: Segment | None, rest: list[Segment]) -> str | None:
    """The department that carries it out: the name space of the filler's number, who produced the result, the section."""
    producer = next((p for s in rest if s.name == "OBX" and (p := s.text(15))), "")
    return orc.text(3, 2) or (obr.text(3, 2) if obr else "") or producer or _in(obr, 24) or None


def _time(orc: Segment, obr: Segment | None, rest: list[Segment], clock: Clock, placing: bool) -> int | None:
    if placing:
        found = clock.at(orc.said(9), "ORC-9")
        return clock.at(_in(obr, 6), "OBR-6") if found is None else found
    found = clock.at(_in(obr, 7), "OBR-7")
    return clock.at(_in(obr, 22), "OBR-22") if found is None else found
