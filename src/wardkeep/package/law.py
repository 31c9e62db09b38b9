# SPDX-License-Identifier: Apache-2.0
"""Who must be present when records are sealed and opened, in our own words, each rule with its source.

REGULATION   医疗纠纷预防和处理条例, State Council Order 701 of 2018, article 24: sealing and opening happen with both sides
             present; originals or copies, kept by the institution; what is complete is sealed first, later parts after; a
             list is made, both sides sign or stamp it and each keeps one; the institution opens by itself when the
             dispute is settled, or where three years after the sealing the patient has asked for nothing more.
RULES        医疗机构病历管理规定 (2013), document 31 of that year, chapter on sealing and opening (articles 24 to 27): where
             the patient's side refuses to take part, a notary's office may confirm and seal; opening happens with those
             present who sealed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

REGULATION = "医疗纠纷预防和处理条例 (State Council Order 701, 2018), article 24"
RULES = "医疗机构病历管理规定 (2013), articles 24 to 27"
YEARS = 3


class Side(StrEnum):
    """Whom somebody who is present stands for."""

    INSTITUTION = "institution"
    FAMILY = "family"
    NOTARY = "notary"


class Ground(StrEnum):
    """Why a package is opened."""

    SETTLED = "settled"
    THREE_YEARS = "three_years"
    COPY = "copy"
    APPRAISAL = "appraisal"
    MEDIATION = "mediation"
    LAWSUIT = "lawsuit"


#: On these the institution may open by itself.
ALONE = frozenset({Ground.SETTLED, Ground.THREE_YEARS})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not allowed, and where that is written."""

    code: str
    sentence: str
    source: str


NOBODY_OF_THE_INSTITUTION = Refusal(
    "no_institution", "nobody of the institution is named as present: it takes part and keeps the package", REGULATION
)
ONE_SIDE_SEALS = Refusal(
    "one_side_seals",
    "records are sealed with both sides present: name the patient or kin, or the notary where they refuse to take part",
    f"{REGULATION}; {RULES}",
)
ONE_SIDE_OPENS = Refusal(
    "one_side_opens",
    "the institution may open by itself only when the dispute is settled, or after three years without a demand",
    REGULATION,
)
NOT_THREE_YEARS = Refusal(
    "not_three_years",
    "three years without a demand have not passed since the package was sealed, added to, or a demand was made",
    REGULATION,
)
NO_DOCUMENT = Refusal(
    "no_document",
    "name the document that shows that the dispute is settled: agreement, ruling or withdrawal",
    REGULATION,
)


def sealing_refused(present: Collection[Side]) -> Refusal | None:
    """Why those who are present cannot seal, None where they can."""
    if Side.INSTITUTION not in present:
        return NOBODY_OF_THE_INSTITUTION
    return None if {Side.FAMILY, Side.NOTARY} & set(present) else ONE_SIDE_SEALS


def opening_refused(
    ground: Ground,
    present: Collection[Side],
    *,
    sealers: Collection[Side],
    since: datetime,
    at: datetime,
    document: str,
) -> Refusal | None:
    """Why those who are present cannot open now, None where they can.

    sealers: who was present at the sealings. since: the newest sealing or demand; counting from there is the cautious reading.
    """
    if Side.INSTITUTION not in present:
        return NOBODY_OF_THE_INSTITUTION
    if ground is Ground.SETTLED and not document.strip():
        return NO_DOCUMENT
    if ground is Ground.THREE_YEARS and at.astimezone(since.tzinfo).date() <= anniversary(since.date()):
        return NOT_THREE_YEARS
    # The family may stand in for a notary who sealed because they had refused: it is their side.
    both = Side.FAMILY in present or set(sealers) <= set(present)
    return None if both or ground in ALONE else ONE_SIDE_OPENS


def anniversary(day: date) -> date:
    """The last day of the three years; the institution may open from the day after."""
    try:
        return day.replace(year=day.year + YEARS)
    except ValueError:  # 29 February
        return date(day.year + YEARS, 3, 1)
