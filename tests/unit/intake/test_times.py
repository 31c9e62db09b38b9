# SPDX-License-Identifier: Apache-2.0
"""Times: what a source writes, the microsecond that it means, and how far it can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import BadTime, Zone, iso

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = 1_772_410_500_000_000  # 2026-03-02T08:15:00+08:00
SHANGHAI, BERLIN = Zone("Asia/Shanghai"), Zone("Europe/Berlin")


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text, offset",
    [
        ("2026-03-02T08:15:00+08:00", 0),
        ("2026-03-02T00:15:00Z", 0),
        ("2026-03-02t00:15:00z", 0),
        ("2026-03-02 08:15:00+0800", 0),
        ("2026-03-02T08:15+08", 0),
        ("2026-03-01T19:15:00-05:00", 0),
        ("2026-03-02T00:15:00.000Z", 0),
        ("2026-03-02T00:15:00.25Z", 250_000),
        ("2026-03-02T00:15:00,123456789Z", 123_456),
        ("2026-03-02T00:14:60Z", 0),  # a leap second is the next one
    ],
)
def test_an_iso_time_with_an_offset_is_one_moment(text: str, offset: int) -> None:
    assert iso(text) == (NOON + offset, "offset")
    assert iso(text) == (NOON + offset, "offset")  # the second time from memory


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026-03-02", "2026-13-02T08:15:00Z", "2026-02-30T08:15:00Z", "2026-03-02T24:15:00Z", "2026-03-02T08:60:00Z",
        "2026-03-02T08:15:61Z", "2026-03-02T08:15:00+19:00", "2026-03-02T08:15:00+08:60", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "2026-03-02T08:15:00", "２０２６-03-02T08:15:00Z",
        "2026-03-02T08:15:00Z ", "2026-03-02T08:15:00.Z", "x" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadTime) as refused:
        iso(text)
    assert len(text) < 3 or text not in str(refused.value)


def test_a_local_time_is_read_in_the_zone_that_was_named() -> None:
    assert iso("2026-03-02 08:15:00", SHANGHAI) == (NOON, "zone")
    assert iso("2026-03-02 01:15:00", BERLIN) == (NOON, "zone")


@pytest.mark.parametrize(
    "text, utc, quality",
    [
        ("2026-10-25 01:59:59", "2026-10-24T23:59:59", "zone"),
        ("2026-10-25 02:00:00", "2026-10-25T00:00:00", "ambiguous"),  # came twice: the first, in summer time
        ("2026-10-25 02:59:59", "2026-10-25T00:59:59", "ambiguous"),
        ("2026-10-25 03:00:00", "2026-10-25T02:00:00", "zone"),
        ("2026-03-29 01:59:59", "2026-03-29T00:59:59", "zone"),
        ("2026-03-29 02:30:00", "2026-03-29T01:30:00", "skipped"),  # never came: read with the offset before the step
        ("2026-03-29 03:00:00", "2026-03-29T01:00:00", "zone"),
    ],
)
def test_a_time_at_a_change_of_the_clock_is_marked(text: str, utc: str, quality: str) -> None:
    assert iso(text, BERLIN) == (micros(datetime.fromisoformat(utc).replace(tzinfo=UTC)), quality)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2190, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_an_iso_time_is_read_as_python_reads_it(local: datetime, offset: int, grain: str) -> None:
    text = local.replace(tzinfo=timezone(timedelta(minutes=offset))).isoformat(timespec=grain)
    assert iso(text) == (micros(datetime.fromisoformat(text)), "offset")


@given(
    st.datetimes(datetime(1972, 1, 1), datetime(2037, 12, 1)),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_a_local_time_is_the_moment_that_the_zone_database_says(local: datetime, name: str) -> None:
    local = local.replace(microsecond=0)
    moment, quality = iso(local.isoformat(), Zone(name))
    place = ZoneInfo(name)
    assert moment == micros(local.replace(tzinfo=place))
    back = (EPOCH + timedelta(microseconds=moment)).astimezone(place).replace(tzinfo=None)
    assert (back == local) == (quality != "skipped")


@pytest.mark.parametrize(
    "form, text",
    [
        ("iso", "2026-03-02T00:15:00Z"),
        ("epoch", "1772410500"),
        ("epoch", "1772410500.000"),
        ("epoch-ms", "1772410500000"),
        ("epoch-us", "1772410500000000"),
        ("%Y/%m/%d %H:%M:%S", "2026/03/02 08:15:00"),
        ("%Y/%m/%d %H:%M:%S", "2026/3/2 8:15:00"),
        ("%Y%m%d%H%M%S", "20260302081500"),
        ("%d/%m/%Y %H:%M", "02/03/2026 08:15"),
        ("%d-%b-%y %I:%M %p", "02-MAR-26 08:15 AM"),
        ("%d-%b-%y %I.%M.%S.%f %p", "02-Mar-26 8.15.00.000000 AM"),
        ("%Y年%m月%d日 %H时%M分", "2026年3月2日 08时15分"),
        ("%Y-%m-%d %p%I:%M", "2026-03-02 上午8:15"),
        ("%F %T%z", "2026-03-02 02:15:00+0200"),
        ("%F %T %z", "2026-03-02 00:15:00 Z"),
    ],
)
def test_a_time_in_the_mappings_format(form: str, text: str) -> None:
    assert parser([form], SHANGHAI)(text)[0] == NOON


def test_an_epic_instant_counts_from_the_end_of_1840_in_the_mappings_zone() -> None:
    instant = (datetime(2026, 3, 2, 8, 15) - datetime(1840, 12, 31)) // timedelta(seconds=1)
    assert parser(["epic-instant"], SHANGHAI)(str(instant)) == (NOON, "zone")


def test_the_first_format_that_fits_counts() -> None:
    parse = parser(["%d/%m/%Y %H:%M:%S", "iso", "epoch"], SHANGHAI)
    for text in ("02/03/2026 08:15:00", "2026-03-02T08:15:00", "1772410500"):
        assert parse(text)[0] == NOON
    with pytest.raises(BadTime):
        parse("03.02.2026")


@pytest.mark.parametrize(
    "form, text",
    [
        ("epoch", "-5"), ("epoch", "1e9"), ("epoch", "99999999999999"), ("epoch", ""), ("epic-instant", "0"),
        ("%Y%m%d", "20260230"), ("%Y-%m-%d %H:%M", "2026-03-02 25:00"), ("%d-%b-%y", "02-Foo-26"),
        ("%Y-%m-%d %I:%M %p", "2026-03-02 13:00 PM"), ("%Y-%m-%d", "2026-03-02 junk"), ("%Y-%m-%d", "٢٠٢٦-03-02"),
    ],
)  # fmt: skip
def test_a_time_that_the_format_does_not_have_is_refused(form: str, text: str) -> None:
    with pytest.raises(BadTime):
        parser([form], SHANGHAI)(text)


@pytest.mark.parametrize("form", ["rfc", "%Y-%m", "%Y-%m-%d %Q", "%Y-%Y-%m-%d", "%Y-%m-%d %I:%M", "%H:%M"])
def test_a_format_that_is_none_is_named(form: str) -> None:
    with pytest.raises(ValueError, match=r"time format '"):
        parser([form], SHANGHAI)
