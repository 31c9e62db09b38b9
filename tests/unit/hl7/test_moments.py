# SPDX-License-Identifier: Apache-2.0
"""Times of HL7: with and without an offset, at every precision, in the hospital's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wardkeep.watch.hl7 import Clock, NotRead

CLOCK = Clock("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text, utc, quality",
    [
        ("20260302081530", "2026-03-02T00:15:30", "zone"),
        ("202603020815", "2026-03-02T00:15:00", "zone"),
        ("2026030208", "2026-03-02T00:00:00", "zone"),
        ("20260302", "2026-03-01T16:00:00", "zone"),
        ("20260302081530.1234+0000", "2026-03-02T08:15:30.123400", "offset"),
        ("20260302081530-0330", "2026-03-02T11:45:30", "offset"),
        ("20260302081560", "2026-03-02T00:15:59", "zone"),  # a leap second
    ],
)
def test_a_time_is_a_moment(text: str, utc: str, quality: str) -> None:
    moment, found = CLOCK.moment(text, "MSH-7")
    assert EPOCH + timedelta(microseconds=moment) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert found == quality


def test_hours_that_clocks_repeat_or_skip_are_marked() -> None:
    berlin = Clock("Europe/Berlin")
    assert berlin.moment("20261025023000", "x")[1] == "ambiguous"
    assert berlin.moment("20260329023000", "x")[1] == "skipped"


@pytest.mark.parametrize(
    "text", ["2026", "202603", "20261302", "20260230", "20260302250000", "yesterday", "20260302T08", "0001" * 2]
)
def test_what_is_no_time_names_its_field_and_not_its_value(text: str) -> None:
    with pytest.raises(NotRead, match=r"^bad-time: PV1-44 ") as caught:
        CLOCK.moment(text, "PV1-44")
    assert text not in str(caught.value)


def test_a_day_is_the_hospitals() -> None:
    assert CLOCK.day("19700102", "PID-7") == 1
    assert CLOCK.day("19700101230000+0000", "PID-7") == 1
    assert CLOCK.next_day(0) == 16 * 3600 * 1_000_000
