# SPDX-License-Identifier: Apache-2.0
"""What every message says of itself: who sent it, its number, when what it tells was recorded, and of which patients."""

from __future__ import annotations

from dataclasses import dataclass

from wardkeep.watch.hl7 import Clock, Message, NotRead, Segment
from wardkeep.watch.hospital.messages.said import Stamp

#: CX-5, the type of a number, in the order in which one is taken as the patient's; then the first that is there.
_NUMBERS = ("MR", "PI", "PT", "PN")


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The header of a message, understood."""

    type: str
    trigger: str
    #: MSH-3, MSH-4, MSH-10.
    application: str
    facility: str
    control: str
    #: EVN-2, else MSH-7: microseconds, and how far the time can be trusted.
    recorded: int
    quality: str
    #: MSH-7, else as above.
    sent: int
    #: EVN-6, else as recorded: when what the message tells of happened.
    occurred: int
    #: Of every PID, each once; then the numbers that a merge gives up.
    patients: tuple[str, ...]
    retired: tuple[str, ...]
    #: MSH-11 says training or debugging: the message is kept, and nothing is learnt from it.
    test: bool

    @property
    def event_id(self) -> str | None:
        """What names the message among all; None where its sender gave it no number."""
        return f"{self.application}/{self.facility}/{self.control}" if self.control else None

    @property
    def stamp(self) -> Stamp:
        return (self.recorded, self.sent, len(self.control), self.control, f"{self.application}/{self.facility}")


def head_of(message: Message, clock: Clock) -> Head:
    """Raises NotRead where the message does not say what it is, or when."""
    msh, evn = message.header, message.first("EVN")
    if not message.type:
        raise NotRead("no-type: MSH-9 is empty")
    sent, recorded = msh.said(7), evn.said(2)
    if not sent and not recorded:
        raise NotRead("no-time: neither EVN-2 nor MSH-7 says when")
    moment, quality = clock.moment(recorded or sent or "", "EVN-2" if recorded else "MSH-7")
    patients = [number_of(pid) for pid in message.all("PID")]
    retired = [number for mrg in message.all("MRG") if (number := _number(mrg, 1))]
    return Head(
        type=message.type,
        trigger=message.trigger,
        application=msh.text(3),
        facility=msh.text(4),
        control=msh.text(10),
        recorded=moment,
        quality=quality,
        sent=clock.at(sent, "MSH-7") or moment,
        occurred=clock.at(evn.said(6), "EVN-6") or moment,
        patients=tuple(dict.fromkeys(p for p in patients if p)),
        retired=tuple(dict.fromkeys(retired)),
        test=msh.text(11).upper() in ("T", "D"),
    )


def number_of(pid: Segment) -> str:
    """The patient's number in the hospital: PID-3, of version 2.2 PID-2; '' where there is none."""
    return _number(pid, 3) or pid.text(2)


def _number(segment: Segment, field: int) -> str:
    numbers = [(one.said(5) or "", one.said(1) or "") for one in segment.repeated(field)]
    for kind in _NUMBERS:
        for its, number in numbers:
            if its == kind and number:
                return number
    return next((number for _, number in numbers if number), "")
