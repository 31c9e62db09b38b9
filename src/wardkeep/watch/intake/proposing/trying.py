# SPDX-License-Identifier: Apache-2.0
"""What the first rows would become by a proposed mapping. Pure."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.mapping import parse_mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.reading import events_of
from wardkeep.watch.intake.showing import as_line, rejected_line


def becomes(data: bytes, name: str, toml: str, zone: str, count: int) -> list[dict[str, object]]:
    """The first events or rejected pieces, as `wardkeep intake read` prints them. Raises BadMapping."""
    mapping = parse_mapping(toml, name)
    with Source.of_bytes(data, name) as source:
        found = islice(events_of(source, zone=zone, form=None, mapping=mapping), count)
        return [rejected_line(one) if isinstance(one, Rejected) else _local(one, ZoneInfo(zone)) for one in found]


def _local(event: AccessEvent, zone: ZoneInfo) -> dict[str, object]:
    """The event with its time in the hospital's zone, where a person sees at once whether it is right."""
    line = as_line(event)
    return {**line, "time": datetime.fromisoformat(str(line["time"])).astimezone(zone).isoformat()}
