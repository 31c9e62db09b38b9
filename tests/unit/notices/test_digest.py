# SPDX-License-Identifier: Apache-2.0
"""When a week is due, which week it is, and the words that leave for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wardkeep.govern.notices.digest import Digest, last_due, last_week, subject_of, text_of

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 16)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (datetime(2026, 3, 23, 8, 0), datetime(2026, 3, 23, 8, 0)),  # the moment itself counts
        (datetime(2026, 3, 23, 7, 59), datetime(2026, 3, 16, 8, 0)),  # a minute before it is last week's
        (datetime(2026, 3, 29, 23, 59), datetime(2026, 3, 23, 8, 0)),  # an outage over the whole week
    ],
)
def test_the_newest_moment_that_was_due_is_found(at: datetime, due: datetime) -> None:
    found = last_due(at.replace(tzinfo=SHANGHAI).astimezone(UTC), day="monday", clock="08:00", zone=SHANGHAI)
    assert found == due.replace(tzinfo=SHANGHAI)


def test_the_clock_is_the_hospitals_own_over_a_change_of_summer_time() -> None:
    # Summer time begins on Sunday, 2026-03-29: Monday at 08:00 is 06:00 UTC then, and was 07:00 before.
    for at, due in (((2026, 3, 30, 6), (2026, 3, 30, 6)), ((2026, 3, 30, 5), (2026, 3, 23, 7))):
        found = last_due(datetime(*at, tzinfo=UTC), day="monday", clock="08:00", zone=BERLIN)
        assert found.astimezone(UTC) == datetime(*due, tzinfo=UTC)


@pytest.mark.parametrize("day", [23, 27, 29])
def test_the_week_is_the_last_one_that_is_over(day: int) -> None:
    assert last_week(datetime(2026, 3, day, 12, tzinfo=SHANGHAI), SHANGHAI) == MONDAY


def test_the_week_is_counted_in_the_hospitals_zone() -> None:
    assert last_week(datetime(2026, 3, 22, 16, 1, tzinfo=UTC), SHANGHAI) == MONDAY  # Monday there, Sunday in UTC


def said(**more: Any) -> tuple[str, str]:
    values: dict[str, Any] = {"monday": MONDAY, "department": "Cardiology", "opened": 3, "open_cases": 2, **more}
    digest = Digest(**values)
    return subject_of(digest, "East"), text_of(digest, "East", "https://w.example/")


@pytest.fixture(autouse=True)
def _english(django_home: Any) -> Any:
    from django.utils import translation

    with translation.override("en"):
        yield


def test_it_names_department_week_figures_and_the_page() -> None:
    subject, text = said()
    assert subject == "Wardkeep · East: Cardiology, week of 2026-03-16: 2 cases open"
    assert "Cases of this week: 3\n" in text and "to be verified" in text
    assert text.endswith("\n\nhttps://w.example/week/2026-03-16/\n")


def test_a_week_with_nothing_to_read_says_so() -> None:
    assert said(opened=0, open_cases=0)[0].endswith(": nothing to do")


def test_a_small_department_gets_the_same_words_whatever_came() -> None:
    full, empty = said(small=True), said(small=True, opened=0, open_cases=0)
    assert full == empty
    assert full[0].endswith("the page is ready") and not any(
        c.isdigit() for c in full[1].split("2026-03-16", 1)[1][:200]
    )


def test_it_says_where_cases_of_the_week_may_still_come() -> None:
    assert "may still come" in said(grows=True)[1] and "may still come" not in said()[1]
