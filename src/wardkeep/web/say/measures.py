# SPDX-License-Identifier: Apache-2.0
"""The names of a finding's numbers and of a score's terms. A name that is not here shows itself without its underscores."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wardkeep.web.say.codes import DETECTIONS, Names

MEASURES: Names = {
    "accesses": _("accesses"),
    "other_number": _("under another number of the same person"),
    "patients": _("patients"),
    "days": _("days"),
    "accounts": _("accounts"),
    "departments": _("departments"),
    "records": _("records"),
    "changes": _("changes of place"),
    "queries": _("queries"),
    "by_prescriber": _("by prescriber"),
    "statistics_pieces": _("small queries that together make the statistic"),
    "fingerprint": _("form of the statement"),
    "columns": _("seen in"),
    "parsed": _("parsed (else told from its words)"),
    "other_ticket": _("ticket of another kind, which does not suffice"),
    "same_address": _("same address"),
    "same_phone": _("same telephone number"),
    "emergency_contact": _("emergency contact"),
    "unusual_pair_lift": _("openings of that department's patients, beside what chance gives"),
    "surname_common_share": _("share of patients with this surname"),
    "crowd_accounts": _("accounts that opened the record without a reason"),
    "crowd_departments": _("departments that these belong to"),
    "crowd_days": _("within days"),
    "building_patients": _("patients in this building"),
    "deceased_days": _("days since the death"),
    "inactive_days": _("days without care"),
    "batch_10min": _("patients in ten minutes"),
    "batch_day": _("patients in a day"),
    "bulk_records": _("records at once"),
    "slow_level": _("level above the peers (CUSUM)"),
    "slow_days": _("days with such a patient"),
    "travel_minutes": _("minutes between two sites"),
    "overlap_minutes": _("minutes between two workstations"),
    "days_after": _("days after leaving"),
    "dormant_days": _("days without use before"),
    "breakglass_hours": _("hours allowed for the documentation"),
    "searches_hour": _("searches in an hour"),
    "denied_day": _("denied openings in a day"),
    "sequence_run": _("records with consecutive numbers"),
    "edits": _("changes and deletions"),
    "deletions": _("deletions among them"),
    "hours_after_request": _("hours after copies were asked for or a complaint was made"),
    "hours_after_care": _("hours after the last care ended"),
    "hours_after_archive": _("hours after the record was archived"),
    "edit_request_days": _("days after a request in which changes are looked at"),
    "edit_after_hours": _("hours after care from which on changes are looked at"),
    "deletes_day": _("records with deletions in a day"),
}
#: What a column is about, in the columns that a statement reads (`drug: rx_item.drug_code`).
CONCEPTS: Names = {
    "drug": _("drug"),
    "consumable": _("consumable"),
    "reagent": _("reagent"),
    "item": _("item"),
    "prescriber": _("prescriber"),
    "department": _("department"),
    "quantity": _("quantity"),
    "amount": _("amount"),
    "patient": _("patient"),
    "prescription": _("prescription"),
    "day": _("day"),
}
#: Terms that are detections too have their names.
TERMS: Names = {
    **DETECTIONS,
    "base": _("how rare misuse is at all"),
    "lone": _("nobody of the department works with this patient"),
    "repeated": _("opened again on other days"),
    "breadth": _("many kinds of documents opened"),
    "systems": _("looked into several systems"),
    "read_only": _("only read, wrote nothing"),
    "seldom": _("this account seldom opens a record without a reason"),
    "strewn": _("patients of many departments, beside what the role usually opens"),
    "records": _("number of records"),
    "more_patients": _("further patients"),
    "prior_hits": _("earlier cases that were misuse"),
    "prior_misses": _("earlier cases that were no misuse"),
}
