# SPDX-License-Identifier: Apache-2.0
"""Everything that a message says, in one list."""

from __future__ import annotations

from wardkeep.watch.hl7 import Clock, Message
from wardkeep.watch.hospital.messages.bookings import bookings
from wardkeep.watch.hospital.messages.documents import documents
from wardkeep.watch.hospital.messages.head import Head
from wardkeep.watch.hospital.messages.people import merges, patients
from wardkeep.watch.hospital.messages.records import records
from wardkeep.watch.hospital.messages.requests import orders
from wardkeep.watch.hospital.messages.said import Said
from wardkeep.watch.hospital.messages.stays import stays

#: Types that are read for context; of others only the header is read.
TYPES = frozenset(("ADT", "MDM", "OMG", "OMI", "OML", "OMP", "ORM", "ORU", "RDE", "SIU"))


def sayings(message: Message, head: Head, clock: Clock) -> list[Said]:
    """Raises NotRead where a field that is used holds what it cannot hold: then nothing of the message is used."""
    if head.type not in TYPES or head.test:
        return []
    return [
        *patients(message, head, clock),
        *merges(message, head),
        *stays(message, head, clock),
        *orders(message, head, clock),
        *bookings(message, head, clock),
        *documents(message, head, clock),
        *records(message, head, clock),
    ]
