# SPDX-License-Identifier: Apache-2.0
"""The table of measurements says what was measured."""

from __future__ import annotations

from bench.figure import Figure, table


def figure(**changes: object) -> Figure:
    values: dict[str, object] = {"what": "judging", "unit": "events/s", "ours": [4e5, 6e5, 5e5], **changes}
    return Figure(**values)  # type: ignore[arg-type]


def test_a_ratio_pairs_the_values_of_one_round() -> None:
    assert figure(ours=[1.0, 4.0], peer="bare", theirs=[2.0, 4.0]).ratios == [0.5, 1.0]


def test_a_figure_says_whether_goal_or_floor_was_reached_by_its_median() -> None:
    assert figure(goal=5e5, floor=1e5).verdict == "goal"
    assert figure(goal=1e6, floor=5e5).verdict == "floor"
    assert figure(goal=1e6, floor=7e5).verdict == "missed"
    assert figure(ours=[3.0], goal=8.0, less_is_better=True).verdict == "goal"
    assert figure().verdict == ""


def test_the_table_shows_median_and_range() -> None:
    assert "500k (400k-600k)" in table([figure()])
