# SPDX-License-Identifier: Apache-2.0
"""What each detection is: its definition, what it needs, what it is held against, whom it serves. Pure data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from wardkeep.watch.detect.finding import Detection as D


class Family(StrEnum):
    """Kinds of detections that share the day's budget; none may take more than `family_share` while others wait."""

    RELATION = "relation"
    TIE = "tie"
    PATIENT = "patient"
    VOLUME = "volume"
    ACCOUNT = "account"


class Evidence(StrEnum):
    """Which events a finding rests on; each is a text `evidence_...`."""

    #: Events without reason, of the patient where the finding has one.
    OPEN = "open"
    #: Of these only the patients with whom the department has nothing to do.
    STRAY = "stray"
    #: Exports, prints and queries without a ticket.
    STATEMENT = "statement"
    #: Queries for statistics, and pieces of one.
    STATISTICS = "statistics"
    #: Changes of site, and the event before each.
    TRAVEL = "travel"
    #: Changes of workstation.
    OVERLAP = "overlap"
    #: Searches, denied openings and openings in sequence.
    SEARCH = "search"
    #: Changes and deletions when nothing should change any more.
    EDIT = "edit"
    #: Changes and deletions by a statement in a database.
    DIRECT = "direct"
    #: Everything that touched a record.
    TOUCH = "touch"


class Scene(StrEnum):
    """The scenes of hospital guidance (G) and of GB/T 39725 clause 11 (S)."""

    G_ONLINE = "online medical data"
    G_ALLIANCE = "medical-alliance access"
    G_RESEARCH = "clinical research data"
    G_INSURANCE = "health-insurance exchange"
    G_DEVICE = "device remote maintenance"
    G_CENTRE = "big-data-centre data"
    G_WEARABLE = "wearable data"
    G_APP = "health app data"
    S_DOCTOR = "11.1 doctor access"
    S_PATIENT = "11.2 patient query"
    S_RESEARCH = "11.3 clinical research"
    S_SECONDARY = "11.4 secondary use"
    S_SENSING = "11.5 health sensing"
    S_MOBILE = "11.6 mobile application"
    S_INSURANCE = "11.7 commercial-insurance link"
    S_DEVICE = "11.8 medical device"


class Threat(StrEnum):
    """The threats that the hospital guidance names."""

    LOGIN = "illegal login"
    UNAUTHORISED = "unauthorised access"
    ABNORMAL = "abnormal access"
    IMPERSONATED = "impersonated query"
    BATCH = "batch theft"
    PLAINTEXT = "plaintext leak"
    TAMPERING = "tampering"
    LINK = "insecure link"
    MAINTENANCE = "unkept maintenance records"
    CLASSIFICATION = "missing classification"


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """One detection. Its rows are made by the text `find_<code>`, whose description is the definition."""

    code: D
    #: Number in the list of detections; 0: decoys.
    number: int
    family: Family
    evidence: Evidence
    #: Columns of its rows that are shown as what was seen.
    measures: tuple[str, ...]
    #: Thresholds that it is held against.
    thresholds: tuple[str, ...]
    #: Tables without any one of which it is not evaluated; alternatives are separated by `|`.
    needs: tuple[str, ...]
    scenes: tuple[Scene, ...]
    threats: tuple[Threat, ...]

    @property
    def query(self) -> str:
        """The name of its text."""
        return f"find_{self.code.value}"


_CARE = ("accounts", "patients", "encounters|appointments|orders")
_TIES = ("accounts", "staff", "patients")
_READ = (Scene.G_ONLINE, Scene.G_ALLIANCE, Scene.S_DOCTOR)
_ODD = (Threat.UNAUTHORISED, Threat.ABNORMAL)
_MASS = (Scene.G_ONLINE, Scene.G_CENTRE, Scene.G_INSURANCE, Scene.S_DOCTOR, Scene.S_SECONDARY, Scene.S_INSURANCE)


def _one(
    code: D,
    number: int,
    family: Family,
    measures: str,
    thresholds: str = "",
    *,
    evidence: Evidence = Evidence.OPEN,
    needs: tuple[str, ...] = _CARE,
    scenes: tuple[Scene, ...] = _READ,
    threats: tuple[Threat, ...] = _ODD,
) -> Described:
    return Described(
        code=code, number=number, family=family, evidence=evidence, measures=tuple(measures.split()),
        thresholds=tuple(thresholds.split()), needs=needs, scenes=scenes, threats=threats,
    )  # fmt: skip


