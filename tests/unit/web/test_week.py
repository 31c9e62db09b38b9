# SPDX-License-Identifier: Apache-2.0
"""The week of a department. The invented cases all opened on Saturday, 2026-03-21."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.web import hospital

HEART, DESK = "心血管内科", "门诊挂号处（东院区）"


def the_week(
    enter: Any, role: str = "privacy_officer", day: str = "2026-03-18", department: str = "", **more: Any
) -> str:
    return enter(role, **more).get(f"/week/{day}/", {"department": department}).content.decode()


def accounts_in(page: str) -> set[str]:
    return set(re.findall(r'<span class="sub">([^<]+)</span></div></td>', page))


def test_a_week_goes_from_monday_to_sunday(enter: Any) -> None:
    for day in ("2026-03-16", "2026-03-22"):
        page = the_week(enter, day=day, department=HEART, name=f"q{day[-2:]}")
        assert "Week of 2026-03-16" in page and hospital.NOSY in accounts_in(page)
    assert "No case of this department." in the_week(enter, day="2026-03-15", department=HEART)


def test_a_head_sees_the_own_department_alone_and_none_that_was_drawn_by_lot(enter: Any) -> None:
    head = enter("department_head", department=HEART)
    page = head.get("/week/2026-03-18/", {"department": DESK}).content.decode()
    assert accounts_in(page) == {hospital.NOSY}
    nobody = enter("department_head", name="new")
    assert accounts_in(nobody.get("/week/2026-03-18/", {"department": DESK}).content.decode()) == set()


def test_a_case_that_is_open_from_an_earlier_week_is_still_shown(enter: Any) -> None:
    page = the_week(enter, day="2026-03-25", department=HEART)
    assert "Open from earlier weeks" in page and accounts_in(page) == {hospital.NOSY}


def test_what_was_decided_is_counted_by_outcome(enter: Any) -> None:
    page = the_week(enter, department=HEART)
    assert re.search(r"misuse confirmed: <strong>1</strong>", page)
    assert accounts_in(page) == {hospital.NOSY, hospital.DOCTOR}


def test_who_may_not_open_a_case_gets_no_link_to_it(enter: Any) -> None:
    assert "/cases/" in re.sub(r'href="/cases/"', "", the_week(enter, department=HEART))
    page = the_week(enter, "auditor", department=HEART)
    assert hospital.NOSY in page and not re.search(r'href="/cases/[^"]', page)


def test_no_patient_stands_on_the_page(enter: Any) -> None:
    page = the_week(enter, department=HEART)
    assert hospital.VICTIM not in page and hospital.VICTIM_NAME not in page


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "9999-12-31", "0001-01-01"])
def test_a_day_that_is_none_has_no_page(enter: Any, day: str) -> None:
    assert enter("privacy_officer").get(f"/week/{day}/").status_code == 404
