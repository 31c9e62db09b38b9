# SPDX-License-Identifier: Apache-2.0
"""Events of an invented hospital as they are heard, minute by minute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wardkeep.watch.intake.row import Row, to_json
from wardkeep.watch.live import Alert, Holder, Known, Limits, Live, Ticket

MINUTE = 60_000_000
NOON = 1_772_424_000_000_000

KNOWN = Known(
    honey=frozenset({"P-HONEY"}),
    holders={
        "nurse1": Holder(person="S1", role="nurse", own="P-OWN", others=frozenset({"P-OLD", "P-OLDER"})),
        "nurse2": Holder(person="S2", role="nurse"),
        "left": Holder(person="S3", role="nurse", until_us=NOON),
        "new": Holder(person="S4", role="nurse", from_us=NOON),
        "maker": Holder(person="S5", role="vendor"),
        "root": Holder(person="S6", role="it"),
        "root2": Holder(person="S7", role="it"),
        "his_app": Holder(kind="service"),
        "ward3": Holder(kind="shared"),
    },
    tickets={"maker": (Ticket(from_us=NOON, until_us=NOON + 60 * MINUTE),)},
    peers={"nurse": 5},
    privileged=frozenset({"root", "root2"}),
    places={"root": frozenset({"ADM-1", "10.0.0.9"})},
    sites={"WS-EAST": "east", "WS-WEST": "west"},
    remote_tools=frozenset({"anydesk", "todesk"}),
    plain_protocols=frozenset({"ftp", "telnet", "http"}),
    plain_ports=frozenset({21, 23, 80}),
)


def event(minute: float = 0.0, account: str | None = "nurse1", *patients: str, **more: Any) -> Row:
    """One event, so many minutes after noon."""
    extra = more.pop("extra", None)
    values: dict[str, Any] = {
        "event_id": None, "time": NOON + round(minute * MINUTE), "time_quality": "offset", "account": account,
        "patients": patients, "action": "read", "resource": None, "amount": 1, "purpose": None, "breakglass": False,
        "outcome": "success", "system": "emr", "workstation": None, "ip": None, "site": None, "session_id": None,
        "query": None, "duration_ms": None, "kind": "access", "format": "fhir-r4", "position": "1",
        "raw_sha256": bytes(32), "extra": to_json(extra) if extra else None,
    }  # fmt: skip
    return Row(**{**values, **more})


def failed(minute: float, account: str = "nurse1", **more: Any) -> Row:
    return event(minute, account, action="login", outcome="failure", **{"ip": "10.0.0.1", **more})


def judged(rows: Iterable[Row], *, known: Known = KNOWN, live: Live | None = None, **limits: Any) -> list[Alert]:
    """What a fresh engine says, each event heard when it happened."""
    live = live or Live(Limits(**limits), known)
    return [alert for row in rows for alert in live.judge([row], heard_us=row.time)]


def said(rows: Iterable[Row], **more: Any) -> list[str]:
    return [alert.detection.value for alert in judged(rows, **more)]
