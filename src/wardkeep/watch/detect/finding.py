# SPDX-License-Identifier: Apache-2.0
"""`Detection` and `Finding`: the named definitions that flag events, and one flag. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardkeep.watch.explain.reason import Looked


class Detection(StrEnum):
    """Codes of the detections; the number of each is in docs/reference/detections.md."""

    NO_REASON = "no_reason"
    UNUSUAL_PAIR = "unusual_pair"
    HOUSEHOLD = "household"
    SURNAME = "surname"
    COWORKER = "coworker"
    MANAGER = "manager"
    SELF_ACCESS = "self_access"
    VIP = "vip"
    SENSITIVE = "sensitive"
    CROWD = "crowd"
    NEIGHBOUR = "neighbour"
    DECEASED = "deceased"
    NOT_UNDER_CARE = "not_under_care"
    BATCH = "batch"
    BULK_EXPORT = "bulk_export"
    LOW_AND_SLOW = "low_and_slow"
    STATISTICS = "statistics"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    OVERLAP = "overlap"
    LEAVER = "leaver"
    DORMANT = "dormant"
    VENDOR = "vendor"
    SERVICE_MISUSE = "service_misuse"
    BREAKGLASS = "breakglass"
    OFF_ROSTER = "off_roster"
    ENUMERATION = "enumeration"
    LATE_EDIT = "late_edit"
    DIRECT_EDIT = "direct_edit"
    HONEY = "honey"
    #: Drawn by lot among account-days without a finding, to measure with.
    RANDOM = "random"


Value = float | int | str | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One flag of one detection on one account, over one or more local days."""

    #: The same in every run that finds it again from the same first event.
    finding_id: str
    detection: str
    account: str
    #: Staff number, where the account is one person's.
    person: str | None
    #: None where the finding is not about one patient.
    patient_id: str | None
    first_us: int
    last_us: int
    #: Local days since 1970-01-01; `evidence_day` is the first on which the finding was complete.
    first_day: int
    evidence_day: int
    eids: tuple[int, ...]
    event_ids: tuple[str, ...]
    #: Numbers and codes that were seen, and the thresholds of the same names that they were held against.
    observed: Mapping[str, Value]
    threshold: Mapping[str, Value]
    looked_for: tuple[Looked, ...] = ()
