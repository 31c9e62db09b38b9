# SPDX-License-Identifier: Apache-2.0
"""Precision and recall under a budget, on cases small enough to count by hand."""

from __future__ import annotations

import pytest

from bench.review import Shown, Truth, review, truths


def shown(day: int, rank: int, *events: str) -> Shown:
    return Shown(account="u", day=day, rank=rank, events=frozenset(events))


def truth(name: str, *events: str, difficulty: str = "easy", kind: str = "family", first_day: int = 1) -> Truth:
    return Truth(
        case_id=name, kind=kind, difficulty=difficulty, account="u", first_day=first_day, events=frozenset(events)
    )


TRUTH = [
    truth("M1", "a", "b"),
    truth("M2", "c", difficulty="hard"),
    truth("M3", "d", difficulty="explained", kind="gossip"),
]


def test_only_the_first_k_of_a_day_are_read() -> None:
    cases = [shown(1, 1, "x"), shown(1, 2, "y"), shown(1, 3, "a"), shown(2, 1, "c")]
    out = review(cases, TRUTH, k=2, days=2)
    assert (out.shown, out.true_shown) == (3, 1)
    assert set(out.found) == {"M2"}


def test_precision_counts_cases_and_recall_counts_intents() -> None:
    cases = [shown(1, 1, "a"), shown(2, 1, "b"), shown(2, 2, "x"), shown(3, 1, "c")]
    out = review(cases, TRUTH, k=3, days=3)
    assert out.precision == pytest.approx(3 / 4)  # the same intent twice is right twice
    assert out.recall() == 1.0  # and found once; the hopeless one is left out
    assert out.recall(difficulty="explained") == 0.0


def test_recall_of_a_kind_that_did_not_happen_is_unknown() -> None:
    assert review([], TRUTH, k=3, days=3).recall(kind="batch") is None


def test_the_ceiling_is_every_true_case_over_all_slots() -> None:
    assert review([], TRUTH, k=3, days=2).ceiling == pytest.approx(0.5)
    assert review([], TRUTH, k=1, days=2).ceiling == 1.0


def test_days_to_detect_count_from_the_first_act() -> None:
    out = review([shown(5, 1, "a")], [truth("M1", "a", first_day=2)], k=1, days=9)
    assert out.days_to_detect() == [3]


def test_rows_of_the_truth_become_cases() -> None:
    row = {"kind": "family", "difficulty": "easy", "case_id": "M1", "account": "u"}
    made = truths([{**row, "event_id": "a"}, {**row, "event_id": "b"}], {"a": 7, "b": 4})
    assert made == [
        Truth(case_id="M1", kind="family", difficulty="easy", account="u", first_day=4, events=frozenset("ab"))
    ]
