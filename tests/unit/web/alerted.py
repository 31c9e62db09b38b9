# SPDX-License-Identifier: Apache-2.0
"""Live alerts of every kind about invented people, kept by the action that keeps them in earnest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tests.conftest import NOON
from tests.unit.web import hospital
from wardkeep.watch.live import Alert, LiveDetection

D = LiveDetection
SEEN: dict[LiveDetection, dict[str, Any]] = {
    D.HONEY: {"patient_id": "P-DECOY"},
    D.SELF_ACCESS: {"patient_id": hospital.VICTIM},
    D.BATCH: {"observed": {"batch_patients": 44}, "limits": {"batch_patients": 40, "batch_minutes": 10}},
    D.LEAVER: {"observed": {"days_after": 3}},
    D.SHARED: {"observed": {"other": "WS-0999", "between_s": 130}, "limits": {"overlap_minutes": 10}},
    D.TRAVEL: {"observed": {"from_site": "东院区", "to_site": "西院区", "between_s": 300}},
    D.BRUTE_FORCE: {"limits": {"failed_logins": 10, "failed_minutes": 10}},
    D.SPRAYING: {"account": "", "observed": {"spray_accounts": 15}, "limits": {"spray_minutes": 10}},
    D.NEW_PLACE: {"observed": {"known": 2}},
    D.MAINTENANCE: {"observed": {"tickets": 1}},
    D.PLAINTEXT: {"observed": {"protocol": "21"}},
    D.REMOTE_TOOL: {"observed": {"program": "向日葵"}},
}


def alert(detection: LiveDetection = D.HONEY, **more: Any) -> Alert:
    at_us = int(NOON.timestamp() * 1e6)
    values: dict[str, Any] = {
        "account": hospital.NOSY, "person": "S002", "at_us": at_us, "heard_us": at_us + 400_000, "system": "HIS",
        "workstation": "WS-0421", "ip": "10.20.30.40",
    }  # fmt: skip
    return Alert(detection=detection, **{**values, **SEEN[detection], **more})


def kept(alerts: Iterable[Alert], *, minute: int = 0) -> list[Any]:
    """Keeps them, each a second after the one before."""
    from wardkeep.govern.alerts import actions

    begin = NOON + timedelta(minutes=minute)
    return [row for n, one in enumerate(alerts) for row in actions.keep([one], at=begin + timedelta(seconds=n))]


def alert_row() -> Any:
    """The key of a new one."""
    return kept([alert()])[0].pk
