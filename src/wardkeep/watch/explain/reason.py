# SPDX-License-Identifier: Apache-2.0
"""`Reason`: the documented relationships that explain an event, what each needs, and which is shown first. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Codes; the console makes the words. The order is that of preference: the first that holds is shown."""

    #: The person's own appointment with the patient.
    APPOINTMENT = "appointment"
    #: The person answers for the encounter.
    ATTENDING = "attending"
    CARE_TEAM = "care_team"
    #: The person placed an order around that day.
    ORDER_PLACED = "order_placed"
    #: The person reads results of an order of theirs.
    RESULT = "result"
    #: A work item (coding, billing, quality …) for the person or the department.
    WORK_ITEM = "work_item"
    #: The patient is admitted to, or seen by, the person's department.
    ENCOUNTER = "encounter"
    #: The patient lies on the person's ward, also in a borrowed bed.
    WARD = "ward"
    #: The patient comes to, or has just left, the person's ward.
    TRANSFER = "transfer"
    #: An appointment with the person's department.
    CLINIC = "clinic"
    #: A consult asked of the person's department.
    CONSULT = "consult"
    #: An order that the person's department performs: worklist, priors, report.
    ORDER_PERFORMED = "order_performed"
    #: The person's department completes the record after discharge or death.
    COMPLETION = "completion"
    #: A registrar, and the patient has an appointment or an encounter that day.
    FRONT_DESK = "front_desk"
    #: As one of the department's, for the time of a shift there.
    COVER = "cover"
    #: The patient agreed that this recipient reads the record.
    CONSENT = "consent"
    #: A research ticket, and the patient is in its cohort by consent.
    RESEARCH = "research"
    #: A ticket for maintenance, statistics or export.
    TICKET = "ticket"
    #: A service account at its usual hour from its usual host.
    SERVICE = "service"
    #: One of our own reviewers with this case in hand.
    ASSIGNED_CASE = "assigned_case"
    #: One of our own reviewers with a mandate to audit.
    AUDIT_MANDATE = "audit_mandate"
    #: The wrong record, closed at once, followed by the right one.
    MISTAKE = "mistake"
    #: The account itself wrote in the record that day, while the patient was under care.
    CHARTED = "charted"
    #: Worked that day at a workstation of the department that had a reason.
    PRESENCE = "presence"
    #: A former patient of the person's department.
    FOLLOW_UP = "follow_up"
    #: The person's department often shares the care of patients of the treating department.
    LEARNED = "learned"


#: Tables without any one of which a reason could not be looked for. Alternatives are separated by `|`.
NEEDS: dict[Reason, tuple[str, ...]] = {
    Reason.APPOINTMENT: ("appointments",),
    Reason.ATTENDING: ("encounters",),
    Reason.CARE_TEAM: ("care_team",),
    Reason.ORDER_PLACED: ("orders",),
    Reason.RESULT: ("orders",),
    Reason.WORK_ITEM: ("work_items",),
    Reason.ENCOUNTER: ("encounters",),
    Reason.WARD: ("transfers",),
    Reason.TRANSFER: ("transfers",),
    Reason.CLINIC: ("appointments",),
    Reason.CONSULT: ("orders",),
    Reason.ORDER_PERFORMED: ("orders",),
    Reason.COMPLETION: ("encounters",),
    Reason.FRONT_DESK: ("appointments|encounters",),
    Reason.COVER: ("shifts",),
    Reason.CONSENT: ("consents",),
    Reason.RESEARCH: ("tickets", "consents"),
    Reason.TICKET: ("tickets",),
    Reason.SERVICE: ("accounts",),
    Reason.ASSIGNED_CASE: ("assignments",),
    Reason.AUDIT_MANDATE: ("mandates",),
    Reason.MISTAKE: ("patients",),
    Reason.CHARTED: ("encounters|transfers",),
    Reason.PRESENCE: ("encounters|transfers|appointments|orders|work_items",),
    Reason.FOLLOW_UP: ("encounters",),
    Reason.LEARNED: ("encounters|transfers",),
}

#: Shown first = 1.
PREFERENCE: dict[Reason, int] = {reason: n for n, reason in enumerate(Reason, 1)}

#: Only our own reviewers have these: never listed as missing for a member of the hospital's staff.
REVIEWERS_ONLY = frozenset({Reason.ASSIGNED_CASE, Reason.AUDIT_MANDATE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What became of looking for one reason."""

    reason: str
    #: `found`, `not_found`, or `not_available` (a table that it needs is not there).
    state: str
    #: The tables that are not there.
    missing: tuple[str, ...] = ()
    #: The row that was found, where one was found that did not suffice.
    source_table: str | None = None
    source_id: str | None = None


def availability(tables: Collection[str]) -> dict[str, str | tuple[str, ...]]:
    """reason -> "available", or the names of the tables that are missing for it."""
    out: dict[str, str | tuple[str, ...]] = {}
    for reason in Reason:
        missing = tuple(need for need in NEEDS[reason] if not any(name in tables for name in need.split("|")))
        out[reason.value] = missing or "available"
    return out
