# SPDX-License-Identifier: Apache-2.0
"""Weights are fitted from decided cases only when there are enough, and never so that a term speaks for an account."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardkeep.watch.rank.fit import fit
from wardkeep.watch.rank.score import WEIGHTS

STATED = {"base": -2.0, "household": 1.0, "night": 1.0}
LABELLED = st.lists(
    st.tuples(st.fixed_dictionaries({"household": st.floats(0, 1), "night": st.floats(0, 1)}), st.booleans()),
    min_size=50, max_size=80,
)  # fmt: skip


def cases(n: int, hits: int) -> tuple[list[dict[str, float]], list[bool]]:
    return [{"household": float(i < hits)} for i in range(n)], [i < hits for i in range(n)]


@pytest.mark.parametrize(
    "n, hits, fits", [(50, 10, True), (49, 10, False), (50, 9, False), (50, 40, True), (50, 41, False)]
)
def test_it_takes_fifty_decided_cases_and_ten_of_each_outcome(n: int, hits: int, fits: bool) -> None:
    assert (fit(*cases(n, hits), stated=STATED) is not None) == fits


@settings(deadline=None, max_examples=25)
@given(LABELLED)
def test_no_fitted_weight_but_the_base_falls_below_nought(labelled: list[tuple[dict[str, float], bool]]) -> None:
    fitted = fit([t for t, _ in labelled], [y for _, y in labelled], stated=STATED, each=0)
    assert fitted is not None
    assert set(fitted) == set(STATED)
    assert all(weight >= 0 for name, weight in fitted.items() if name != "base")


def test_a_term_that_tells_gains_weight_and_one_that_misleads_loses_it() -> None:
    rng = random.Random(5)
    terms, labels = [], []
    for _ in range(400):
        label = rng.random() < 0.4
        terms.append(
            {
                "household": float(rng.random() < (0.9 if label else 0.1)),
                "night": float(rng.random() < (0.2 if label else 0.8)),
            }
        )
        labels.append(label)
    fitted = fit(terms, labels, stated=STATED)
    assert fitted is not None
    assert fitted["household"] > 2.0
    assert fitted["night"] < 0.2


def test_without_evidence_a_weight_stays_as_stated() -> None:
    fitted = fit(*cases(60, 30), stated=STATED)
    assert fitted is not None
    assert fitted["night"] == pytest.approx(STATED["night"], abs=1e-3)


def test_fitting_is_the_same_for_the_same_cases() -> None:
    rng = random.Random(1)
    terms = [{name: rng.random() for name in WEIGHTS} for _ in range(80)]
    labels = [rng.random() < 0.5 for _ in terms]
    assert fit(terms, labels, stated=WEIGHTS) == fit(terms, labels, stated=WEIGHTS)


def test_cases_and_labels_must_match() -> None:
    with pytest.raises(ValueError, match="2 cases and 1 labels"):
        fit([{}, {}], [True], stated=STATED)
