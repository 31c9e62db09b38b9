# SPDX-License-Identifier: Apache-2.0
"""An event and a rejected piece as `wardkeep intake read` prints them: one JSON object each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wardkeep.watch.event import AccessEvent, Rejected

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_line(event: AccessEvent) -> dict[str, object]:
    """The event by the field names of the hospital folder, then what else its source says."""
    extra = dict(event.extra)
    patients = extra.pop("patients", None) or list(event.patients)
    line: dict[str, object] = {
        "event_id": event.event_id,
        "time": (EPOCH + timedelta(microseconds=event.time)).isoformat(),
        "account": event.account,
        "patient_id": event.patients[0] if event.patients else None,
        "action": str(event.action),
        "resource": event.resource,
        "count": event.count,
        "purpose": event.purpose,
        "breakglass": event.breakglass,
        "outcome": str(event.outcome),
        "system": event.system,
        "workstation": event.workstation,
        "ip": event.ip,
        "site": event.site,
        "session_id": event.session_id,
        "query": event.query,
        "duration_s": None if event.duration_ms is None else event.duration_ms / 1000,
        "patients": patients,
        "kind": str(event.kind),
        "time_quality": str(event.time_quality),
        "format": event.format,
        "source": {"file": event.source, "position": event.position},
    }
    actors = extra.get("actors")
    if isinstance(actors, list):
        extra["actors"] = [_actor(actor) for actor in actors]
    return line | {key: value for key, value in extra.items() if key not in line}


def _actor(kept: dict[str, object]) -> dict[str, object]:
    """An actor with all its fields; an id that is left out is the name."""
    whole: dict[str, object] = {key: kept.get(key) for key in ("id", "alt", "name", "role")}
    whole["id"] = whole["id"] or whole["name"]
    whole["requestor"] = kept.get("requestor", False)
    return whole | ({"address": kept["address"]} if "address" in kept else {})


def rejected_line(piece: Rejected) -> dict[str, object]:
    """The piece: why, and where it stands. Its bytes are not printed: they may name a patient."""
    return {
        "rejected": piece.reason,
        "format": piece.format,
        "source": {"file": piece.source, "position": piece.position},
        "bytes": len(piece.raw),
        "truncated": piece.truncated,
    }