DETECTIONS: dict[D, Described] = {
    d.code: d
    for d in (
        _one(D.NO_REASON, 1, Family.RELATION, "accesses days"),
        _one(D.UNUSUAL_PAIR, 2, Family.RELATION, "unusual_pair_lift", "unusual_pair_lift",
             needs=("accounts", "encounters")),
        _one(D.HOUSEHOLD, 3, Family.TIE, "accesses same_address same_phone emergency_contact", needs=_TIES),
        _one(D.SURNAME, 3, Family.TIE, "surname_common_share", "surname_common_share", needs=_TIES),
        _one(D.COWORKER, 4, Family.TIE, "accesses days", needs=_TIES),
        _one(D.MANAGER, 4, Family.TIE, "accesses days", needs=_TIES),
        _one(D.SELF_ACCESS, 5, Family.TIE, "accesses days other_number", needs=_TIES, 
             scenes=(Scene.G_ONLINE, Scene.S_DOCTOR, Scene.S_PATIENT), threats=(Threat.UNAUTHORISED,)),
        _one(D.VIP, 6, Family.PATIENT, "accesses", needs=("accounts", "patients")),
        _one(D.SENSITIVE, 6, Family.PATIENT, "accesses", needs=("accounts", "patients"),
             threats=(*_ODD, Threat.CLASSIFICATION)),
        _one(D.CROWD, 6, Family.PATIENT, "crowd_accounts crowd_departments", "crowd_accounts crowd_departments crowd_days"),
        _one(D.NEIGHBOUR, 7, Family.TIE, "building_patients", "building_patients", needs=_TIES),
        _one(D.DECEASED, 8, Family.PATIENT, "deceased_days", "deceased_days", needs=("accounts", "patients")),
        _one(D.NOT_UNDER_CARE, 8, Family.RELATION, "accesses inactive_days", "inactive_days", needs=("accounts", "encounters")),
        _one(D.BATCH, 9, Family.VOLUME, "batch_10min batch_day", "batch_10min batch_day", scenes=_MASS,
             threats=(Threat.BATCH, Threat.ABNORMAL)),
        _one(D.BULK_EXPORT, 9, Family.VOLUME, "bulk_records", "bulk_records", evidence=Evidence.STATEMENT,
             needs=("accounts", "tickets"),
             scenes=(Scene.G_RESEARCH, Scene.G_INSURANCE, Scene.G_CENTRE, Scene.S_RESEARCH, Scene.S_SECONDARY,
                     Scene.S_INSURANCE),
             threats=(Threat.BATCH, Threat.PLAINTEXT)),
        _one(D.LOW_AND_SLOW, 10, Family.VOLUME, "slow_level slow_days patients", "slow_level slow_days",
             evidence=Evidence.STRAY, scenes=_MASS, threats=(Threat.BATCH, Threat.ABNORMAL)),
        _one(D.STATISTICS, 11, Family.VOLUME,
             "queries records by_prescriber statistics_pieces accounts fingerprint columns parsed other_ticket",
             "bulk_records statistics_pieces", evidence=Evidence.STATISTICS,
             needs=("accounts", "tickets"), scenes=(Scene.G_CENTRE, Scene.G_INSURANCE, Scene.S_SECONDARY),
             threats=(Threat.ABNORMAL, Threat.BATCH)),
        _one(D.IMPOSSIBLE_TRAVEL, 12, Family.ACCOUNT, "travel_minutes changes patients", "travel_minutes",
             evidence=Evidence.TRAVEL, needs=("accounts",), threats=(Threat.LOGIN, Threat.IMPERSONATED)),
        _one(D.OVERLAP, 12, Family.ACCOUNT, "overlap_minutes changes", "overlap_minutes", evidence=Evidence.OVERLAP,
             needs=("accounts",), threats=(Threat.LOGIN, Threat.IMPERSONATED)),
        _one(D.LEAVER, 13, Family.ACCOUNT, "accesses days_after", needs=("accounts", "staff"),
             threats=(Threat.LOGIN, Threat.UNAUTHORISED)),
        _one(D.DORMANT, 13, Family.ACCOUNT, "dormant_days accesses", "dormant_days", needs=("accounts",),
             threats=(Threat.LOGIN, Threat.ABNORMAL)),
        _one(D.VENDOR, 13, Family.ACCOUNT, "accesses patients", needs=("accounts", "staff", "tickets"),
             scenes=(Scene.G_DEVICE, Scene.G_CENTRE, Scene.S_DEVICE),
             threats=(Threat.MAINTENANCE, Threat.LINK, Threat.UNAUTHORISED)),
        _one(D.SERVICE_MISUSE, 13, Family.ACCOUNT, "accesses patients", needs=("accounts",),
             scenes=(Scene.G_DEVICE, Scene.G_CENTRE, Scene.G_APP, Scene.G_WEARABLE, Scene.S_SENSING, Scene.S_MOBILE,
                     Scene.S_DEVICE),
             threats=(Threat.IMPERSONATED, Threat.LINK, Threat.ABNORMAL)),
        _one(D.BREAKGLASS, 14, Family.RELATION, "accesses", "breakglass_hours"),
        _one(D.OFF_ROSTER, 15, Family.ACCOUNT, "accesses", needs=(*_CARE, "shifts")),
        _one(D.ENUMERATION, 15, Family.VOLUME, "searches_hour denied_day sequence_run", "searches_hour denied_day sequence_run",
             evidence=Evidence.SEARCH, needs=("accounts",), scenes=_MASS, threats=(Threat.IMPERSONATED, Threat.BATCH)),
        _one(D.LATE_EDIT, 16, Family.ACCOUNT,
             "edits deletions records hours_after_request hours_after_care hours_after_archive",
             "edit_request_days edit_after_hours deletes_day", evidence=Evidence.EDIT,
             needs=("accounts", "work_items|encounters"), threats=(Threat.TAMPERING,)),
        _one(D.DIRECT_EDIT, 16, Family.ACCOUNT, "edits deletions mass_delete_rows emptied",
             "mass_delete_rows mass_delete_factor", evidence=Evidence.DIRECT,
             needs=("accounts", "tickets"), scenes=(Scene.G_ONLINE, Scene.G_CENTRE, Scene.G_DEVICE, Scene.S_SECONDARY),
             threats=(Threat.TAMPERING, Threat.UNAUTHORISED, Threat.MAINTENANCE)),
        _one(D.HONEY, 0, Family.PATIENT, "accesses", needs=("accounts", "patients"), scenes=(*_READ, Scene.G_CENTRE)),
    )
}  # fmt: skip


def evaluated(tables: Collection[str]) -> dict[str, str | tuple[str, ...]]:
    """detection -> "evaluated", or the names of the tables that are missing for it."""
    out: dict[str, str | tuple[str, ...]] = {}
    for code, described in DETECTIONS.items():
        missing = tuple(need for need in described.needs if not any(name in tables for name in need.split("|")))
        out[code.value] = missing or "evaluated"
    return out
