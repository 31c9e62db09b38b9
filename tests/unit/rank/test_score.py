# SPDX-License-Identifier: Apache-2.0
"""The score: a probability that no term can lower by showing more suspicion, times a harm that stays in bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.detect.described import Family
from wardkeep.watch.rank.item import Item, score_of
from wardkeep.watch.rank.score import FAMILY, TERMS, WEIGHTS, family_of, harm, log_odds, probability

NAMES = sorted(set(WEIGHTS) - {"base", "prior_hits", "prior_misses", "more_patients"})
VALUES = st.dictionaries(st.sampled_from(NAMES), st.floats(0, 3))


def item(p: int | None = 1, *, code: str | None = None, day: int = 0, account: str = "ann", **terms: float) -> Item:
    return Item(
        account=account, a=1, p=p, code=code, first_us=day, last_us=day, first_day=day, last_day=day, day=day, terms=terms
    )  # fmt: skip


def test_no_weight_but_the_base_speaks_for_an_account() -> None:
    assert {t.name for t in TERMS if t.weight < 0} == {"base"}


@given(VALUES, st.sampled_from(NAMES), st.floats(0, 5))
def test_a_score_never_falls_when_a_term_grows(terms: dict[str, float], name: str, more: float) -> None:
    low, high = item(**terms), item(**{**terms, name: terms.get(name, 0.0) + more})
    assert score_of([high]).score >= score_of([low]).score


@given(st.lists(VALUES, min_size=1, max_size=4), VALUES)
def test_a_score_never_falls_when_another_patient_is_found(
    cases: list[dict[str, float]], another: dict[str, float]
) -> None:
    items = [item(p, **terms) for p, terms in enumerate(cases)]
    assert score_of([*items, item(99, **another)]).score >= score_of(items).score


@given(VALUES, st.integers(0, 20), st.integers(0, 20))
def test_earlier_misuse_raises_a_score_and_earlier_mistakes_of_ours_lower_it(
    terms: dict[str, float], hits: int, misses: int
) -> None:
    one = [item(**terms)]
    plain = score_of(one, prior=(hits, misses)).logit
    assert score_of(one, prior=(hits + 1, misses)).logit > plain > score_of(one, prior=(hits, misses + 1)).logit


@given(st.floats(-1e6, 1e6))
def test_a_probability_is_one_for_any_odds(logit: float) -> None:
    assert 0 <= probability(logit) <= 1
    assert abs(probability(logit) + probability(-logit) - 1) < 1e-12


@given(*[st.booleans()] * 4, st.integers(0, 10**6))
def test_harm_lies_between_one_and_three(vip: bool, minor: bool, sensitive: bool, took: bool, records: int) -> None:
    value = harm(vip=vip, minor=minor, sensitive=sensitive, took=took, records=records)
    assert 1 <= value <= 3
    assert harm(vip=True, minor=minor, sensitive=sensitive, took=took, records=records) >= value
    assert harm(vip=vip, minor=minor, sensitive=sensitive, took=took, records=records + 50) >= value


def test_the_strongest_patient_gives_the_terms_and_the_others_count() -> None:
    score = score_of([item(1, household=1.0), item(2, lone=1.0), item(3, lone=1.0)])
    assert score.terms == {"base": 1.0, "household": 1.0, "more_patients": 1.585}
    assert score.family is Family.TIE


def test_terms_of_different_patients_are_not_added_up() -> None:
    apart = score_of([item(1, household=1.0), item(2, off_roster=1.0)])
    assert "off_roster" not in apart.terms or "household" not in apart.terms


def test_what_is_said_of_the_account_adds_to_the_strongest_patient() -> None:
    score = score_of([item(1, lone=1.0), item(None, code="batch", batch=1.0)])
    assert score.terms == {"base": 1.0, "lone": 1.0, "batch": 1.0}
    assert score.logit == log_odds(score.terms)


def test_the_family_is_that_of_the_term_that_adds_most() -> None:
    assert family_of({"base": 1.0, "household": 1.0, "breadth": 1.0}) is Family.TIE
    assert family_of({"base": 1.0}) is Family.RELATION
    assert set(FAMILY.values()) == set(Family)
