# SPDX-License-Identifier: Apache-2.0
"""Logs that are missing, and nights and Sundays that only look so. Days count from Monday, 2026-03-02."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import duckdb
import pyarrow as pa
import pytest

from tests.house_sql import outside_subset, runs_on_spark
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.silence import Limits, Silence, SilenceKind, silences
from wardkeep.watch.silence.silence import HOUR_US, QUERIES

MONDAY = 20_514
Hour = tuple[int, int]
Row = tuple[str, int, str | None]


def at(day: int, hour: float) -> int:
    return ((MONDAY + day) * 24 * 3600 + round(hour * 3600)) * 1_000_000


def busy(day: int, hour: int) -> int:
    """What a system hands over: much by day, a little by night, half of it at weekends."""
    usual = 60 if 7 <= hour < 20 else 4
    return usual // 2 if day % 7 >= 5 else usual


def log(
    system: str, *, days: int = 21, less: Callable[[int, int], float] = lambda day, hour: 1.0, numbers: bool = False
) -> list[Row]:
    rows: list[Row] = []
    for day in range(days):
        for hour in range(24):
            count = round(busy(day, hour) * less(day, hour))
            rows += [(system, at(day, hour + n / 100), None) for n in range(count)]
    return [(s, t, f"A{1000 + n:07}") for n, (s, t, _) in enumerate(rows)] if numbers else rows


def found(rows: Iterable[Row], **limits: float) -> list[Silence]:
    listed = list(rows)
    table = pa.table(
        {
            "system": [row[0] for row in listed],
            "time_us": pa.array([row[1] - 8 * HOUR_US for row in listed], pa.int64()),
            "local_us": pa.array([row[1] for row in listed], pa.int64()),
            "day": pa.array([row[1] // (24 * HOUR_US) for row in listed], pa.int32()),
            "event_id": pa.array([row[2] for row in listed], pa.string()),
        }
    )
    with duckdb.connect() as con:
        con.register("all_events", table)
        return silences(DuckEngine(con), limits=Limits(**limits))  # type: ignore[arg-type]


def test_nights_and_weekends_are_no_silence() -> None:
    assert found(log("HIS")) == []


def test_hours_in_which_nothing_came_are_one_silence_with_what_was_expected() -> None:
    gone = log("HIS", less=lambda day, hour: 0.0 if day == 16 and 9 <= hour < 12 else 1.0)
    (one,) = found([*gone, *log("LIS")])
    assert (one.kind, one.system) == (SilenceKind.PAUSED, "HIS")
    assert (one.from_us, one.to_us) == (at(16, 9), at(16, 12))
    assert (one.expected, one.got) == (180, 0)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_slow_hour_is_no_silence(share: float) -> None:
    assert (
        found([*log("HIS", less=lambda day, hour: share if day == 16 and hour in (9, 10) else 1.0), *log("LIS")]) == []
    )


def test_one_missed_hour_is_none() -> None:
    assert found([*log("HIS", less=lambda day, hour: 0.0 if (day, hour) == (16, 9) else 1.0), *log("LIS")]) == []


def test_a_system_that_stopped_is_told_as_one_silence_over_the_night() -> None:
    gone = log("HIS", less=lambda day, hour: 0.0 if day * 24 + hour >= 18 * 24 + 15 else 1.0)
    (one,) = found([*gone, *log("LIS")])
    assert (one.kind, one.from_us) == (SilenceKind.STOPPED, at(18, 15))
    assert one.to_us > at(20, 12)


def test_a_system_that_came_back_paused() -> None:
    gone = log("HIS", less=lambda day, hour: 0.0 if 18 * 24 + 15 <= day * 24 + hour < 19 * 24 + 9 else 1.0)
    (one,) = found([*gone, *log("LIS")])
    assert (one.kind, one.from_us, one.to_us) == (SilenceKind.PAUSED, at(18, 15), at(19, 9))


def test_all_systems_that_end_together_are_an_export_that_ends() -> None:
    assert found([*log("HIS", days=15), *log("LIS", days=15)]) == []


def test_what_is_not_known_long_enough_is_not_judged() -> None:
    gone = log("HIS", days=3, less=lambda day, hour: 0.0 if day == 2 else 1.0)
    assert found([*gone, *log("LIS", days=3)]) == []


def test_a_system_that_began_later_was_not_silent_before() -> None:
    rows = [row for row in log("HIS") if row[1] >= at(9, 10)]
    assert found([*rows, *log("LIS")]) == []


def test_numbers_that_are_skipped_are_named_with_the_moments_around_them() -> None:
    rows = log("HIS", numbers=True)
    lost = rows[4000:4007]
    (one,) = found([row for row in rows if row not in lost])
    assert (one.kind, one.expected, one.first, one.last) == (
        SilenceKind.SKIPPED,
        7,
        lost[0][2],
        lost[-1][2],
    )
    assert one.from_us == rows[3999][1] and one.to_us == rows[4007][1]


def test_numbers_that_were_never_dense_say_nothing() -> None:
    rows = [(s, t, f"A{7 * n}") for n, (s, t, _) in enumerate(log("HIS"))]
    assert found(rows) == []


def test_ids_that_are_no_numbers_say_nothing() -> None:
    rows = [(s, t, f"{n:x}-{n % 97:02x}x") for n, (s, t, _) in enumerate(log("HIS"))]
    assert found(rows) == []


def test_an_event_that_comes_twice_and_out_of_order_fills_its_number() -> None:
    rows = log("HIS", numbers=True)
    assert found([*reversed(rows), *rows[100:200]]) == []


def test_without_events_there_is_no_silence() -> None:
    assert found([]) == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_text_keeps_to_the_house_subset_and_says_what_it_makes(name: str) -> None:
    numbers = {field: 1 for field in ("known_days", "hour_events", "hours", "series_events")}
    text = QUERIES[name].filled({**numbers, "left_share": 0.05, "series_share": 0.99})
    assert runs_on_spark(text) and outside_subset(text) == []
    assert QUERIES[name].description.endswith(".")
