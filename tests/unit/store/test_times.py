# SPDX-License-Identifier: Apache-2.0
"""The local day of every moment, also around the hours in which clocks are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.store.times import days, iso_day, microseconds, offsets

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(
    st.lists(st.datetimes(datetime(1930, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)), max_size=20),
    st.sampled_from(ZONES),
)
def test_offset_and_day_are_those_of_the_zone(moments: list[datetime], zone: str) -> None:
    times = np.array([microseconds(m) for m in moments], dtype=np.int64)
    local = [m.astimezone(ZoneInfo(zone)) for m in moments]
    offset = offsets(times, zone)
    assert offset.tolist() == [int((m.utcoffset() or timedelta()).total_seconds()) for m in local]
    assert [iso_day(day) for day in days(times, offset).tolist()] == [m.date().isoformat() for m in local]


@pytest.mark.parametrize(
    "zone, step", [("Europe/Berlin", "2026-03-29T01:00:00"), ("Australia/Lord_Howe", "2026-04-04T15:00:00")]
)
def test_the_moment_at_which_clocks_are_set_is_exact(zone: str, step: str) -> None:
    at = datetime.fromisoformat(step).replace(tzinfo=UTC)
    times = np.array([microseconds(at) - 1, microseconds(at)], dtype=np.int64)
    before, after = offsets(times, zone).tolist()
    moments = [(at + moved).astimezone(ZoneInfo(zone)) for moved in (timedelta(microseconds=-1), timedelta())]
    expected = [int((m.utcoffset() or timedelta()).total_seconds()) for m in moments]
    assert [before, after] == expected and before != after


def test_a_time_beyond_the_calendar_is_taken_as_utc() -> None:
    assert offsets(np.array([2**62], dtype=np.int64), "Asia/Shanghai").tolist() == [0]


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="without an offset"):
        microseconds(datetime(2026, 3, 2))
