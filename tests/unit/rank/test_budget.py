# SPDX-License-Identifier: Apache-2.0
"""The budget: never more cases a day than it allows, the best first, no family alone while others wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rank.test_score import item
from wardkeep.watch.detect.described import Family
from wardkeep.watch.rank.budget import Budget, open_cases
from wardkeep.watch.rank.item import Item, Opened, Score, score_of

BUDGET = Budget(cases_a_day=3, random_share=0.0, family_share=1.0, backlog_days=2, case_gap_days=7, settling_days=2)
ITEMS = st.lists(
    st.builds(
        lambda account, p, day, name, value: item(p, day=day, account=f"u{account}", **{name: value}),
        st.integers(0, 12), st.integers(0, 5), st.integers(0, 20), st.sampled_from(["household", "vip", "off_roster", "lone"]),
        st.floats(0.1, 1),
    ),
    max_size=60,
)  # fmt: skip
BUDGETS = st.builds(
    Budget, cases_a_day=st.integers(1, 5), random_share=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    family_share=st.sampled_from([0.1, 0.5, 1.0]), backlog_days=st.integers(0, 7), case_gap_days=st.integers(0, 7),
    settling_days=st.integers(0, 3),
)  # fmt: skip


def score(items: Sequence[Item]) -> Score:
    return score_of(items)


def opened(items: list[Item], **changes: float) -> list[Opened]:
    return open_cases(items, budget=replace(BUDGET, **changes), score=score)  # type: ignore[arg-type]


@settings(deadline=None)
@given(ITEMS, BUDGETS)
def test_no_day_has_more_cases_than_the_budget_with_those_drawn_by_lot(items: list[Item], budget: Budget) -> None:
    counts = Counter(case.day for case in open_cases(items, budget=budget, score=score))
    assert all(n + budget.lots(day) <= budget.cases_a_day for day, n in counts.items())


@settings(deadline=None)
@given(ITEMS, BUDGETS)
def test_every_item_is_in_one_case_at_most_and_never_before_its_day(items: list[Item], budget: Budget) -> None:
    cases = open_cases(items, budget=budget, score=score)
    held = [id(i) for case in cases for i in case.items]
    assert len(held) == len(set(held))
    for case in cases:
        assert {i.account for i in case.items} == {case.account}
        assert min(i.day for i in case.items) <= case.day <= min(i.day for i in case.items) + budget.backlog_days


@settings(deadline=None)
@given(ITEMS, BUDGETS, st.randoms(use_true_random=False))
def test_the_order_in_which_items_come_makes_no_difference(items: list[Item], budget: Budget, random) -> None:  # type: ignore[no-untyped-def]
    mixed = list(items)
    random.shuffle(mixed)
    one, other = (
        {(c.day, c.account, frozenset(map(id, c.items))) for c in open_cases(i, budget=budget, score=score)}
        for i in (items, mixed)
    )
    assert one == other


@settings(deadline=None)
@given(st.integers(1, 20), st.floats(0, 1), st.integers(0, 10_000))
def test_slots_drawn_by_lot_are_evened_out_over_days(cases: int, share: float, first: int) -> None:
    budget = replace(BUDGET, cases_a_day=cases, random_share=share)
    total = sum(budget.lots(day) for day in range(first, first + 100))
    assert abs(total - 100 * share * cases) <= 1 + 1e-6
    assert all(budget.slots(day) >= 0 for day in range(first, first + 100))


def test_the_best_are_opened_when_there_are_too_many() -> None:
    items = [item(1, account=f"u{n}", household=n / 10) for n in range(6)]
    assert {case.account for case in opened(items)} == {"u5", "u4", "u3"}


@pytest.mark.parametrize("backlog, accounts", [(0, {"u5", "u4", "u3", "v"}), (1, {"u5", "u4", "u3", "u2", "u1", "v"})])
def test_what_found_no_place_takes_a_free_one_within_the_backlog(backlog: int, accounts: set[str]) -> None:
    items = [item(1, account=f"u{n}", household=n / 10) for n in range(6)] + [item(1, day=1, account="v", vip=1.0)]
    assert {case.account for case in opened(items, backlog_days=backlog)} == accounts


def test_what_is_less_likely_than_the_floor_opens_no_case_on_a_free_day() -> None:
    weak, strong = item(1, account="weak", lone=1.0), item(1, account="strong", honey=1.0)
    assert {case.account for case in opened([weak, strong], floor=-3.5)} == {"strong"}
    assert len(opened([weak, strong])) == 2


def test_no_family_takes_more_than_its_share_while_another_waits() -> None:
    items = [item(1, account=f"u{n}", household=1.0) for n in range(4)] + [item(1, account="v", off_roster=0.1)]
    families = Counter(score(case.items).family for case in opened(items, family_share=0.5))
    assert families == {Family.TIE: ceil(0.5 * 3), Family.ACCOUNT: 1}


def test_a_family_fills_what_no_other_wants() -> None:
    items = [item(1, account=f"u{n}", household=1.0) for n in range(4)]
    assert len(opened(items, family_share=0.1)) == 3


@pytest.mark.parametrize(
    "second, cases",
    [
        (item(2, day=2, household=1.0), 1),  # before the case settles, whoever the patient
        (item(2, day=3, household=1.0), 2),  # another patient after that: another case
        (item(1, day=7, household=1.0), 1),  # the same patient within the gap
        (item(1, day=8, household=1.0), 2),
    ],
)
def test_a_case_goes_on_until_it_settles_and_with_the_same_patient_until_a_gap(second: Item, cases: int) -> None:
    assert len(opened([item(1, household=1.0), second])) == cases


def test_a_known_case_keeps_its_day_and_takes_no_other_slot() -> None:
    known = Opened(account="ann", a=1, day=0, items=[item(1, household=1.0)], known="K")
    others = [item(1, account=f"u{n}", household=n / 10) for n in range(5)]
    cases = open_cases(others, budget=BUDGET, score=score, known=[known], taken={0: 1})
    assert cases[0] is known
    assert {case.account for case in cases[1:] if case.day == 0} == {"u4", "u3"}


def test_the_lot_picks_among_what_the_ranking_passed_over_and_nothing_that_it_chose() -> None:
    budget = replace(BUDGET, cases_a_day=10, random_share=0.1, backlog_days=0)
    asked: dict[int, Sequence[str]] = {}

    def draw(day: int, accounts: Sequence[str]) -> Sequence[str]:
        asked[day] = accounts
        return accounts[: budget.picks(day)]

    items = [item(1, day=day, account=f"u{day}{n:02}", household=n / 20) for day in (20, 21) for n in range(14)]
    cases = open_cases(items, budget=budget, score=score, draw=draw)
    for day, picks in ((20, 0), (21, 1)):
        chosen = {case.account for case in cases if case.day == day and not case.picked}
        picked = {case.account for case in cases if case.day == day and case.picked}
        assert (len(chosen), len(picked)) == (9, picks)
        assert not chosen & set(asked[day]) and picked <= set(asked[day]) and len(asked[day]) == 5


@settings(deadline=None)
@given(st.integers(1, 20), st.floats(0, 1), st.integers(0, 10_000))
def test_half_of_the_lots_are_drawn_among_the_passed_over(cases: int, share: float, first: int) -> None:
    budget = replace(BUDGET, cases_a_day=cases, random_share=share)
    days = range(first, first + 100)
    assert all(0 <= budget.picks(day) <= budget.lots(day) for day in days)
    assert abs(2 * sum(map(budget.picks, days)) - sum(map(budget.lots, days))) <= 1


def test_nothing_below_the_floor_is_drawn_and_nothing_of_an_earlier_day() -> None:
    budget = replace(BUDGET, cases_a_day=1, random_share=0.0, floor=-3.5)
    asked: dict[int, Sequence[str]] = {}

    def draw(day: int, accounts: Sequence[str]) -> Sequence[str]:
        asked[day] = accounts
        return ()

    items = [item(1, account=name, honey=1.0) for name in ("a", "b")]
    items += [item(1, account="weak", lone=1.0), item(1, day=1, account="c", honey=1.0)]
    open_cases(items, budget=budget, score=score, draw=draw)
    assert asked == {0: ["b"], 1: []} or asked == {0: ["b"], 1: ["c"]}
