# SPDX-License-Identifier: Apache-2.0
"""One small simulated hospital: what is documented is explained, every explanation is true, easy misuse is not explained."""

from __future__ import annotations

import pytest

import simulate
from bench import explained
from bench.outcome import Outcome


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    found, con = explained.measure(simulate.build(seed=11, setting="A", staff=120, patients=5000, days=14))
    con.close()
    return found


def test_documented_legitimate_events_are_explained(outcome: Outcome) -> None:
    """Half a per cent was denied or failed, and touched nothing."""
    assert outcome.documented >= 0.99, outcome.documented_missed


def test_every_explanation_is_true(outcome: Outcome) -> None:
    """Each named row is looked up again, and what was learned is counted again, by queries that share nothing with ours."""
    assert outcome.unchecked == ()
    assert outcome.false_by_reason == {}
    assert outcome.named > 30_000


def test_easy_misuse_is_not_explained(outcome: Outcome) -> None:
    assert outcome.leaked("easy") <= 0.05, outcome.leak_by_kind


def test_most_of_what_was_never_written_down_is_explained_by_use(outcome: Outcome) -> None:
    assert outcome.undocumented >= 0.5
    assert outcome.legitimate >= 0.9
