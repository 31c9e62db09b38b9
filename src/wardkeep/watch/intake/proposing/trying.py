# SPDX-License-Identifier: Apache-2.0
"""What the first rows would become by a proposed mapping. Pure."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.mapping import parse_mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.proposing.sampling import NoSample, Sample, sample_of
from wardkeep.watch.intake.reading import events_of
from wardkeep.watch.intake.sheets.xlsx import NAME
from wardkeep.watch.intake.showing import as_line, rejected_line


def tried(sample: Sample, toml: str, zone: str, count: int) -> list[AccessEvent | Rejected]:
    """The first events or rejected pieces of a sample. Raises BadMapping."""
    mapping = parse_mapping(toml, sample.name)
    with Source.of_bytes(sample.data, sample.name) as source:
        form = NAME if sample.sheet else None
        return list(islice(events_of(source, zone=zone, form=form, mapping=mapping), count))


def becomes(data: bytes, name: str, toml: str, zone: str, count: int) -> list[dict[str, object]]:
    """The same of a file, as `wardkeep intake read` prints them. Raises BadMapping."""
    try:
        found = tried(sample_of(data, name), toml, zone, count)
    except NoSample:
        return []
    return [rejected_line(one) if isinstance(one, Rejected) else _local(one, ZoneInfo(zone)) for one in found]


def _local(event: AccessEvent, zone: ZoneInfo) -> dict[str, object]:
    """The event with its time in the hospital's zone, where a person sees at once whether it is right."""
    line = as_line(event)
    return {**line, "time": datetime.fromisoformat(str(line["time"])).astimezone(zone).isoformat()}
