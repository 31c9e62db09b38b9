# SPDX-License-Identifier: Apache-2.0
"""Reading bytes as if they were a file."""

from __future__ import annotations

from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.reading import events_of

ZONE = "Asia/Shanghai"


def read(
    data: bytes, name: str, *, mapping: Mapping | None = None, form: str | None = None
) -> list[AccessEvent | Rejected]:
    with Source.of_bytes(data, name) as source:
        return list(events_of(source, zone=ZONE, form=form, mapping=mapping))


def one(data: bytes, name: str, *, mapping: Mapping | None = None) -> AccessEvent:
    found = read(data, name, mapping=mapping)
    assert len(found) == 1 and isinstance(found[0], AccessEvent), found
    return found[0]


def refused(data: bytes, name: str, *, mapping: Mapping | None = None, form: str | None = None) -> Rejected:
    found = read(data, name, mapping=mapping, form=form)
    assert len(found) == 1 and isinstance(found[0], Rejected), found
    return found[0]
