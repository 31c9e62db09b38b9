# SPDX-License-Identifier: Apache-2.0
"""Documents: MDM names who writes, dictates and signs them: work in the patient's record."""

from __future__ import annotations

from collections.abc import Iterator

from wardkeep.watch.hl7 import Clock, Message
from wardkeep.watch.hospital.messages.head import Head
from wardkeep.watch.hospital.messages.said import FIRST, Said

_CANCEL = "T11"
#: TXA: primary activity provider, originator, assigned authenticator, transcriptionist, authenticator.
_PEOPLE = (5, 9, 10, 11, 22)
_TIMES = (4, 6, 7, 8)


def documents(message: Message, head: Head, clock: Clock) -> Iterator[Said]:
    """What a message says of its document."""
    if head.type != "MDM":
        return
    txa = message.first("TXA")
    number = txa.text(12) or txa.text(12, 3)
    if not number or not head.patients:
        return
    its = f"document|{number}"
    yield Said(its, "patient", head.patients[0])
    if head.trigger == _CANCEL:
        yield Said(its, "there", False)
        return
    yield Said(its, "there", True)
    yield Said(its, f"{FIRST}recorded", head.recorded)
    moments = [clock.at(txa.said(field), f"TXA-{field}") for field in _TIMES]
    told = [moment for moment in moments if moment is not None] or [head.occurred]
    for field in _PEOPLE:
        for one in txa.repeated(field):
            if person := one.said(1):
                yield Said(its, f"{FIRST}writer:{person}", min(told))
                yield Said(its, f"until:{person}", max(told))
