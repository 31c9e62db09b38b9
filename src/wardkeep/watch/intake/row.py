# SPDX-License-Identifier: Apache-2.0
"""`Row`: an event inside intake, a plain tuple in the order of the batch columns.

Readers make rows by the hundred thousand a second; a frozen dataclass costs ten times as much. What leaves intake is a
batch of columns, or an `AccessEvent` made from a row.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import msgspec

from wardkeep.watch.event import OWN_SYSTEM, AccessEvent, Action, Kind, Outcome, Rejected, TimeQuality
from wardkeep.watch.intake.limits import KEEP, RECORD


class Row(NamedTuple):
    """One event; `patients` as in AccessEvent, `extra` already JSON (keys sorted) or None where empty.

    `amount` is the event's `count`, a name that a tuple has taken."""

    event_id: str | None
    time: int
    time_quality: str
    account: str | None
    patients: tuple[str, ...]
    action: str
    resource: str | None
    amount: int
    purpose: str | None
    breakglass: bool
    outcome: str
    system: str
    workstation: str | None
    ip: str | None
    site: str | None
    session_id: str | None
    query: str | None
    duration_ms: int | None
    kind: str
    format: str
    position: str
    raw_sha256: bytes
    extra: str | None


#: What a reader makes of a record.
Read: TypeAlias = Row | Rejected

#: Why a record is set aside whose source calls itself as we do.
RESERVED = (
    f"reserved-system: `{OWN_SYSTEM}` is the system of what is opened in Wardkeep itself; no source may have its name"
)

_encode = msgspec.json.Encoder(order="sorted").encode


def reserved(system: str) -> bool:
    """Whether it is our own name, however it is written: nobody who reads it would tell the two apart."""
    return system.strip().casefold() == OWN_SYSTEM


def set_aside(
    reason: str, raw: bytes, *, form: str, source: str, position: str, head: bytes = b"", truncated: bool = False
) -> Rejected:
    """A record that is none, kept whole; of one over the limit its begin. `truncated`: bytes of it are missing already."""
    long = len(raw) > RECORD
    kept = raw[:KEEP] if long else raw
    return Rejected(
        reason=reason, format=form, source=source, position=position, raw=kept, truncated=long or truncated, head=head
    )


def to_json(extra: dict[str, object]) -> str | None:
    """The `extra` of a row; None where it is empty."""
    return _encode(extra).decode() if extra else None


def to_event(row: Row, source: str) -> AccessEvent:
    """The row in the shape that leaves intake."""
    return AccessEvent(
        event_id=row.event_id,
        time=row.time,
        time_quality=TimeQuality(row.time_quality),
        account=row.account,
        patients=row.patients,
        action=Action(row.action),
        resource=row.resource,
        count=row.amount,
        purpose=row.purpose,
        breakglass=row.breakglass,
        outcome=Outcome(row.outcome),
        system=row.system,
        workstation=row.workstation,
        ip=row.ip,
        site=row.site,
        session_id=row.session_id,
        query=row.query,
        duration_ms=row.duration_ms,
        kind=Kind(row.kind),
        format=row.format,
        source=source,
        position=row.position,
        raw_sha256=row.raw_sha256,
        extra=msgspec.json.decode(row.extra) if row.extra else {},
    )


def to_row(event: AccessEvent) -> Row:
    """The event as a row."""
    return Row(
        event.event_id,
        event.time,
        str(event.time_quality),
        event.account,
        event.patients,
        str(event.action),
        event.resource,
        event.count,
        event.purpose,
        event.breakglass,
        str(event.outcome),
        event.system,
        event.workstation,
        event.ip,
        event.site,
        event.session_id,
        event.query,
        event.duration_ms,
        str(event.kind),
        event.format,
        event.position,
        event.raw_sha256,
        to_json(event.extra),
    )
