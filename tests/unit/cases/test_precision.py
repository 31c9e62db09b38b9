# SPDX-License-Identifier: Apache-2.0
"""Precision is stated from reviewed random cases alone, with Wilson's interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from tests.rows import a_case, a_run, a_user
from wardkeep.watch.cases.precision import precision_of, wilson


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # Newcombe 1998, table I, method 3 (score without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_is_that_of_the_published_table(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


@given(total=st.integers(1, 5000), data=st.data())
def test_the_interval_holds_the_share_and_stays_within_zero_and_one(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    low, high = wilson(hits, total)
    assert 0.0 <= low <= hits / total + 1e-12
    assert hits / total - 1e-12 <= high <= 1.0
    assert wilson(total - hits, total) == pytest.approx((1 - high, 1 - low))


def test_unclear_counts_as_neither() -> None:
    found = precision_of(["misuse", "rule_broken", "not_misuse", "wrong_data", "undocumented_reason", "unclear"])
    assert (found.hits, found.reviewed, found.share) == (2, 5, 0.4)


def test_without_reviewed_cases_there_is_no_share_and_anything_is_possible() -> None:
    found = precision_of(["unclear"])
    assert (found.reviewed, found.share, found.low, found.high) == (0, None, 0.0, 1.0)


@pytest.mark.usefixtures("both_rows")
def test_only_decided_random_cases_are_counted() -> None:
    from wardkeep.watch.cases.actions import decide
    from wardkeep.watch.cases.casebook import precision

    run, li = a_run(), a_user()
    rows = [
        (a_case(run, f"c{n}", random=random, detections=[detection]), outcome)
        for n, (random, detection, outcome) in enumerate(
            [
                (True, "no_reason", "misuse"),
                (True, "no_reason", "not_misuse"),
                (True, "no_reason", ""),
                (False, "no_reason", "misuse"),
                (False, "no_reason", "misuse"),
                (True, "no_reason", "unclear"),
                (True, "random", "not_misuse"),
                (True, "random", "not_misuse"),
                (True, "random", "not_misuse"),
            ]
        )
    ]
    for case, outcome in rows:
        if outcome:
            decide(case, outcome=outcome, reason="looked", by=li, at=NOON)
    passed_over, quiet, chosen = precision(), precision(of="quiet"), precision(of="chosen")
    assert (passed_over.hits, passed_over.reviewed) == (1, 2)
    assert (quiet.hits, quiet.reviewed) == (0, 3)
    assert (chosen.hits, chosen.reviewed) == (2, 2)
