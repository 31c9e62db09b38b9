# SPDX-License-Identifier: Apache-2.0
"""Who must be there when records are sealed and opened (Order 701, article 24)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.packages import SEALED
from wardkeep.package.law import Ground, Refusal, Side, anniversary, opening_refused, sealing_refused

HOSPITAL, KIN, NOTARY = Side.INSTITUTION, Side.FAMILY, Side.NOTARY
LATER = SEALED.replace(year=2030)


def code(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    "present, refused",
    [
        ({HOSPITAL, KIN}, None),
        ({HOSPITAL, NOTARY}, None),  # the family refused to take part
        ({HOSPITAL}, "one_side_seals"),
        ({KIN}, "no_institution"),
        ({KIN, NOTARY}, "no_institution"),
        (set(), "no_institution"),
    ],
)
def test_records_are_sealed_with_both_sides_present(present: set[Side], refused: str | None) -> None:
    assert code(sealing_refused(present)) == refused


@pytest.mark.parametrize(
    "ground, present, sealers, at, document, refused",
    [
        (Ground.COPY, {HOSPITAL, KIN}, {HOSPITAL, KIN}, SEALED, "", None),
        (
            Ground.COPY,
            {HOSPITAL},
            {HOSPITAL, KIN},
            LATER,
            "",
            "one_side_opens",
        ),  # time alone makes no other ground lawful
        (Ground.LAWSUIT, {HOSPITAL}, {HOSPITAL, KIN}, SEALED, "传票", "one_side_opens"),
        (Ground.COPY, {HOSPITAL, NOTARY}, {HOSPITAL, KIN}, SEALED, "", "one_side_opens"),  # who sealed was the family
        (Ground.COPY, {HOSPITAL, NOTARY}, {HOSPITAL, NOTARY}, SEALED, "", None),
        (Ground.COPY, {HOSPITAL, KIN}, {HOSPITAL, NOTARY}, SEALED, "", None),
        (Ground.COPY, {KIN}, {HOSPITAL, KIN}, SEALED, "", "no_institution"),
        (Ground.SETTLED, {HOSPITAL}, {HOSPITAL, KIN}, SEALED, "调解协议书", None),
        (Ground.SETTLED, {HOSPITAL}, {HOSPITAL, KIN}, SEALED, "", "no_document"),
        (Ground.SETTLED, {HOSPITAL, KIN}, {HOSPITAL, KIN}, SEALED, "", "no_document"),
        (
            Ground.THREE_YEARS,
            {HOSPITAL},
            {HOSPITAL, KIN},
            datetime(2029, 3, 2, 15, 59, 59, tzinfo=UTC),
            "",
            "not_three_years",
        ),
        (
            Ground.THREE_YEARS,
            {HOSPITAL},
            {HOSPITAL, KIN},
            datetime(2029, 3, 2, 16, 0, tzinfo=UTC),
            "",
            None,
        ),  # 3 March in Shanghai
        (Ground.THREE_YEARS, {HOSPITAL, KIN}, {HOSPITAL, KIN}, SEALED, "", "not_three_years"),
    ],
)
def test_the_institution_opens_by_itself_only_when_settled_or_after_three_years(
    ground: Ground, present: set[Side], sealers: set[Side], at: datetime, document: str, refused: str | None
) -> None:
    found = opening_refused(ground, present, sealers=sealers, since=SEALED, at=at, document=document)
    assert code(found) == refused
    assert found is None or "article 24" in found.source


def test_three_years_from_a_leap_day_end_a_day_later_not_earlier() -> None:
    assert anniversary(date(2024, 2, 29)) == date(2027, 3, 1)
    assert anniversary(date(2024, 2, 28)) == date(2027, 2, 28)
