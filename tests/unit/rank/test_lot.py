# SPDX-License-Identifier: Apache-2.0
"""The lot: the same for the same seed, and over seeds every account-day and every place is equally likely."""

from __future__ import annotations

from collections import Counter
from datetime import date

from wardkeep.watch.rank.lot import case_id, drawn, finding_id, lot_id, place

ACCOUNTS = [f"u{n}" for n in range(10)]


def test_the_lot_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert drawn(ACCOUNTS, day=7, n=3, seed="a") == drawn(reversed(ACCOUNTS), day=7, n=3, seed="a")
    draws = {tuple(drawn(ACCOUNTS, day=7, n=3, seed=str(s))) for s in range(50)}
    assert len(draws) > 30


def test_every_account_is_drawn_equally_often() -> None:
    """2,000 draws of one in ten: 200 expected, a standard deviation of 13."""
    counts = Counter(name for seed in range(2000) for name in drawn(ACCOUNTS, day=seed % 30, n=1, seed=str(seed)))
    assert set(counts) == set(ACCOUNTS)
    assert all(abs(n - 200) < 4 * 13.4 for n in counts.values())


def test_every_place_is_equally_likely() -> None:
    counts = Counter(place(3, of=10, seed=str(seed), account="u1") for seed in range(2000))
    assert set(counts) == set(range(10))
    assert all(abs(n - 200) < 4 * 13.4 for n in counts.values())


def test_no_more_are_drawn_than_there_are() -> None:
    assert sorted(drawn(["a", "b"], day=1, n=5, seed="")) == ["a", "b"]
    assert drawn([], day=1, n=5, seed="") == []


def test_a_drawn_case_has_a_name_like_every_other() -> None:
    names = {lot_id("ann", date(2026, 3, 2)), case_id("ann", "e1"), finding_id("c", "vip", None, "e1")}
    assert len(names) == 3
    assert {len(name) for name in names} == {20}
    assert lot_id("ann", date(2026, 3, 2)) != lot_id("ann", date(2026, 3, 3)) != lot_id("bob", date(2026, 3, 3))
