# SPDX-License-Identifier: Apache-2.0
"""Logs that are missing, and nights and Sundays that only look so. Days count from Monday, 2026-03-02."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import asdict

import duckdb
import pyarrow as pa
import pytest

from tests.house_sql import outside_subset, runs_on_spark
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.silence import Limits, Silence, SilenceKind, silences
from wardkeep.watch.silence.silence import HOUR_US, NEVER_US, QUERIES

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


def found(rows: Iterable[Row], before_us: int = NEVER_US, **limits: float) -> list[Silence]:
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
        return silences(DuckEngine(con), limits=Limits(**limits), before_us=before_us)  # type: ignore[arg-type]


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


def test_a_day_that_is_missing_from_every_system_is_a_silence_of_each() -> None:
    rows = [*log("HIS"), *log("LIS")]
    silent = found([row for row in rows if row[1] // (24 * HOUR_US) != MONDAY + 16])
    assert {(one.kind, one.system) for one in silent} == {(SilenceKind.PAUSED, "HIS"), (SilenceKind.PAUSED, "LIS")}
    assert all(one.from_us >= at(16, 0) and one.to_us <= at(17, 0) and one.got == 0 for one in silent)


def test_an_event_of_the_future_neither_hides_a_silence_nor_makes_one() -> None:
    rows = [row for row in log("HIS") if row[1] // (24 * HOUR_US) != MONDAY + 16]
    real = found([*rows, *log("LIS")])
    assert [one.kind for one in real] == [SilenceKind.PAUSED]
    assert found([*rows, *log("LIS"), ("LIS", at(30_000, 12.5), None)], before_us=at(22, 0)) == real


def test_two_exports_with_a_season_between_them_are_no_silence() -> None:
    assert found([(s, t + 90 * 24 * HOUR_US * (t >= at(7, 0)), i) for s, t, i in log("HIS")]) == []


@pytest.mark.parametrize(("share", "got"), [(0.5, 0.5), (0.1, 0.1), (3.0, 3.0)])
def test_a_system_that_sends_half_or_thrice_as_much_for_days_has_changed(share: float, got: float) -> None:
    rows = log("HIS", days=28, less=lambda day, hour: share if 21 <= day < 26 else 1.0)
    (one,) = found([*rows, *log("LIS", days=28), *log("RIS", days=28), *log("PACS", days=28)])
    assert (one.kind, one.system, one.from_us, one.to_us) == (SilenceKind.CHANGED, "HIS", at(21, 0), at(26, 0))
    assert one.got == pytest.approx(got * one.expected, rel=0.1)


def test_two_days_of_less_are_no_change() -> None:
    assert found(log("HIS", days=28, less=lambda day, hour: 0.4 if day in (22, 23) else 1.0)) == []


def test_a_holiday_on_which_all_systems_send_less_is_no_change() -> None:
    def less(day: int, hour: int) -> float:
        return 0.4 if 21 <= day < 26 else 1.0

    assert found([row for name in ("HIS", "LIS", "RIS") for row in log(name, days=28, less=less)]) == []


def test_a_source_that_grows_slowly_has_not_changed() -> None:
    assert found(log("HIS", days=56, less=lambda day, hour: 1 + day / 80)) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_month_of_twenty_uneven_systems_has_no_change(seed: int) -> None:
    chance = random.Random(seed)
    rows: list[Row] = []
    for system in range(20):
        daily = [math.exp(chance.gauss(0, 0.2)) for _ in range(31)]
        rows += log(f"S{system}", days=31, less=lambda day, hour, daily=daily: daily[day])  # type: ignore[misc]
    assert [one for one in found(rows) if one.kind is SilenceKind.CHANGED] == []


@pytest.mark.parametrize("cut", [7, 60, 250, 1000])
def test_however_many_numbers_are_cut_out_in_one_piece_they_are_told(cut: int) -> None:
    rows = log("HIS", numbers=True)
    (one,) = [
        s for s in found([*rows[:6000], *rows[6000 + cut :]]) if s.kind is SilenceKind.SKIPPED
    ]  # a large cut is a pause too
    assert (one.expected, one.first, one.last) == (cut, rows[6000][2], rows[6000 + cut - 1][2])


def test_numbers_that_begin_anew_each_day_or_come_in_blocks_say_nothing() -> None:
    rows = log("HIS")
    daily = [(s, t, f"{t // (24 * HOUR_US)}{n:06}") for n, (s, t, _) in enumerate(rows)]
    blocks = [(s, t, f"A{n + n // 200 * 200:08}") for n, (s, t, _) in enumerate(rows)]  # two servers take 200 each
    assert found(daily) == [] and found(blocks) == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_text_keeps_to_the_house_subset_and_says_what_it_makes(name: str) -> None:
    text = QUERIES[name].filled({**asdict(Limits()), "before_us": 1})
    assert runs_on_spark(text) and outside_subset(text) == []
    assert QUERIES[name].description.endswith(".")
