# SPDX-License-Identifier: Apache-2.0
"""What a detection saw, as one sentence that claims no more than was measured, and its numbers beside their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from wardkeep.watch.cases.pages import FindingShown
from wardkeep.web.say.measures import CONCEPTS, MEASURES, TERMS
from wardkeep.web.say.reason import shown

SENTENCES: Mapping[str, str | Promise] = {
    "no_reason": _("The record was opened, and no documented reason for it was found."),
    "unusual_pair": _("This department seldom opens records of the department that treats the patient."),
    "household": _("Account holder and patient share an address, a telephone number or an emergency contact."),
    "surname": _("Account holder and patient share a surname that is rare here."),
    "coworker": _("The patient works in the same department as the account holder."),
    "manager": _("The patient is the account holder's manager, or the other way round."),
    "self_access": _("The account holder opened the own record outside the patient portal."),
    "vip": _("The record of a person of public interest was opened without a documented reason."),
    "sensitive": _("A record marked as sensitive was opened without a documented reason."),
    "crowd": _("Many accounts of different departments opened this record without a documented reason within days."),
    "neighbour": _("Account holder and patient live in the same building."),
    "deceased": _("The record of a deceased patient was opened long after the death."),
    "not_under_care": _("The patient was not under care here when the record was opened."),
    "batch": _("Many different records were opened in a short time, far more than peers open."),
    "bulk_export": _("Many records were exported, printed or queried at once without a ticket."),
    "low_and_slow": _("On many days a few records were opened without a documented reason, together far above peers."),
    "statistics": _(
        "Medicines, consumables or reagents were queried by prescriber or department, without a ticket for statistics."
    ),
    "impossible_travel": _("The account was used at two sites within a time too short to travel."),
    "overlap": _("The account was used at two workstations in turn within minutes."),
    "leaver": _("The account was used after its holder had left."),
    "dormant": _("The account was used after a long pause."),
    "vendor": _("A vendor's account was used outside an approved maintenance window."),
    "service_misuse": _("A service account was used at another hour or from another host than usual."),
    "breakglass": _("The emergency override was used, and no documentation of an emergency followed."),
    "off_roster": _("The records were opened outside the account holder's shifts."),
    "enumeration": _("Records were searched or opened one number after another."),
    "late_edit": _(
        "A record was changed after copies were asked for, after it was archived, or long after care, or many were deleted."
    ),
    "direct_edit": _(
        "Something was changed or deleted in the database itself by an account that is no application's, or very much was "
        "deleted under one that is."
    ),
    "honey": _("A decoy record was opened. No person has a reason to open it."),
    "account_day": _("What the account opened on one day. It is read like every other case."),
    "random": _("Drawn by lot among accounts and days without a finding, to measure with."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One number of a finding and the threshold of the same name, None where it has none."""

    name: str
    #: None where only the threshold is to be said.
    observed: str | None
    threshold: str | None


def saw(finding: FindingShown) -> str:
    """What the detection saw."""
    if finding.observed.get("other_number"):
        return _g(
            "The account holder opened the own record, under the number %(number)s: it was merged with the own one."
        ) % {"number": finding.patient_id or ""}
    return str(SENTENCES.get(finding.detection, finding.detection))


def measured(finding: FindingShown) -> list[Measured]:
    """The finding's numbers, those with a threshold first."""
    names = [n for n in finding.observed if n in finding.threshold]
    names += [n for n in finding.observed if n not in finding.threshold]
    rows = [
        Measured(
            name=str(MEASURES.get(name, name.replace("_", " "))),
            observed=_columns(finding.observed[name]) if name == "columns" else _value(finding.observed[name]),
            threshold=_value(finding.threshold[name]) if name in finding.threshold else None,
        )
        for name in names
    ]
    rows += [
        Measured(name=str(MEASURES.get(name, name.replace("_", " "))), observed=None, threshold=_value(value))
        for name, value in finding.threshold.items()
        if name not in finding.observed
    ]
    return rows


def term_name(code: str) -> str:
    """The name of a term of the score."""
    return str(TERMS.get(code, code.replace("_", " ")))


def explained_by(facts: Mapping[str, Any]) -> str:
    """Why a case closed itself."""
    if facts.get("why") == "no_finding_left":
        return _g("A later run found documented reasons for every access of this case; no finding is left.")
    return _g("The case closed itself.")


def _columns(value: Any) -> str:
    """`drug: rx.code, quantity: rx.qty` with the names of what the columns are about."""
    pairs = [pair.partition(": ") for pair in str(value).split(", ")]
    return ", ".join(f"{CONCEPTS.get(concept, concept)}{colon}{column}" for concept, colon, column in pairs)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return shown(value)
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return shown(value)
