# SPDX-License-Identifier: Apache-2.0
"""Which live detections have what they need, from the hospital and from which systems.

One that found nothing because it could not look is told from one that looked. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardkeep.watch.live.alert import LiveDetection as L
from wardkeep.watch.live.known import Known

#: What a system's events were seen to say, as bits: the engine notes them for each event.
PATIENT = 1
#: A successful use of an account of the hospital's tables; of those a person's account at a workstation, and at a site.
ACCOUNT, STATION, SITE = 2, 4, 8
#: A sign-in that failed and names its account; with the address or workstation.
FAILED, ADDRESS = 16, 32
#: A use of a privileged account from a named place, and of a vendor's account.
PRIVILEGED, VENDOR = 64, 128
#: A protocol or port; a program.
PROTOCOL, PROGRAM = 256, 512


class Lack(StrEnum):
    """Why a detection is not evaluated."""

    DECOYS = "no_decoys"
    OWN_NUMBERS = "no_own_numbers"
    ENDS = "no_ends"
    PEOPLE = "no_people"
    PRIVILEGED = "no_privileged"
    VENDORS = "no_vendors"
    PROTOCOLS = "no_protocols"
    TOOLS = "no_tools"
    #: No system has sent an event that it could look at.
    EVENTS = "no_events"


#: What must be known of the hospital, by its name in `counted`, and what an event must say.
NEEDED: Mapping[L, tuple[tuple[str, Lack] | None, int]] = {
    L.HONEY: (("decoys", Lack.DECOYS), PATIENT),
    L.SELF_ACCESS: (("own_numbers", Lack.OWN_NUMBERS), PATIENT),
    L.BATCH: (None, PATIENT),
    L.LEAVER: (("ends", Lack.ENDS), ACCOUNT),
    L.SHARED: (("people", Lack.PEOPLE), STATION),
    L.TRAVEL: (("people", Lack.PEOPLE), SITE),
    L.BRUTE_FORCE: (None, FAILED),
    L.SPRAYING: (None, ADDRESS),
    L.NEW_PLACE: (("privileged", Lack.PRIVILEGED), PRIVILEGED),
    L.MAINTENANCE: (("vendors", Lack.VENDORS), VENDOR),
    L.PLAINTEXT: (("protocols", Lack.PROTOCOLS), PROTOCOL),
    L.REMOTE_TOOL: (("tools", Lack.TOOLS), PROGRAM),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Looking:
    """One detection: the systems whose events it looks at, or why it looks at none."""

    detection: L
    systems: tuple[str, ...]
    lack: Lack | None


def counted(known: Known) -> dict[str, int]:
    """How much is known of what detections ask for."""
    holders = known.holders.values()
    return {
        "decoys": len(known.honey),
        "own_numbers": sum(holder.own is not None for holder in holders),
        "ends": sum(holder.until_us is not None or holder.from_us is not None for holder in holders),
        "people": sum(holder.kind == "person" for holder in holders),
        "privileged": len(known.privileged),
        "vendors": sum(holder.is_vendor for holder in holders),
        "tickets": sum(map(len, known.tickets.values())),
        "protocols": len(known.plain_protocols) + len(known.plain_ports),
        "tools": len(known.remote_tools),
    }


def looking(counts: Mapping[str, int], says: Mapping[str, int]) -> Iterator[Looking]:
    """Each detection in the order of its code's definition. `says`: system -> bits of what its events say."""
    for detection, (asked, bit) in NEEDED.items():
        if asked is not None and not counts.get(asked[0], 0):
            yield Looking(detection=detection, systems=(), lack=asked[1])
            continue
        systems = tuple(sorted(system for system, bits in says.items() if bits & bit))
        yield Looking(detection=detection, systems=systems, lack=None if systems else Lack.EVENTS)
