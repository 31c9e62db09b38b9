# SPDX-License-Identifier: Apache-2.0
"""Where things stand in the drawings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _django(django_home: Any) -> None:
    """The zone of the hospital: Shanghai."""


def _at(day: int, hour: float) -> datetime:
    """A moment of Shanghai's March."""
    return datetime(2026, 3, day, tzinfo=UTC) + timedelta(hours=hour - 8)


def test_a_lane_is_a_local_day_and_a_mark_its_hour() -> None:
    from wardkeep.web.draw.timeline import draw_time_line

    line = draw_time_line([(_at(5, 6), "a", False), (_at(5, 23.5), "b", True)], [])
    assert [(lane.day, lane.flagged) for lane in line.lanes] == [(date(2026, 3, 5), 1)]
    assert [mark.x for mark in line.lanes[0].marks] == ["25.00%", "97.92%"]


def test_a_night_shift_is_cut_at_midnight() -> None:
    from wardkeep.watch.cases.pages import ShiftShown
    from wardkeep.web.draw.timeline import draw_time_line

    shift = ShiftShown(start=_at(5, 20), end=_at(6, 8), department="W3")
    line = draw_time_line([(_at(5, 21), "", False), (_at(6, 1), "", False)], [shift])
    assert [(band.x, band.width) for lane in line.lanes for band in lane.bands] == [
        ("83.33%", "16.67%"),
        ("0.00%", "33.33%"),
    ]


def test_days_without_an_access_are_one_line() -> None:
    from wardkeep.web.draw.timeline import draw_time_line

    line = draw_time_line([(_at(1, 9), "", False), (_at(10, 9), "", False)], [])
    assert [lane.gap for lane in line.lanes] == [0, 8, 0]


def test_where_room_is_short_the_days_of_the_case_are_kept() -> None:
    from wardkeep.web.draw.timeline import MAX_LANES, draw_time_line

    days = [_at(1, 9) + timedelta(days=n) for n in range(60)]
    line = draw_time_line([(at, "", n == 59) for n, at in enumerate(days)], [])
    assert line.left_out == 60 - MAX_LANES
    assert line.lanes[-1].flagged == 1


@pytest.mark.parametrize(
    ("largest", "expected"),
    [(0, (1, 1)), (4, (1, 4)), (5, (2, 6)), (20, (5, 20)), (21, (10, 30)), (4000, (1000, 4000))],
)
def test_an_axis_ends_on_a_round_number_above_everything(largest: int, expected: tuple[int, int]) -> None:
    from wardkeep.web.draw.peers import scale

    assert scale(largest) == expected


def test_an_account_is_above_its_peers_only_where_there_are_some() -> None:
    from wardkeep.watch.cases.pages import DayCount
    from wardkeep.web.draw.peers import draw_peers

    def day(n: int, patients: int, high: float) -> DayCount:
        return DayCount(day=date(2026, 3, n), patients=patients, unexplained=0, peer_median=high / 2, peer_high=high)

    plot = draw_peers([day(1, 9, 5), day(2, 5, 5), day(4, 9, 0)])
    assert [column.above for column in plot.columns] == [True, False, False]
    assert [column.x for column in plot.columns] == ["0.00%", "25.00%", "75.00%"]


def test_a_sliver_without_reason_is_still_seen() -> None:
    from wardkeep.web.draw.share import draw_share

    assert draw_share(0, 0) is None
    share = draw_share(99_999, 100_000)
    assert share is not None
    assert share.rest_width == "0.50%"
    whole = draw_share(5, 5)
    assert whole is not None
    assert whole.rest_width == "0.00%"
